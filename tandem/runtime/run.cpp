// What the holder of a baton does: run pieces of work, or hand them to a device queue.
#include <utility>

#include "tandem/runtime/scheduler_impl.h"

namespace tandem::runtime {
namespace {

constexpr int kTurn = 64;  // pieces of one stream before a worker looks for others
constexpr uint64_t kOnlyUrgent = 0;

}  // namespace

// Runs the head of a held, locked inline stream; locked again after.
void Scheduler::Impl::run_one(StreamState& stream, Lock& lock) {
  Item& head = stream.items.front();
  Ref<Work> work = std::move(head.work);
  const uint64_t sequence = head.sequence;
  stream.items.pop();
  stream.running.store(work.get(), std::memory_order_relaxed);
  stream.running_failed.store(false, std::memory_order_relaxed);
  lock.unlock();
  try {
    work->run(*stream.queue);
  } catch (...) {
    fail(stream, sequence, std::current_exception());
  }
  stream.running.store(nullptr, std::memory_order_release);
  work = nullptr;
  timeline_.advance(Point(stream.id, sequence));
  lock.lock();
}

// A caller runs up to its own Point, a worker (until = kOnlyUrgent) what somebody asked for. True
// when interrupted.
bool Scheduler::Impl::run_inline(StreamState& stream, Lock lock, uint64_t until,
                                 const Interrupted* interrupted) {
  const bool worker = until == kOnlyUrgent;
  bool stopped = false;
  Ready ready;
  for (int count = 0;; ++count) {
    collect(stream, ready);
    if (!ready.empty() && !stream.items.empty()) {
      lock.unlock();
      resume_all(ready);
      lock.lock();
    }
    if (stream.items.empty()) {
      stream.baton = Baton::free;
      lock.unlock();
      resume_all(ready, worker);
      return stopped;
    }
    if (!worker && count > 0 && !stopped && interrupted && *interrupted) {
      lock.unlock();
      stopped = (*interrupted)();
      lock.lock();
    }
    const bool urgent = stream.urgent();
    const bool mine =
        worker ? urgent && count < kTurn : stream.items.front().sequence <= until && !stopped;
    if (!mine) {
      stream.baton = Baton::free;
      const Point next = urgent ? dispatch(stream, lock) : Point();
      if (lock.owns_lock()) lock.unlock();
      kick(next);
      return stopped;
    }
    const Point point = blocker(stream);
    if (point.never_waits()) {
      ++(worker ? stream.counters.run_by_worker : stream.counters.run_by_caller);
      run_one(stream, lock);
      continue;
    }
    if (!worker && !state(point).runs_inline() &&
        state(point).handed_over.load(std::memory_order_acquire) >= point.sequence()) {
      lock.unlock();
      const bool reached = timeline_.spin(point);  // sooner than a hand-over to the poller and back
      lock.lock();
      if (reached) continue;
    }
    const bool needed = stream.urgent();
    if (park(stream, lock, point)) {
      if (needed) kick(point);
      return stopped;
    }
  }
}

void Scheduler::Impl::run_scheduled(StreamState& stream) {
  Lock lock(stream.mutex);
  if (stream.baton != Baton::scheduled) return;  // a caller was first
  stream.baton = Baton::held;
  run_inline(stream, std::move(lock), kOnlyUrgent, nullptr);
}

// Hands over the work of a held, locked device stream until it is empty or parked. Unlocked after.
void Scheduler::Impl::pump(StreamState& stream, Lock& lock, Ready& ready) {
  std::vector<Ref<Work>> done;  // let go without the lock
  for (;;) {
    collect(stream, ready);
    prune(stream, timeline_, done);
    if (stream.items.empty()) {
      stream.baton = Baton::free;
      lock.unlock();
      return;
    }
    const Point point = blocker(stream);
    if (!point.never_waits()) {
      const bool needed = stream.urgent();
      if (!park(stream, lock, point)) continue;
      if (needed) kick(point);
      return;
    }
    Item& head = stream.items.front();
    Item item{.work = std::move(head.work),
              .sequence = head.sequence,
              .waits = {},
              .device_waits = std::move(head.device_waits)};
    stream.items.pop();
    InFlight& entry = stream.in_flight.push();
    entry = {.work = item.work, .sequence = item.sequence, .failed = false};
    ++stream.counters.handed_to_device;
    stream.counters.device_waits += item.device_waits.size();
    lock.unlock();
    hand_over(stream, item);
    lock.lock();
  }
}

void Scheduler::Impl::hand_over(StreamState& stream, Item& item) {
  try {
    for (const Point point : item.device_waits) stream.backend->wait(*stream.queue, point);
    item.work->run(*stream.queue);
  } catch (...) {
    fail(stream, item.sequence, std::current_exception());
  }
  try {
    stream.backend->finish(*stream.queue, item.sequence);
  } catch (...) {
    // A queue that cannot take the end of a piece takes nothing any more: nobody else writes the
    // word.
    fail(stream, item.sequence, std::current_exception());
    timeline_.advance(Point(stream.id, item.sequence));
  }
  stream.handed_over.store(item.sequence, std::memory_order_release);
}

// Tells the work of its failure, the first time.
void Scheduler::Impl::fail(StreamState& stream, uint64_t sequence,
                           std::exception_ptr error) noexcept {
  if (stream.runs_inline()) {
    Work* running = stream.running.load(std::memory_order_acquire);
    if (running && !stream.running_failed.exchange(true)) running->fail(std::move(error));
    return;
  }
  Ref<Work> work;
  {
    const std::lock_guard lock(stream.mutex);
    for (size_t i = 0; i < stream.in_flight.size(); ++i) {
      InFlight& entry = stream.in_flight[i];
      if (entry.sequence == sequence && !std::exchange(entry.failed, true)) work = entry.work;
    }
  }
  if (work) work->fail(std::move(error));
}

// Moves finished work out of a locked device stream.
void Scheduler::Impl::prune(StreamState& stream, const device::Timeline& timeline,
                            std::vector<Ref<Work>>& done) {
  while (!stream.in_flight.empty() &&
         timeline.reached(Point(stream.id, stream.in_flight.front().sequence))) {
    done.push_back(std::move(stream.in_flight.front().work));
    stream.in_flight.pop();
  }
}

}  // namespace tandem::runtime
