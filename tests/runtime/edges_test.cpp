// Edges between streams of every kind, with completions under the test's control.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/fakes.h"

namespace tandem::runtime {
namespace {

using namespace testing;
using ::testing::ElementsAre;

struct EdgesTest : ::testing::Test {
  FakeCpu cpu;
  FakeGpu gpu{0};
  FakeGpu other_gpu{1};
  Executor executor{3};
  Scheduler scheduler{executor.spawn()};
  Log log;

  Ref<Work> logged(const char* name) {
    return make_work([this, name] { log.add(name); });
  }
  Ref<Work> logged_on_gpu(const char* name) {
    return gpu_work([this, name] { log.add(name); });
  }
};

TEST_F(EdgesTest, CpuToCpuIsRunByTheCallerAlone) {
  const uint16_t a = scheduler.create_stream(cpu), b = scheduler.create_stream(cpu),
                 c = scheduler.create_stream(cpu);
  const Point one = scheduler.submit(a, logged("one"), {}, Urgency::caller_waits);
  const Point two = scheduler.submit(b, logged("two"), std::array{one}, Urgency::caller_waits);
  const Point three =
      scheduler.submit(c, logged("three"), std::array{one, two}, Urgency::caller_waits);
  EXPECT_TRUE(scheduler.wait(three));
  EXPECT_THAT(log.texts(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(executor.spawned(), 0);
  EXPECT_EQ(scheduler.counters().run_by_caller, 3u);
  EXPECT_EQ(scheduler.counters().parked, 2u);  // c behind b, b behind a
}

TEST_F(EdgesTest, AsynchronousWorkFetchesLeftWorkOfOtherStreams) {
  constexpr int kChain = 1000;
  std::vector<Point> points = {Point()};
  std::atomic<int> ran{0};
  for (int i = 0; i < kChain; ++i) {
    points.push_back(scheduler.submit(scheduler.create_stream(cpu), make_work([&] { ++ran; }),
                                      std::array{points.back()}, Urgency::caller_waits));
  }
  EXPECT_EQ(ran.load(), 0);
  const Point last = scheduler.submit(scheduler.create_stream(cpu), make_work(),
                                      std::array{points.back()}, Urgency::asynchronous);
  EXPECT_TRUE(scheduler.timeline().wait(last, std::chrono::hours(1)));
  EXPECT_EQ(ran.load(), kChain);
  EXPECT_EQ(scheduler.counters().run_by_caller, 0u);
}

TEST_F(EdgesTest, CallerRunsALongChainWithoutDeepRecursion) {
  constexpr int kChain = 1000;
  Point last;
  int ran = 0;
  for (int i = 0; i < kChain; ++i) {
    last = scheduler.submit(scheduler.create_stream(cpu), make_work([&] { ++ran; }),
                            std::array{last}, Urgency::caller_waits);
  }
  EXPECT_TRUE(scheduler.wait(last));
  EXPECT_EQ(ran, kChain);
  EXPECT_EQ(executor.spawned(), 0);
}

TEST_F(EdgesTest, CpuToGpuIsHandedOverByTheThreadThatFinishes) {
  const uint16_t host = scheduler.create_stream(cpu), device = scheduler.create_stream(gpu);
  std::latch go(1);
  std::thread::id worker, hander;
  const Point one = scheduler.submit(host, make_work([&] {
                                       go.wait();
                                       worker = std::this_thread::get_id();
                                     }),
                                     {}, Urgency::asynchronous);
  const Point two =
      scheduler.submit(device, make_work([&] { hander = std::this_thread::get_id(); }),
                       std::array{one}, Urgency::asynchronous);
  EXPECT_EQ(gpu.pending(device), 0u);
  go.count_down();
  gpu.await_piece(device);
  EXPECT_EQ(hander, worker);
  gpu.step(device);
  EXPECT_TRUE(scheduler.wait(two));
  EXPECT_EQ(scheduler.counters().parked, 1u);
}

TEST_F(EdgesTest, CallerThatWaitsForTheGpuRunsTheCpuPartBeforeIt) {
  const uint16_t host = scheduler.create_stream(cpu), device = scheduler.create_stream(gpu);
  const Point one = scheduler.submit(host, logged("host"), {}, Urgency::caller_waits);
  const Point two =
      scheduler.submit(device, logged_on_gpu("device"), std::array{one}, Urgency::caller_waits);
  EXPECT_EQ(gpu.pending(device), 0u);
  std::thread stepper([&] {
    gpu.await_piece(device);
    gpu.step(device);
  });
  EXPECT_TRUE(scheduler.wait(two));
  stepper.join();
  EXPECT_THAT(log.texts(), ElementsAre("host", "device"));
  EXPECT_EQ(scheduler.counters().run_by_caller, 1u);
  EXPECT_EQ(executor.spawned(), 0);
}

TEST_F(EdgesTest, GpuToCpuRunsOnAWorkerWhenAsynchronous) {
  const uint16_t host = scheduler.create_stream(cpu), device = scheduler.create_stream(gpu);
  const Point one = scheduler.submit(device, logged_on_gpu("device"), {}, Urgency::asynchronous);
  std::latch ran(1);
  scheduler.submit(host, make_work([&] {
                     log.add("host");
                     ran.count_down();
                   }),
                   std::array{one}, Urgency::asynchronous);
  EXPECT_EQ(executor.spawned(), 0);  // no worker sits on the edge
  gpu.step(device);
  ran.wait();
  EXPECT_THAT(log.texts(), ElementsAre("device", "host"));
  EXPECT_EQ(scheduler.counters().parked, 1u);
}

TEST_F(EdgesTest, GpuToCpuIsRunByTheWaitingCaller) {
  const uint16_t host = scheduler.create_stream(cpu), device = scheduler.create_stream(gpu);
  const auto me = std::this_thread::get_id();
  for (int round = 0; round < 200; ++round) {
    const Point one = scheduler.submit(device, gpu_work(), {}, Urgency::caller_waits);
    const Point two =
        scheduler.submit(host, make_work([&] { EXPECT_EQ(std::this_thread::get_id(), me); }),
                         std::array{one}, Urgency::caller_waits);
    std::thread stepper([&] {
      if (round % 2) scheduler.timeline().spin(two);  // lets the caller fall asleep first
      gpu.step(device);
    });
    EXPECT_TRUE(scheduler.wait(two));
    stepper.join();
  }
  EXPECT_EQ(scheduler.counters().run_by_caller, 200u);
  EXPECT_EQ(executor.spawned(), 0);
}

TEST_F(EdgesTest, DeviceThatTellsNobodyIsNoticed) {
  FakeGpu silent(2, /*simulated=*/false, /*silent=*/true);
  {
    Scheduler local(executor.spawn());
    const uint16_t host = local.create_stream(cpu), device = local.create_stream(silent);
    const Point one = local.submit(device, gpu_work(), {}, Urgency::asynchronous);
    const Point two = local.submit(host, make_work(), std::array{one}, Urgency::asynchronous);
    const Point three = local.submit(device, gpu_work(), {}, Urgency::asynchronous);
    std::thread stepper([&] {
      local.timeline().wait(one, std::chrono::milliseconds(2));
      silent.step(device);
      local.timeline().wait(two, std::chrono::hours(1));
      silent.step(device);
    });
    EXPECT_TRUE(local.wait(three));
    stepper.join();
    EXPECT_TRUE(local.timeline().reached(two));
  }
}

TEST_F(EdgesTest, GpuToGpuIsLeftToTheDevicesOnceHandedOver) {
  const uint16_t a = scheduler.create_stream(gpu), b = scheduler.create_stream(other_gpu);
  const Point one = scheduler.submit(a, logged_on_gpu("one"), {}, Urgency::asynchronous);
  const Point two =
      scheduler.submit(b, logged_on_gpu("two"), std::array{one}, Urgency::asynchronous);
  EXPECT_EQ(other_gpu.pending(b), 1u);
  EXPECT_FALSE(other_gpu.step(b));  // the device itself waits
  EXPECT_TRUE(gpu.step(a));
  EXPECT_TRUE(other_gpu.step(b));
  EXPECT_TRUE(scheduler.wait(two));
  EXPECT_THAT(log.texts(), ElementsAre("one", "two"));
  EXPECT_EQ(scheduler.counters().device_waits, 1u);
  EXPECT_EQ(scheduler.counters().parked, 0u);
}

TEST_F(EdgesTest, GpuToGpuIsHeldBackWhileTheFirstIsNotHandedOver) {
  const uint16_t host = scheduler.create_stream(cpu), a = scheduler.create_stream(gpu),
                 b = scheduler.create_stream(other_gpu);
  std::latch go(1);
  const Point zero =
      scheduler.submit(host, make_work([&] { go.wait(); }), {}, Urgency::asynchronous);
  const Point one =
      scheduler.submit(a, logged_on_gpu("one"), std::array{zero}, Urgency::asynchronous);
  scheduler.submit(b, logged_on_gpu("two"), std::array{one}, Urgency::asynchronous);
  EXPECT_EQ(gpu.pending(a), 0u);
  EXPECT_EQ(other_gpu.pending(b), 0u);
  go.count_down();
  other_gpu.await_piece(b);
  EXPECT_FALSE(other_gpu.step(b));
  EXPECT_TRUE(gpu.step(a));
  EXPECT_TRUE(other_gpu.step(b));
  EXPECT_TRUE(scheduler.synchronize_all());
  EXPECT_THAT(log.texts(), ElementsAre("one", "two"));
  EXPECT_EQ(scheduler.counters().parked, 2u);
  EXPECT_EQ(scheduler.counters().device_waits, 1u);
}

TEST_F(EdgesTest, DevicesOfDifferentKindsMeetOnTheHost) {
  FakeGpu real(0, /*simulated=*/false);
  {
    Scheduler local(executor.spawn());
    const uint16_t a = local.create_stream(gpu), b = local.create_stream(real);
    const Point one = local.submit(a, logged_on_gpu("one"), {}, Urgency::asynchronous);
    const Point two = local.submit(b, logged_on_gpu("two"), std::array{one}, Urgency::asynchronous);
    EXPECT_EQ(real.pending(b), 0u);
    gpu.step(a);
    real.await_piece(b);
    real.step(b);
    EXPECT_TRUE(local.wait(two));
    EXPECT_THAT(log.texts(), ElementsAre("one", "two"));
    EXPECT_EQ(local.counters().device_waits, 0u);
  }
}

// The caller returns although a worker stands still and everything behind it waits.
TEST_F(EdgesTest, SubmittingNeverWaitsForAnEdge) {
  const uint16_t blocked = scheduler.create_stream(cpu), host = scheduler.create_stream(cpu),
                 device = scheduler.create_stream(gpu);
  std::latch parked(1), go(1);
  const Point latch = scheduler.submit(blocked, make_work([&] {
                                         parked.count_down();
                                         go.wait();
                                       }),
                                       {}, Urgency::asynchronous);
  parked.wait();
  const Point free = scheduler.submit(host, logged("host"), {}, Urgency::asynchronous);
  const Point on_gpu = scheduler.submit(device, logged_on_gpu("device"), std::array{latch, free},
                                        Urgency::asynchronous);
  const Point back =
      scheduler.submit(host, logged("back"), std::array{on_gpu}, Urgency::asynchronous);
  EXPECT_TRUE(scheduler.timeline().wait(free, std::chrono::hours(1)));
  EXPECT_FALSE(scheduler.timeline().reached(on_gpu));
  EXPECT_EQ(gpu.pending(device), 0u);
  go.count_down();
  gpu.await_piece(device);
  gpu.step(device);
  EXPECT_TRUE(scheduler.wait(back));
  EXPECT_THAT(log.texts(), ElementsAre("host", "device", "back"));
}

TEST_F(EdgesTest, CallerHelpsWhenEveryWorkerStandsStill) {
  Executor single(1);
  Scheduler local(single.spawn());
  const uint16_t blocked = local.create_stream(cpu), a = local.create_stream(cpu),
                 b = local.create_stream(cpu);
  std::latch parked(1), go(1);
  local.submit(blocked, make_work([&] {
                 parked.count_down();
                 go.wait();
               }),
               {}, Urgency::asynchronous);
  parked.wait();
  const Point one = local.submit(a, logged("one"), {}, Urgency::asynchronous);
  const Point two = local.submit(b, logged("two"), std::array{one}, Urgency::asynchronous);
  EXPECT_TRUE(local.wait(two));
  EXPECT_THAT(log.texts(), ElementsAre("one", "two"));
  EXPECT_EQ(local.counters().run_by_caller, 2u);
  go.count_down();
}

}  // namespace
}  // namespace tandem::runtime
