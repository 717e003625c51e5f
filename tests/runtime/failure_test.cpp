// Failures: told once, before the Point is reached, and the work behind goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/runtime/fakes.h"

namespace tandem::runtime {
namespace {

using namespace testing;

struct FailureTest : ::testing::Test {
  FakeCpu cpu;
  FakeGpu gpu{0};
  Executor executor{2};
  Scheduler scheduler{executor.spawn()};

  Ref<FunctionWork> watched(uint16_t stream, std::function<void(device::Queue&)> f) {
    auto work = make_ref<FunctionWork>(std::move(f));
    work->timeline = &scheduler.timeline();
    work->point = scheduler.next_point(stream);
    return work;
  }
  Point submit(uint16_t stream, const Ref<FunctionWork>& work, Urgency urgency) {
    return scheduler.submit(stream, Ref<Work>(work.get()), {}, urgency);
  }
  static void expect_failed_once(const Ref<FunctionWork>& work, const char* message) {
    EXPECT_EQ(work->failures.load(), 1);
    EXPECT_EQ(work->message, message);
    EXPECT_FALSE(work->failed_late);
  }
};

TEST_F(FailureTest, CpuWorkThatThrowsFailsOnceAndTheNextOneRuns) {
  for (const Urgency urgency : {Urgency::caller_waits, Urgency::asynchronous}) {
    const uint16_t stream = scheduler.create_stream(cpu);
    const auto bad = watched(stream, [](device::Queue&) { throw std::runtime_error("bad"); });
    submit(stream, bad, urgency);
    bool ran = false;
    const Point after = scheduler.submit(stream, make_work([&] { ran = true; }), {}, urgency);
    EXPECT_TRUE(scheduler.wait(after));
    expect_failed_once(bad, "bad");
    EXPECT_TRUE(ran);
    EXPECT_EQ(bad->reference_count(), 1u);
  }
}

TEST_F(FailureTest, DeviceFailureReachesItsWorkOnly) {
  const uint16_t stream = scheduler.create_stream(gpu);
  const auto bad = watched(stream, [](device::Queue& queue) {
    static_cast<FakeGpu::Queue&>(queue).fail_later(
        std::make_exception_ptr(std::runtime_error("late")));
  });
  bool ran = false;
  const auto good = watched(stream, [&](device::Queue& queue) {
    static_cast<FakeGpu::Queue&>(queue).enqueue([&] { ran = true; });
  });
  submit(stream, bad, Urgency::asynchronous);
  const Point after = submit(stream, good, Urgency::asynchronous);
  EXPECT_TRUE(gpu.step(stream));
  EXPECT_TRUE(gpu.step(stream));
  EXPECT_TRUE(scheduler.wait(after));
  expect_failed_once(bad, "late");
  EXPECT_EQ(good->failures.load(), 0);
  EXPECT_TRUE(ran);
  EXPECT_EQ(bad->reference_count(), 1u);  // let go by the wait
  EXPECT_EQ(good->reference_count(), 1u);
}

TEST_F(FailureTest, WorkThatFailsTwiceIsToldOnce) {
  const uint16_t stream = scheduler.create_stream(gpu);
  const auto bad = watched(stream, [](device::Queue& queue) {
    static_cast<FakeGpu::Queue&>(queue).fail_later(
        std::make_exception_ptr(std::runtime_error("second")));
    throw std::runtime_error("first");
  });
  const Point point = submit(stream, bad, Urgency::asynchronous);
  EXPECT_FALSE(scheduler.timeline().reached(point));  // its end still passes through the queue
  EXPECT_TRUE(gpu.step(stream));
  EXPECT_TRUE(scheduler.wait(point));
  expect_failed_once(bad, "first");
}

TEST_F(FailureTest, QueueThatTakesNothingFailsItsWorkAndHangsNobody) {
  struct Broken : FakeGpu {
    using FakeGpu::FakeGpu;
    void finish(device::Queue&, uint64_t) override { throw std::runtime_error("device lost"); }
  };
  Broken broken(3);
  {
    Scheduler local(executor.spawn());
    const uint16_t stream = local.create_stream(broken), host = local.create_stream(cpu);
    const auto work = make_ref<FunctionWork>([](device::Queue&) {});
    const Point point = local.submit(stream, Ref<Work>(work.get()), {}, Urgency::asynchronous);
    EXPECT_TRUE(
        local.wait(local.submit(host, make_work(), std::array{point}, Urgency::caller_waits)));
    expect_failed_once(work, "device lost");
  }
}

TEST_F(FailureTest, GpuWorkBehindFailedCpuWorkStillRuns) {
  const uint16_t host = scheduler.create_stream(cpu), device = scheduler.create_stream(gpu);
  const auto bad = watched(host, [](device::Queue&) { throw std::runtime_error("bad"); });
  const Point one = submit(host, bad, Urgency::asynchronous);
  bool ran = false;
  const Point two = scheduler.submit(device, gpu_work([&] { ran = true; }), std::array{one},
                                     Urgency::asynchronous);
  gpu.await_piece(device);
  gpu.step(device);
  EXPECT_TRUE(scheduler.wait(two));
  EXPECT_TRUE(ran);
  expect_failed_once(bad, "bad");
}

}  // namespace
}  // namespace tandem::runtime
