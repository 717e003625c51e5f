#include "tandem/runtime/poller.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tandem::runtime {
namespace {

struct Entry {
  device::Point point;
  StreamState* parked = nullptr;
};

}  // namespace

struct Poller::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Entry> entries;
  bool stopping = false;
  std::thread thread;
};

Poller::Poller(device::Timeline& timeline, std::function<void(StreamState&)> resume)
    : timeline_(timeline), resume_(std::move(resume)), state_(std::make_unique<State>()) {}

Poller::~Poller() { stop(); }

void Poller::add(device::Point point, StreamState* parked) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->entries.push_back({point, parked});
    if (!state_->thread.joinable()) {
      state_->thread = std::thread([this, state = state_.get()] { run(*state); });
    }
  }
  state_->changed.notify_one();
  timeline_.wake_any();
}

bool Poller::claim(device::Point point, StreamState& parked) {
  const std::lock_guard lock(state_->mutex);
  auto& entries = state_->entries;
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.parked == &parked && entry.point == point;
  });
  if (found == entries.end()) return false;
  *found = entries.back();
  entries.pop_back();
  return true;
}

void Poller::run(State& state) {
  std::vector<device::Point> points;
  std::vector<Entry> reached;
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.changed.wait(lock, [&] { return state.stopping || !state.entries.empty(); });
    if (state.stopping) return;
    points.clear();
    for (const Entry& entry : state.entries) points.push_back(entry.point);
    const uint64_t ticket = timeline_.any_ticket();
    lock.unlock();
    timeline_.wait_any(points, ticket, std::chrono::hours(1));
    lock.lock();
    const auto pending =
        std::stable_partition(state.entries.begin(), state.entries.end(),
                              [&](const Entry& entry) { return timeline_.reached(entry.point); });
    reached.assign(state.entries.begin(), pending);
    state.entries.erase(state.entries.begin(), pending);
    lock.unlock();
    for (const Entry& entry : reached) {
      if (entry.parked) {
        resume_(*entry.parked);
      } else {
        timeline_.advance(entry.point);
      }
    }
    lock.lock();
  }
}

void Poller::stop() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_one();
  timeline_.wake_any();
  if (state_->thread.joinable()) state_->thread.join();
}

void Poller::reset_after_fork() {
  static_cast<void>(state_.release());  // its lock may be in any state and its thread is not here
  state_ = std::make_unique<State>();
}

}  // namespace tandem::runtime
