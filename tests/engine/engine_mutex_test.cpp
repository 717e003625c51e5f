// The engine's lock, and asking for values that are there without waiting.
#include "tandem/engine/engine_mutex.h"

#include <thread>
#include <vector>

#include "helpers.h"

namespace tandem {
namespace {

using engine::EngineLock;
using engine::EngineMutex;

TEST(EngineMutex, one_thread_at_a_time) {
  constexpr int kThreads = 8, kRounds = 20000;
  EngineMutex mutex;
  int64_t count = 0;  // a race here is what the thread sanitizer would see
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        const EngineLock lock(mutex);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST(EngineMutex, sleepers_are_woken) {
  constexpr int kThreads = 4;
  EngineMutex mutex;
  int entered = 0;
  std::atomic<int> arrived{0};
  std::vector<std::thread> threads;
  {
    const EngineLock lock(mutex);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        arrived.fetch_add(1);
        const EngineLock own(mutex);
        ++entered;
      });
    }
    while (arrived.load() < kThreads) std::this_thread::yield();
    EXPECT_EQ(entered, 0);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered, kThreads);
}

TEST(EngineMutex, try_lock_tells_whether_it_is_free) {
  EngineMutex mutex;
  {
    const EngineLock lock(mutex);
    bool taken = true;
    std::thread([&] { taken = mutex.try_lock(); }).join();
    EXPECT_FALSE(taken);
  }
  EngineLock lock(mutex, std::try_to_lock);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(ReadyData, is_that_of_values_in_host_memory) {
  const array a = ramp({4, 6});
  const array pending = add(a, a, kCpu);
  EXPECT_EQ(data_if_ready(pending), nullptr);
  eval(pending);
  EXPECT_EQ(data_if_ready(pending), pending.data());
  const array part = slice(a, Shape{1, 2}, Shape{2, 3}, Shape{1, 1});  // a view of what is there
  EXPECT_EQ(data_if_ready(part), part.data());
  EXPECT_EQ(static_cast<const float*>(data_if_ready(part))[0], values<float>(a)[8]);
}

TEST(ReadyData, is_none_where_a_transfer_is_needed) {
  const array on_gpu = add(ramp({100}), 1, kGpu);
  eval(on_gpu);
  EXPECT_EQ(data_if_ready(on_gpu), nullptr);
  const void* data = on_gpu.data();
  EXPECT_EQ(data_if_ready(on_gpu), data);
}

}  // namespace
}  // namespace tandem
