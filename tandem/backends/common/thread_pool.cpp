#include "tandem/backends/common/thread_pool.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "tandem/backends/common/thread_count.h"
#include "tandem/base/log.h"
#include "tandem/base/settings.h"

namespace tandem::backends::common {
namespace {

thread_local int scoped_count = 0;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// One loop in progress. Slots live as long as the pool, so a worker that looks at a slot whose loop
// has just ended reads valid memory and is turned away by `state`.
struct alignas(64) Slot {
  static constexpr uint32_t kOpen = 1u << 31;

  std::atomic<bool> owned{false};  // some caller's loop is here
  std::atomic<uint32_t> state{0};  // kOpen while it accepts workers, plus the workers inside
  std::atomic<int64_t> next{0};    // first element not yet taken
  std::atomic<int64_t> count{0};
  int64_t step = 0;
  std::atomic<uint32_t> max_workers{0};
  RangeFunction function = nullptr;
  void* context = nullptr;
  std::atomic<bool> failed{false};
  std::exception_ptr error;  // written by the thread that set `failed`

  void work() {
    const int64_t all = count.load(std::memory_order_relaxed);
    for (;;) {
      const int64_t begin = next.fetch_add(step, std::memory_order_relaxed);
      if (begin >= all) break;
      try {
        function(context, begin, std::min(begin + step, all));
      } catch (...) {
        next.store(all, std::memory_order_relaxed);
        if (!failed.exchange(true, std::memory_order_acq_rel)) error = std::current_exception();
      }
    }
  }

  // Not once all is taken: a worker that came back again and again until the slowest range ends
  // would take the slot's cache lines from those who still work.
  bool join() {
    if (next.load(std::memory_order_relaxed) >= count.load(std::memory_order_relaxed)) return false;
    uint32_t seen = state.load(std::memory_order_relaxed);
    while ((seen & kOpen) != 0 && (seen & ~kOpen) < max_workers.load(std::memory_order_relaxed)) {
      if (state.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire)) return true;
    }
    return false;
  }

  void leave() {
    // The owner may be asleep on `state` only once it has closed the slot.
    if (state.fetch_sub(1, std::memory_order_acq_rel) == 1) state.notify_all();
  }

  // Ends the loop: no worker may enter any more and those inside have left.
  void close() {
    uint32_t inside = state.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
    for (int spin = 0; inside != 0; ++spin) {
      if (spin < 4000) {
        relax();
      } else {
        state.wait(inside, std::memory_order_acquire);
      }
      inside = state.load(std::memory_order_acquire);
    }
  }
};

class Pool {
 public:
  explicit Pool(int workers) {
    threads_.reserve(static_cast<size_t>(workers));
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { run_worker(); });
  }

  int workers() const { return static_cast<int>(threads_.size()); }

  void loop(int64_t count, int64_t step, int threads, RangeFunction function, void* context) {
    Slot* slot = claim();
    if (slot == nullptr) {
      function(context, 0, count);
      return;
    }
    const int64_t pieces = (count + step - 1) / step;
    const int64_t helpers = std::min<int64_t>({pieces - 1, threads - 1, workers()});
    slot->next.store(0, std::memory_order_relaxed);
    slot->count.store(count, std::memory_order_relaxed);
    slot->step = step;
    slot->max_workers.store(static_cast<uint32_t>(helpers), std::memory_order_relaxed);
    slot->function = function;
    slot->context = context;
    slot->state.store(Slot::kOpen, std::memory_order_release);
    wake(helpers);
    slot->work();
    slot->close();
    std::exception_ptr error;
    if (slot->failed.load(std::memory_order_acquire)) {
      error = std::exchange(slot->error, nullptr);
      slot->failed.store(false, std::memory_order_relaxed);
    }
    slot->owned.store(false, std::memory_order_release);
    if (error) std::rethrow_exception(error);
  }

  void background(std::function<void()> task) {
    std::unique_lock lock(mutex_);
    if (idle_ > 0) {
      --idle_;
      tasks_.push_back(std::move(task));
      lock.unlock();
      has_task_.notify_one();
      return;
    }
    ++background_;
    lock.unlock();
    std::thread([this, first = std::move(task)]() mutable {
      run_background(std::move(first));
    }).detach();
  }

  // Workers end after the range they are in. Background tasks get a moment; one that is stuck then
  // ends with the process, whose memory stays in place for it.
  void stop() {
    stopping_.store(true, std::memory_order_seq_cst);
    epoch_.fetch_add(1, std::memory_order_seq_cst);
    epoch_.notify_all();
    for (std::thread& thread : threads_) {
      if (thread.joinable() && thread.get_id() != std::this_thread::get_id()) thread.join();
    }
    std::unique_lock lock(mutex_);
    stop_background_ = true;
    has_task_.notify_all();
    background_gone_.wait_for(lock, std::chrono::seconds(2), [&] { return background_ == 0; });
  }

 private:
  static constexpr int kSpins = 3000;  // about 50 us

  Slot* claim() {
    for (Slot& slot : slots_) {
      if (!slot.owned.load(std::memory_order_relaxed) &&
          !slot.owned.exchange(true, std::memory_order_acquire)) {
        return &slot;
      }
    }
    return nullptr;
  }

