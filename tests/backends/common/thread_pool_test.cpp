#include "tandem/backends/common/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tandem/backends/common/thread_count.h"
#include "tandem/base/settings.h"

namespace tandem::backends::common {
namespace {

int64_t sum_by_parts(int64_t count, int64_t grain) {
  std::atomic<int64_t> sum{0};
  parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    int64_t part = 0;
    for (int64_t i = begin; i < end; ++i) part += i + 1;
    sum.fetch_add(part);
  });
  return sum;
}

TEST(ThreadPool, CoversEveryElementOnce) {
  for (const int threads : {1, 2, 3, 7, 64}) {
    const ScopedThreadCount scope(threads);
    for (const int64_t count : {0, 1, 2, 7, 64, 1000, 4097}) {
      for (const int64_t grain : {1, 3, 64, 5000}) {
        std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
        std::atomic<bool> aligned{true};
        parallel_for(count, grain, [&](int64_t begin, int64_t end) {
          if (begin % grain != 0 || (end % grain != 0 && end != count)) aligned = false;
          for (int64_t i = begin; i < end; ++i) seen[static_cast<size_t>(i)].fetch_add(1);
        });
        for (const auto& times : seen) ASSERT_EQ(times, 1);
        EXPECT_TRUE(aligned);
      }
    }
  }
}

TEST(ThreadPool, SeveralThreadsTakePart) {
  const ScopedThreadCount scope(2);
  // Each range waits for the other, so one thread alone would never end.
  std::latch both(2);
  std::atomic<int> arrived{0};
  parallel_for(2, 1, [&](int64_t, int64_t) {
    ++arrived;
    both.arrive_and_wait();
  });
  EXPECT_EQ(arrived, 2);
}

TEST(ThreadPool, NestedAndConcurrentCallsEnd) {
  const ScopedThreadCount scope(4);
  std::vector<std::jthread> callers;
  std::atomic<int64_t> total{0};
  for (int t = 0; t < 24; ++t) {  // more callers than loops the pool holds
    callers.emplace_back([&] {
      const ScopedThreadCount inner(4);
      for (int i = 0; i < 20; ++i) {
        parallel_for(8, 1, [&](int64_t begin, int64_t end) {
          for (int64_t j = begin; j < end; ++j) total += sum_by_parts(100, 1);
        });
      }
    });
  }
  callers.clear();
  EXPECT_EQ(total, int64_t{24} * 20 * 8 * 5050);
}

TEST(ThreadPool, ExceptionReachesTheCallerAndThePoolGoesOn) {
  const ScopedThreadCount scope(4);
  for (int i = 0; i < 50; ++i) {
    EXPECT_THROW(parallel_for(100, 1,
                              [](int64_t begin, int64_t) {
                                if (begin >= 25) throw std::runtime_error("planted");
                              }),
                 std::runtime_error);
    EXPECT_EQ(sum_by_parts(100, 1), 5050);
  }
}

TEST(ThreadPool, LongTasksDoNotStarveLoops) {
  const ScopedThreadCount scope(4);
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  constexpr int kTasks = 40;
  std::latch begun(kTasks);
  std::latch ended(kTasks);
  for (int i = 0; i < kTasks; ++i) {
    submit([&, released] {
      begun.count_down();
      released.wait();
      ended.count_down();
    });
  }
  begun.wait();  // all of them run at once
  EXPECT_EQ(sum_by_parts(10'000, 10), 50'005'000);
  std::latch both(2);
  const ScopedThreadCount two(2);
  parallel_for(2, 1, [&](int64_t, int64_t) { both.arrive_and_wait(); });  // a helper is free
  release.set_value();
  ended.wait();
  EXPECT_TRUE(ended.try_wait());
}

TEST(ThreadPool, BackgroundThreadsAreReused) {
  for (int i = 0; i < 200; ++i) {
    std::promise<int> result;
    submit([&] { result.set_value(i); });
    EXPECT_EQ(result.get_future().get(), i);
  }
}

#if !defined(__SANITIZE_THREAD__)
TEST(ThreadPool, WorksInAForkedChild) {
  ASSERT_EQ(sum_by_parts(1000, 1), 500'500);  // the parent's pool is running
  const pid_t child = fork();
  if (child == 0) {
    const ScopedThreadCount scope(3);
    std::promise<int64_t> result;
    submit([&] { result.set_value(sum_by_parts(1000, 1)); });
    const bool right = sum_by_parts(1000, 1) == 500'500 && result.get_future().get() == 500'500;
#if defined(__SANITIZE_ADDRESS__)
    _exit(right ? 0 : 1);  // memory of the parent's threads would count as leaked
#else
    std::exit(right ? 0 : 1);  // through the exit handlers
#endif
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(sum_by_parts(1000, 1), 500'500);
}
#endif

TEST(ThreadPool, CountFollowsTheSettings) {
  {
    const ScopedSetting setting("threads", "5");
    EXPECT_EQ(thread_count(), 5);
    const ScopedThreadCount scope(3);
    EXPECT_EQ(thread_count(), 3);
  }
  const ScopedSetting automatic("threads", "0");
  EXPECT_EQ(thread_count(), available_cpus());
}

TEST(ThreadPool, QuotaOfACgroup) {
  EXPECT_EQ(cpus_of_quota("max 100000"), std::nullopt);
  EXPECT_EQ(cpus_of_quota("-1 100000"), std::nullopt);
  EXPECT_EQ(cpus_of_quota(""), std::nullopt);
  EXPECT_EQ(cpus_of_quota("150000 100000"), 2);
  EXPECT_EQ(cpus_of_quota("5000 100000"), 1);
  EXPECT_EQ(cpus_of_quota("800000 100000"), 8);
}

}  // namespace
}  // namespace tandem::backends::common
