// The process-wide thread pool: fork-join loops inside one operation, and background threads for
// long tasks such as stream workers. Any thread may call anything here, nested calls included.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>

namespace tandem::backends::common {

// Threads one operation may use, the caller included: TANDEM_THREADS, or else what affinity and the
// cgroup's quota allow. Inside a ScopedThreadCount, its number.
int thread_count();

// Splits work on this thread as if the machine had `count` threads, until the end of the scope.
// Results never depend on it; tests show that.
class ScopedThreadCount {
 public:
  explicit ScopedThreadCount(int count);
  ~ScopedThreadCount();
  ScopedThreadCount(const ScopedThreadCount&) = delete;
  ScopedThreadCount& operator=(const ScopedThreadCount&) = delete;

 private:
  int previous_;
};

using RangeFunction = void (*)(void* context, int64_t begin, int64_t end);
void parallel_for_erased(int64_t count, int64_t grain, RangeFunction function, void* context);

// Calls f(begin, end) on disjoint ranges that cover [0, count), each but the last a multiple of
// `grain`, from the caller and from idle pool threads; returns when all are done. Which thread gets
// which range varies. The first exception of f is rethrown here; ranges not yet begun are then
// dropped.
template <class F>
void parallel_for(int64_t count, int64_t grain, F&& f) {
  using Callable = std::remove_reference_t<F>;
  parallel_for_erased(
      count, grain,
      [](void* context, int64_t begin, int64_t end) {
        (*static_cast<Callable*>(context))(begin, end);
      },
      const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

// Runs `task` on a background thread that is not one of the fork-join threads, so that a long or
// waiting task slows no loop. Every task starts at once: there is no queue to be stuck in. An
// exception that leaves a task is logged.
void submit(std::function<void()> task);

// The process is about to end: libraries that take down state of their own then are called no more,
// their work goes to implementations that have none.
void begin_ending();
bool is_ending();
// Whoever waits for work at the end of the process has to do so before such state is taken down,
// which happens in the reverse order of its making: `observer` is called after some was made.
void set_library_observer(void (*observer)());
void library_state_made();

}  // namespace tandem::backends::common