  void wake(int64_t helpers) {
    epoch_.fetch_add(1, std::memory_order_seq_cst);
    const int parked = parked_.load(std::memory_order_seq_cst);
    if (parked == 0) return;
    if (helpers >= parked) {
      epoch_.notify_all();
    } else {
      for (int64_t i = 0; i < helpers; ++i) epoch_.notify_one();
    }
  }

  bool help() {
    bool helped = false;
    for (Slot& slot : slots_) {
      if (slot.join()) {
        slot.work();
        slot.leave();
        helped = true;
      }
    }
    return helped;
  }

  void run_worker() {
    while (!stopping_.load(std::memory_order_relaxed)) {
      const uint32_t seen = epoch_.load(std::memory_order_acquire);
      if (help()) continue;
      int spin = 0;
      while (spin < kSpins && epoch_.load(std::memory_order_relaxed) == seen) {
        relax();
        ++spin;
      }
      if (spin < kSpins) continue;
      parked_.fetch_add(1, std::memory_order_seq_cst);
      epoch_.wait(seen, std::memory_order_seq_cst);
      parked_.fetch_sub(1, std::memory_order_relaxed);
    }
  }

  void run_background(std::function<void()> task) {
    for (;;) {
      try {
        task();
      } catch (const std::exception& error) {
        log_error("a background task failed: {}", error.what());
      } catch (...) {
        log_error("a background task failed");
      }
      task = nullptr;
      std::unique_lock lock(mutex_);
      ++idle_;
      has_task_.wait(lock, [&] { return stop_background_ || !tasks_.empty(); });
      if (tasks_.empty()) {
        --idle_;
        if (--background_ == 0) background_gone_.notify_all();
        return;
      }
      task = std::move(tasks_.back());
      tasks_.pop_back();
    }
  }

  std::array<Slot, 16> slots_;
  alignas(64) std::atomic<uint32_t> epoch_{0};  // counts the loops begun
  std::atomic<int> parked_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable has_task_, background_gone_;
  std::vector<std::function<void()>> tasks_;  // each promised to an idle thread
  int idle_ = 0;                              // threads that wait and to which no task is promised
  int background_ = 0;                        // threads alive
  bool stop_background_ = false;
};

std::atomic<Pool*> the_pool{nullptr};
alignas(std::mutex) std::byte pool_mutex_storage[sizeof(std::mutex)];
std::mutex* pool_mutex = new (pool_mutex_storage) std::mutex;

// The threads of the parent do not exist in the child, and its locks may be held for ever.
void start_afresh_in_child() {
  the_pool.store(nullptr, std::memory_order_relaxed);
  pool_mutex = new (pool_mutex_storage) std::mutex;
}

void stop_at_exit() {
  if (Pool* pool = the_pool.load(std::memory_order_acquire)) pool->stop();
}

int configured_threads() {
  static const int available = available_cpus();
  const int64_t wanted = settings().threads;
  return wanted > 0 ? static_cast<int>(wanted) : available;
}

// Never deleted: threads may outlive static destructors.
Pool& pool() {
  if (Pool* ready = the_pool.load(std::memory_order_acquire)) return *ready;
  const std::lock_guard lock(*pool_mutex);
  if (Pool* ready = the_pool.load(std::memory_order_acquire)) return *ready;
  static const bool registered = [] {
    pthread_atfork(nullptr, nullptr, start_afresh_in_child);
    return std::atexit(stop_at_exit) == 0;
  }();
  static_cast<void>(registered);
  auto* fresh = new Pool(std::max(1, configured_threads() - 1));
  the_pool.store(fresh, std::memory_order_release);
  return *fresh;
}

}  // namespace

int thread_count() { return scoped_count > 0 ? scoped_count : configured_threads(); }

ScopedThreadCount::ScopedThreadCount(int count) : previous_(scoped_count) { scoped_count = count; }
ScopedThreadCount::~ScopedThreadCount() { scoped_count = previous_; }

void parallel_for_erased(int64_t count, int64_t grain, RangeFunction function, void* context) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  const int threads = thread_count();
  if (threads <= 1 || count <= grain) {
    function(context, 0, count);
    return;
  }
  // About four ranges a thread even out differences in speed.
  const int64_t ranges = static_cast<int64_t>(threads) * 4;
  const int64_t units = (count + grain - 1) / grain;
  const int64_t step = (units + ranges - 1) / ranges * grain;
  if (step >= count) {
    function(context, 0, count);
    return;
  }
  pool().loop(count, step, threads, function, context);
}

namespace {
std::atomic<bool> ending{false};
std::atomic<void (*)()> library_observer{nullptr};
}  // namespace

void begin_ending() { ending.store(true); }
bool is_ending() { return ending.load(); }

void set_library_observer(void (*observer)()) { library_observer.store(observer); }
void library_state_made() {
  if (void (*observer)() = library_observer.load()) observer();
}

void submit(std::function<void()> task) { pool().background(std::move(task)); }

}  // namespace tandem::backends::common
