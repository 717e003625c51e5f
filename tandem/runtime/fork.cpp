// fork(): the parent stops at a moment when every stream is in order; the child starts over with
// what cannot finish there marked as failed.
#include <exception>
#include <utility>

#include "tandem/base/error.h"
#include "tandem/runtime/scheduler_impl.h"

namespace tandem::runtime {

// The only place that holds several locks; nobody else who holds one stream's lock waits for
// another.
void Scheduler::Impl::before_fork() {
  registry_mutex_.lock();
  streams_.for_each([&](StreamState& stream) { locked_for_fork_.push_back(&stream); });
  for (StreamState* stream : locked_for_fork_) stream->mutex.lock();
}

void Scheduler::Impl::after_fork_in_parent() {
  for (StreamState* stream : locked_for_fork_) stream->mutex.unlock();
  locked_for_fork_.clear();
  registry_mutex_.unlock();
}

void Scheduler::Impl::reset_after_fork(Spawn spawn) {
  timeline_.reset_after_fork();
  workers_.reset_after_fork(std::move(spawn));
  poller_.reset_after_fork();
  const std::exception_ptr error = std::make_exception_ptr(
      Error("[fork] a value is lost: got one still being computed at the fork, expected it to be "
            "evaluated before"));
  for (StreamState* stream : locked_for_fork_) {
    if (Work* running = stream->running.exchange(nullptr)) {
      if (!stream->running_failed.exchange(true)) running->fail(error);
    }
    for (; !stream->in_flight.empty(); stream->in_flight.pop()) {
      InFlight& entry = stream->in_flight.front();
      const bool pending = !timeline_.reached(Point(stream->id, entry.sequence));
      if (pending && !entry.failed) entry.work->fail(error);
      static_cast<void>(entry.work.detach());  // it may hold what only the parent may let go
    }
    for (; !stream->items.empty(); stream->items.pop()) {
      Item& item = stream->items.front();
      item.work->fail(error);
      item.work = nullptr;
    }
    stream->dependents.clear();
    stream->baton = Baton::free;
    if (stream->live && !stream->runs_inline()) {
      static_cast<void>(stream->queue.release());  // a device may not be touched here
      stream->lost = true;
    }
    const uint64_t last = stream->last.load(std::memory_order_relaxed);
    stream->handed_over.store(last, std::memory_order_relaxed);
    timeline_.advance(Point(stream->id, last));
  }
  after_fork_in_parent();
}

}  // namespace tandem::runtime
