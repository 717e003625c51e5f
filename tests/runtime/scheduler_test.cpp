// One stream at a time: order, who runs what, waiting, interruption.
#include "tandem/runtime/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tandem/base/error.h"
#include "tests/runtime/fakes.h"

namespace tandem::runtime {
namespace {

using namespace testing;
using ::testing::ElementsAre;

struct SchedulerTest : ::testing::Test {
  FakeCpu cpu;
  FakeGpu gpu{0};
  Executor executor{3};
  Scheduler scheduler{executor.spawn()};
};

TEST_F(SchedulerTest, CallerRunsItsOwnWorkInOrderWithNoHandOver) {
  const uint16_t stream = scheduler.create_stream(cpu);
  Log log;
  const auto me = std::this_thread::get_id();
  Point last;
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(scheduler.next_point(stream).sequence(), last.sequence() + 1);
    last = scheduler.submit(stream, make_work([&, name] {
                              EXPECT_EQ(std::this_thread::get_id(), me);
                              log.add(name);
                            }),
                            {}, Urgency::caller_waits);
    EXPECT_EQ(scheduler.last_point(stream), last);
  }
  EXPECT_THAT(log.texts(), ElementsAre());
  EXPECT_TRUE(scheduler.wait(last));
  EXPECT_THAT(log.texts(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(executor.spawned(), 0);
  const Scheduler::Counters counters = scheduler.counters();
  EXPECT_EQ(counters.submitted, 3u);
  EXPECT_EQ(counters.run_by_caller, 3u);
  EXPECT_EQ(counters.run_by_worker, 0u);
  EXPECT_EQ(counters.parked, 0u);
}

TEST_F(SchedulerTest, CallerStopsAtItsOwnPoint) {
  const uint16_t stream = scheduler.create_stream(cpu);
  int ran = 0;
  const Point first =
      scheduler.submit(stream, make_work([&] { ++ran; }), {}, Urgency::caller_waits);
  const Point second =
      scheduler.submit(stream, make_work([&] { ++ran; }), {}, Urgency::caller_waits);
  EXPECT_TRUE(scheduler.wait(first));
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(scheduler.timeline().reached(second));
  EXPECT_TRUE(scheduler.wait(second));
  EXPECT_EQ(ran, 2);
}

TEST_F(SchedulerTest, AsynchronousWorkRunsWithoutAnybodyWaiting) {
  const uint16_t stream = scheduler.create_stream(cpu);
  std::latch ran(1);
  const auto me = std::this_thread::get_id();
  scheduler.submit(stream, make_work([&] {
                     EXPECT_NE(std::this_thread::get_id(), me);
                     ran.count_down();
                   }),
                   {}, Urgency::asynchronous);
  ran.wait();
  EXPECT_TRUE(scheduler.synchronize(stream));
  EXPECT_EQ(scheduler.counters().run_by_worker, 1u);
}

TEST_F(SchedulerTest, AsynchronousWorkTakesWorkLeftBeforeItAlong) {
  const uint16_t stream = scheduler.create_stream(cpu);
  Log log;
  std::latch ran(1);
  scheduler.submit(stream, make_work([&] { log.add("left"); }), {}, Urgency::caller_waits);
  scheduler.submit(stream, make_work([&] {
                     log.add("asynchronous");
                     ran.count_down();
                   }),
                   {}, Urgency::asynchronous);
  ran.wait();
  EXPECT_THAT(log.texts(), ElementsAre("left", "asynchronous"));
}

TEST_F(SchedulerTest, WorkIsQueuedWhileAnotherThreadRunsTheStream) {
  const uint16_t stream = scheduler.create_stream(cpu);
  std::latch begun(1), go(1);
  Log log;
  scheduler.submit(stream, make_work([&] {
                     begun.count_down();
                     go.wait();
                     log.add("first");
                   }),
                   {}, Urgency::asynchronous);
  begun.wait();
  const Point second =
      scheduler.submit(stream, make_work([&] { log.add("second"); }), {}, Urgency::caller_waits);
  EXPECT_FALSE(scheduler.timeline().reached(second));
  go.count_down();
  EXPECT_TRUE(scheduler.wait(second));
  EXPECT_THAT(log.texts(), ElementsAre("first", "second"));
}

TEST_F(SchedulerTest, DeviceWorkIsHandedOverInOrderAndAtOnce) {
  const uint16_t stream = scheduler.create_stream(gpu);
  EXPECT_EQ(scheduler.device_of(stream), (Device{DeviceType::gpu, 0}));
  Log log;
  scheduler.submit(stream, gpu_work([&] { log.add("a"); }), {}, Urgency::caller_waits);
  const Point last =
      scheduler.submit(stream, gpu_work([&] { log.add("b"); }), {}, Urgency::asynchronous);
  EXPECT_EQ(gpu.pending(stream), 2u);
  EXPECT_EQ(scheduler.counters().handed_to_device, 2u);
  EXPECT_TRUE(gpu.step(stream));
  EXPECT_FALSE(scheduler.timeline().reached(last));
  EXPECT_TRUE(gpu.step(stream));
  EXPECT_TRUE(scheduler.wait(last));
  EXPECT_THAT(log.texts(), ElementsAre("a", "b"));
}

TEST_F(SchedulerTest, ReachedAndDefaultWaitsCostNothing) {
  const uint16_t one = scheduler.create_stream(cpu), two = scheduler.create_stream(cpu);
  const Point done = scheduler.submit(one, make_work(), {}, Urgency::caller_waits);
  EXPECT_TRUE(scheduler.wait(done));
  EXPECT_TRUE(scheduler.wait(Point()));
  const Point waits[] = {Point(), done, Point(two, 0)};
  EXPECT_TRUE(scheduler.wait(scheduler.submit(two, make_work(), waits, Urgency::caller_waits)));
  EXPECT_EQ(scheduler.counters().parked, 0u);
  EXPECT_EQ(executor.spawned(), 0);
}

TEST_F(SchedulerTest, SynchronizeAllWaitsForEveryStream) {
  const uint16_t one = scheduler.create_stream(cpu), two = scheduler.create_stream(cpu);
  const uint16_t device = scheduler.create_stream(gpu);
  std::atomic<int> ran{0};
  scheduler.submit(one, make_work([&] { ++ran; }), {}, Urgency::caller_waits);
  scheduler.submit(two, make_work([&] { ++ran; }), {}, Urgency::asynchronous);
  scheduler.submit(device, gpu_work([&] { ++ran; }), {}, Urgency::asynchronous);
  std::thread stepper([&] {
    gpu.await_piece(device);
    gpu.step(device);
  });
  EXPECT_TRUE(scheduler.synchronize_all());
  EXPECT_EQ(ran.load(), 3);
  stepper.join();
}

TEST_F(SchedulerTest, InterruptedWaitLosesNoWork) {
  const uint16_t stream = scheduler.create_stream(cpu);
  std::atomic<int> ran{0};
  Point last;
  for (int i = 0; i < 5; ++i) {
    last = scheduler.submit(stream, make_work([&] { ++ran; }), {}, Urgency::caller_waits);
  }
  int asked = 0;
  EXPECT_FALSE(scheduler.wait(last, [&] { return ++asked == 2; }));
  EXPECT_EQ(asked, 2);
  EXPECT_TRUE(scheduler.timeline().wait(last, std::chrono::hours(1)));  // a worker finishes it
  EXPECT_EQ(ran.load(), 5);
  EXPECT_EQ(scheduler.counters().run_by_caller, 2u);
  EXPECT_EQ(scheduler.counters().run_by_worker, 3u);
}

TEST_F(SchedulerTest, WaitForADeviceIsInterruptedWhileItSleeps) {
  const uint16_t device = scheduler.create_stream(gpu), stream = scheduler.create_stream(cpu);
  const Point on_gpu = scheduler.submit(device, gpu_work(), {}, Urgency::asynchronous);
  bool ran = false;
  const Point after = scheduler.submit(stream, make_work([&] { ran = true; }), std::array{on_gpu},
                                       Urgency::caller_waits);
  EXPECT_FALSE(scheduler.wait(on_gpu, [] { return true; }));
  EXPECT_FALSE(scheduler.wait(after, [] { return true; }));
  gpu.step(device);
  EXPECT_TRUE(scheduler.timeline().wait(after, std::chrono::hours(1)));
  EXPECT_TRUE(ran);
}

TEST_F(SchedulerTest, MistakesOfTheLayerAboveAreErrors) {
  const uint16_t stream = scheduler.create_stream(cpu), other = scheduler.create_stream(cpu);
  EXPECT_THROW(scheduler.wait(Point(stream, 1)), InternalError);
  EXPECT_THROW(
      scheduler.submit(stream, make_work(), std::array{Point(other, 7)}, Urgency::asynchronous),
      InternalError);
  EXPECT_EQ(scheduler.last_point(stream), Point(stream, 0));
  scheduler.retire_stream(other);
  EXPECT_THROW(scheduler.submit(other, make_work(), {}, Urgency::asynchronous), InternalError);
  EXPECT_THROW(scheduler.retire_stream(other), InternalError);
}

TEST_F(SchedulerTest, OverlappingWaitsOfEightThreads) {
  const uint16_t streams[] = {scheduler.create_stream(cpu), scheduler.create_stream(cpu)};
  constexpr int kRounds = 500;
  std::atomic<int> inside[2] = {0, 0};
  std::atomic<int> ran{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        const int s = (t + i) % 2;
        bool mine = false;
        const Point point =
            scheduler.submit(streams[s], make_work([&, s] {
                               if (++inside[s] != 1) ++wrong;
                               mine = true;
                               ++ran;
                               --inside[s];
                             }),
                             {}, i % 3 ? Urgency::caller_waits : Urgency::asynchronous);
        if (!scheduler.wait(point) || !mine) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(ran.load(), 8 * kRounds);
  const Scheduler::Counters counters = scheduler.counters();
  EXPECT_EQ(counters.submitted, 8u * kRounds);
  EXPECT_EQ(counters.run_by_caller + counters.run_by_worker, 8u * kRounds);
}

}  // namespace
}  // namespace tandem::runtime
