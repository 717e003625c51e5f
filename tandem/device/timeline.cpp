#include "tandem/device/timeline.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include "tandem/device/stream_table.h"

namespace tandem::device {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kShards = 64;
constexpr size_t kWordsPerChunk = 64;  // one page, so that a chunk can be pinned for a device

struct alignas(64) Word {
  std::atomic<uint64_t> value{0};
  std::atomic<uint32_t> watchers{0};  // wait_any calls that name this stream
};

// Where threads sleep. `sleepers` and the words are sequentially consistent: either the advancing
// thread sees the sleeper, or the sleeper sees the advanced word.
struct alignas(64) Shard {
  std::atomic<uint32_t> sleepers{0};
  std::mutex mutex;
  std::condition_variable condition;

  void wake() {
    if (sleepers.load(std::memory_order_seq_cst) == 0) return;
    {
      const std::lock_guard lock(mutex);
    }  // a sleeper between its check and its sleep is waited for
    condition.notify_all();
  }

  // Sleeps until `done()` or `deadline`, looking again at least every `slice`.
  template <class Done>
  bool sleep(Done done, Clock::time_point deadline, std::chrono::microseconds slice) {
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    std::unique_lock lock(mutex);
    bool reached = done();
    while (!reached && Clock::now() < deadline) {
      condition.wait_until(lock, std::min(deadline, Clock::now() + slice));
      reached = done();
    }
    lock.unlock();
    sleepers.fetch_sub(1, std::memory_order_relaxed);
    return reached;
  }
};

struct Sleepers {
  std::array<Shard, kShards> shards;
  Shard any;
};

template <class Done>
bool spin_until(Done done, Clock::time_point deadline) {
  for (;;) {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      pause_briefly();
    }
    if (Clock::now() >= deadline) return done();
  }
}

Clock::time_point deadline_of(std::chrono::nanoseconds timeout) {
  const auto now = Clock::now();
  return timeout > Clock::time_point::max() - now ? Clock::time_point::max() : now + timeout;
}

}  // namespace

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

struct Timeline::Impl {
  StreamTable<Word, kWordsPerChunk> words;
  std::atomic<uint64_t> any_generation{0};
  std::unique_ptr<Sleepers> sleepers = std::make_unique<Sleepers>();

  Shard& shard(uint16_t stream) { return sleepers->shards[stream % kShards]; }

  bool reached(Point point, std::memory_order order) const {
    if (point.never_waits()) return true;
    const Word* word = words.find(point.stream());
    return word && word->value.load(order) >= point.sequence();
  }
};

Timeline::Timeline() : impl_(std::make_unique<Impl>()) {}
Timeline::~Timeline() = default;

std::atomic<uint64_t>& Timeline::done_word(uint16_t stream) { return impl_->words[stream].value; }

bool Timeline::reached(Point point) const {
  return impl_->reached(point, std::memory_order_acquire);
}

void Timeline::advance(Point point) {
  Word& word = impl_->words[point.stream()];
  uint64_t seen = word.value.load(std::memory_order_relaxed);
  while (seen < point.sequence() &&
         !word.value.compare_exchange_weak(seen, point.sequence(), std::memory_order_seq_cst)) {
  }
  impl_->shard(point.stream()).wake();
  if (word.watchers.load(std::memory_order_seq_cst) != 0) impl_->sleepers->any.wake();
}

bool Timeline::spin(Point point) const {
  return spin_until([&] { return reached(point); }, Clock::now() + kSpin);
}

bool Timeline::wait(Point point, std::chrono::nanoseconds timeout, bool spin_first) const {
  if (reached(point)) return true;
  const Clock::time_point deadline = deadline_of(timeout);
  const auto done = [&] { return impl_->reached(point, std::memory_order_seq_cst); };
  if (spin_first && spin_until(done, std::min(deadline, Clock::now() + kSpin))) return true;
  return impl_->shard(point.stream()).sleep(done, deadline, kBlindSlice);
}

void Timeline::wait_any(std::span<const Point> points, uint64_t ticket,
                        std::chrono::nanoseconds timeout) const {
  const Clock::time_point deadline = deadline_of(timeout);
  const auto done = [&] {
    return impl_->any_generation.load(std::memory_order_seq_cst) != ticket ||
           std::any_of(points.begin(), points.end(), [&](Point point) {
             return impl_->reached(point, std::memory_order_seq_cst);
           });
  };
  if (spin_until(done, std::min(deadline, Clock::now() + kSpin))) return;
  for (Point point : points) impl_->words[point.stream()].watchers.fetch_add(1);
  // Words written without `advance` are looked for quickly at first, then ever more rarely.
  std::chrono::microseconds slice{20};
  while (Clock::now() < deadline) {
    const Clock::time_point next = std::min(deadline, Clock::now() + 8 * slice);
    if (impl_->sleepers->any.sleep(done, next, slice)) break;
    slice = std::min<std::chrono::microseconds>(slice * 2, kBlindSlice / 2);
  }
  for (Point point : points) impl_->words[point.stream()].watchers.fetch_sub(1);
}

uint64_t Timeline::any_ticket() const {
  return impl_->any_generation.load(std::memory_order_seq_cst);
}

void Timeline::wake_any() {
  impl_->any_generation.fetch_add(1, std::memory_order_seq_cst);
  impl_->sleepers->any.wake();
}

void Timeline::reset_after_fork() {
  // Locks and conditions of the parent may be in any state; their memory is given up.
  static_cast<void>(impl_->sleepers.release());
  impl_->sleepers = std::make_unique<Sleepers>();
}

}  // namespace tandem::device
