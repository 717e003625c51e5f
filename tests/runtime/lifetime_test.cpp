// Streams that come and go, the end of a scheduler, and the child of a fork.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "tandem/base/error.h"
#include "tandem/base/log.h"
#include "tests/runtime/fakes.h"

namespace tandem::runtime {
namespace {

using namespace testing;

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

TEST(Lifetime, IdsAreReusedAndOldPointsStayReached) {
  FakeCpu cpu;
  FakeGpu gpu(0);
  Executor executor(2);
  Scheduler scheduler(executor.spawn());
  const uint16_t first = scheduler.create_stream(cpu);
  const Point old = scheduler.submit(first, make_work(), {}, Urgency::caller_waits);
  EXPECT_TRUE(scheduler.wait(old));
  scheduler.retire_stream(first);
  EXPECT_EQ(cpu.queues.load(), 0);
  const uint16_t second = scheduler.create_stream(gpu);
  EXPECT_EQ(second, first);
  EXPECT_EQ(scheduler.device_of(second), gpu.device());
  EXPECT_TRUE(scheduler.wait(old));
  EXPECT_EQ(scheduler.next_point(second), Point(second, 2));
  const Point fresh = scheduler.submit(second, gpu_work(), std::array{old}, Urgency::asynchronous);
  EXPECT_FALSE(scheduler.timeline().reached(fresh));
  gpu.step(second);
  EXPECT_TRUE(scheduler.wait(fresh));
}

TEST(Lifetime, RetiringDoesNotWaitAndLosesNoWork) {
  FakeCpu cpu;
  FakeGpu gpu(0);
  Executor executor(2);
  Scheduler scheduler(executor.spawn());
  const uint16_t device = scheduler.create_stream(gpu), host = scheduler.create_stream(cpu);
  const Point gate = scheduler.submit(device, gpu_work(), {}, Urgency::asynchronous);
  std::atomic<bool> ran{false};
  const Point left = scheduler.submit(host, make_work([&] { ran = true; }), std::array{gate},
                                      Urgency::caller_waits);
  scheduler.retire_stream(host);
  scheduler.retire_stream(device);
  const uint16_t other = scheduler.create_stream(cpu);
  EXPECT_NE(other, host);
  EXPECT_NE(other, device);
  gpu.step(device);
  EXPECT_TRUE(scheduler.timeline().wait(left, std::chrono::hours(1)));
  EXPECT_TRUE(ran.load());
  EXPECT_TRUE(scheduler.wait(left));
}

TEST(Lifetime, thread_exit_frees_stream) {
  FakeCpu cpu;
  Executor executor(2);
  Scheduler scheduler(executor.spawn());
  std::set<uint16_t> ids;
  for (int i = 0; i < 1000; ++i) {
    std::thread([&] {
      const uint16_t stream = scheduler.create_stream(cpu);
      ids.insert(stream);
      const auto urgency = i % 2 ? Urgency::asynchronous : Urgency::caller_waits;
      EXPECT_TRUE(scheduler.wait(scheduler.submit(stream, make_work(), {}, urgency)));
      scheduler.retire_stream(stream);
    }).join();
  }
  EXPECT_LE(ids.size(), 8u);  // a worker may still hold the last one for a moment
  EXPECT_LE(cpu.queues.load(), 8);
  EXPECT_EQ(scheduler.counters().submitted, 1000u);
}

TEST(Lifetime, ManyThreadsComeAndGoTogether) {
  FakeCpu cpu;
  Executor executor(2);
  Scheduler scheduler(executor.spawn());
  std::atomic<int> ran{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 125; ++i) {
        const uint16_t stream = scheduler.create_stream(cpu);
        const Point left =
            scheduler.submit(stream, make_work([&] { ++ran; }), {}, Urgency::caller_waits);
        if (i % 2) scheduler.wait(left);
        scheduler.retire_stream(stream);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(scheduler.synchronize_all());
  EXPECT_EQ(ran.load(), 1000);
}

TEST(Lifetime, EndRunsWhatWasSubmitted) {
  FakeCpu cpu;
  Executor executor(2);
  std::atomic<int> ran{0};
  {
    Scheduler scheduler(executor.spawn());
    const uint16_t a = scheduler.create_stream(cpu), b = scheduler.create_stream(cpu);
    for (int i = 0; i < 50; ++i) {
      const Point one = scheduler.submit(a, make_work([&] { ++ran; }), {}, Urgency::caller_waits);
      scheduler.submit(b, make_work([&] { ++ran; }), std::array{one}, Urgency::asynchronous);
    }
  }
  EXPECT_EQ(ran.load(), 100);
  EXPECT_EQ(cpu.queues.load(), 0);
}

TEST(Lifetime, EndLeavesHangingWorkBehind) {
  static FakeCpu cpu;  // what is left behind keeps using it
  Executor executor(1);
  std::string warning;
  const LogSink before =
      set_log_sink([&](LogLevel, std::string_view text) { warning = std::string(text); });
  std::latch begun(1), go(1);
  {
    Scheduler scheduler(executor.spawn(), {.drain_timeout = std::chrono::milliseconds(1)});
    const uint16_t stream = scheduler.create_stream(cpu);
    scheduler.submit(stream, make_work([&] {
                       begun.count_down();
                       go.wait();
                     }),
                     {}, Urgency::asynchronous);
    begun.wait();
  }
  set_log_sink(before);
  EXPECT_NE(warning.find("left behind"), std::string::npos);
  go.count_down();
}

// Runs `child` in a fork and returns the status it exits with.
template <class F>
int status_of_child(Scheduler& scheduler, F child) {
  scheduler.before_fork();
  const pid_t id = fork();
  if (id == 0) {
    scheduler.reset_after_fork([](std::function<void()> task) { std::thread(task).detach(); });
    _exit(child());
  }
  scheduler.after_fork_in_parent();
  int status = 0;
  EXPECT_EQ(waitpid(id, &status, 0), id);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Lifetime, fork_child_cpu_works) {
  if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer refuses threads after a fork";
  FakeCpu cpu;
  FakeGpu gpu(0);
  Executor executor(2);
  Scheduler scheduler(executor.spawn());
  const uint16_t host = scheduler.create_stream(cpu), device = scheduler.create_stream(gpu);
  const uint16_t behind = scheduler.create_stream(cpu);
  std::latch begun(1), go(1);
  const auto running = make_ref<FunctionWork>([&](device::Queue&) {
    begun.count_down();
    go.wait();
  });
  const auto on_gpu = make_ref<FunctionWork>([](device::Queue&) {});
  const auto queued = make_ref<FunctionWork>([](device::Queue&) {});
  const auto submit = [&](uint16_t stream, const Ref<FunctionWork>& work, Point after) {
    return scheduler.submit(stream, Ref<Work>(work.get()), std::array{after},
                            Urgency::asynchronous);
  };
  const Point one = submit(host, running, {}), two = submit(device, on_gpu, {}),
              three = submit(behind, queued, one);
  begun.wait();

  const int status = status_of_child(scheduler, [&] {
    if (running->failures != 1 || on_gpu->failures != 1 || queued->failures != 1) return 1;
    if (running->message.find("[fork]") != 0) return 2;
    for (const Point point : {one, two, three}) {
      if (!scheduler.wait(point)) return 3;
    }
    bool inline_ran = false;
    std::atomic<bool> worker_ran{false};
    const Point four = scheduler.submit(host, make_work([&] { inline_ran = true; }),
                                        std::array{two}, Urgency::caller_waits);
    if (!scheduler.wait(four) || !inline_ran) return 4;
    const Point five = scheduler.submit(behind, make_work([&] { worker_ran = true; }),
                                        std::array{four}, Urgency::asynchronous);
    if (!scheduler.timeline().wait(five, std::chrono::hours(1)) || !worker_ran) return 5;
    try {
      scheduler.submit(device, make_work(), {}, Urgency::asynchronous);
      return 6;
    } catch (const DeviceError&) {
    }
    const uint16_t fresh = scheduler.create_stream(cpu);
    if (!scheduler.wait(scheduler.submit(fresh, make_work(), {}, Urgency::caller_waits))) return 7;
    return 0;
  });
  EXPECT_EQ(status, 0);

  go.count_down();
  gpu.step(device);
  EXPECT_TRUE(scheduler.synchronize_all());
  EXPECT_EQ(running->failures.load() + on_gpu->failures.load() + queued->failures.load(), 0);
}

}  // namespace
}  // namespace tandem::runtime
