#include "tandem/runtime/workers.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "tandem/base/log.h"
#include "tandem/runtime/fifo.h"

namespace tandem::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::microseconds kLinger{30};

}  // namespace

struct Workers::State {
  std::mutex mutex;
  std::condition_variable changed;
  Fifo<StreamState*> queue;
  std::atomic<size_t> queued{0};  // queue.size(), for tasks that linger
  int tasks = 0;
  int lingering = 0;
};

Workers::Workers(Spawn spawn, int limit, std::function<void(StreamState&)> run)
    : spawn_(std::move(spawn)),
      limit_(limit),
      run_(std::move(run)),
      state_(std::make_unique<State>()) {}

Workers::~Workers() = default;

void Workers::push(StreamState& stream, bool self) {
  State& state = *state_;
  {
    const std::lock_guard lock(state.mutex);
    state.queue.push() = &stream;
    state.queued.store(state.queue.size(), std::memory_order_release);
    const size_t takers = static_cast<size_t>(state.lingering) + (self ? 1 : 0);
    if (state.queue.size() <= takers || state.tasks >= limit_) return;
    ++state.tasks;
  }
  try {
    spawn_([this, &state] { work(state); });
  } catch (const std::exception& error) {
    // Streams stay in the queue for the tasks there are and for callers that wait.
    log_error("a worker could not be started: {}", error.what());
    const std::lock_guard lock(state.mutex);
    --state.tasks;
    state.changed.notify_all();
  }
}

StreamState* Workers::next(State& state) {
  const auto take = [&]() -> StreamState* {
    if (state.queue.empty()) return nullptr;
    StreamState* stream = state.queue.front();
    state.queue.pop();
    state.queued.store(state.queue.size(), std::memory_order_relaxed);
    return stream;
  };
  {
    const std::lock_guard lock(state.mutex);
    if (StreamState* stream = take()) return stream;
    ++state.lingering;
  }
  const Clock::time_point until = Clock::now() + kLinger;
  do {
    for (int i = 0; i < 32 && state.queued.load(std::memory_order_acquire) == 0; ++i) {
      device::pause_briefly();
    }
  } while (state.queued.load(std::memory_order_acquire) == 0 && Clock::now() < until);
  const std::lock_guard lock(state.mutex);
  --state.lingering;
  StreamState* stream = take();
  if (!stream) {
    --state.tasks;
    state.changed.notify_all();  // under the lock: afterwards the State may be gone
  }
  return stream;
}

void Workers::work(State& state) {
  while (StreamState* stream = next(state)) run_(*stream);
}

bool Workers::wait_idle(Clock::time_point deadline) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_until(lock, deadline, [&] { return state_->tasks == 0; });
}

void Workers::reset_after_fork(Spawn spawn) {
  static_cast<void>(state_.release());  // its lock may be in any state
  state_ = std::make_unique<State>();
  static_cast<void>(new Spawn(std::exchange(spawn_, std::move(spawn))));
}

}  // namespace tandem::runtime
