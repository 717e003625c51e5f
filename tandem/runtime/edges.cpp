// Edges between streams: parking behind one, resuming, asking for work that another stream needs,
// and the walk of a waiting caller along them.
#include <algorithm>

#include "tandem/base/check.h"
#include "tandem/runtime/scheduler_impl.h"

namespace tandem::runtime {

// Whether an edge can be left to the devices.
bool Scheduler::Impl::between_queues(const StreamState& waiting, const StreamState& awaited) const {
  const QueueKind kind = awaited.kind.load(std::memory_order_relaxed);
  return kind != kRunsInline && kind == waiting.kind.load(std::memory_order_relaxed);
}

// The first wait of the stream's head that keeps it from running; default: none. Locked, items not
// empty.
Point Scheduler::Impl::blocker(StreamState& stream) {
  Item& head = stream.items.front();
  while (!head.waits.empty()) {
    const Point point = head.waits.back();
    if (!timeline_.reached(point)) {
      const StreamState& awaited = state(point);
      const bool queued = between_queues(stream, awaited) &&
                          awaited.handed_over.load(std::memory_order_acquire) >= point.sequence();
      // An unreached Point keeps its stream from being recycled: asked last, the answers above are
      // its own.
      if (!timeline_.reached(point)) {
        if (!queued) return point;
        head.device_waits.push_back(point);
      }
    }
    head.waits.pop_back();
  }
  return {};
}

// Registers the held or free, locked stream behind `point` and gives the baton up. False, with the
// lock and the baton as they were, when the edge is settled already. After true the stream may be
// running elsewhere.
bool Scheduler::Impl::park(StreamState& stream, Lock& lock, Point point) {
  const Baton before = stream.baton;
  stream.baton = Baton::parked;
  stream.parked_on = point;
  ++stream.counters.parked;
  lock.unlock();
  StreamState& awaited = state(point);
  const bool queues = between_queues(stream, awaited);
  if (!queues && !awaited.runs_inline()) {
    poller_.add(point, &stream);
    return true;
  }
  {
    const std::lock_guard other(awaited.mutex);
    const bool settled =
        timeline_.reached(point) ||
        (queues && awaited.handed_over.load(std::memory_order_relaxed) >= point.sequence());
    if (!settled) {
      awaited.dependents.push_back(
          {&stream, point.sequence(), queues ? Edge::handed_over : Edge::reached});
      return true;
    }
  }
  lock.lock();
  --stream.counters.parked;
  stream.baton = before;
  return false;
}

// Lets a free, locked inline stream with work go on without a caller. Returns the Point that must
// be kicked for it.
Point Scheduler::Impl::dispatch(StreamState& stream, Lock& lock, bool self) {
  for (;;) {
    const Point point = blocker(stream);
    if (point.never_waits()) {
      stream.baton = Baton::scheduled;
      lock.unlock();
      workers_.push(stream, self);
      return {};
    }
    if (park(stream, lock, point)) return point;
  }
}

// The device has the work already: what is parked comes later, and may wait for this very Point.
// Locked.
bool Scheduler::Impl::is_with_device(const StreamState& stream, Point point) {
  return !stream.runs_inline() &&
         stream.handed_over.load(std::memory_order_relaxed) >= point.sequence();
}

// Makes sure that `point` will be reached without a caller to run anything.
void Scheduler::Impl::kick(Point point) {
  while (!timeline_.reached(point)) {
    StreamState& stream = state(point);
    Lock lock(stream.mutex);
    stream.urgent_until = std::max(stream.urgent_until, point.sequence());
    switch (stream.baton) {
      case Baton::free:
        if (!stream.runs_inline() || stream.items.empty()) return;
        point = dispatch(stream, lock);
        break;
      case Baton::parked:
        if (is_with_device(stream, point)) return;
        point = stream.parked_on;
        break;
      case Baton::scheduled:
      case Baton::held:
        return;  // whoever runs it reads urgent_until
    }
  }
}

// Takes out the streams for which this one has done enough. Locked.
void Scheduler::Impl::collect(StreamState& stream, Ready& ready) const {
  if (stream.dependents.empty()) return;
  std::erase_if(stream.dependents, [&](const Dependent& dependent) {
    const bool handed = dependent.edge == Edge::handed_over &&
                        stream.handed_over.load(std::memory_order_relaxed) >= dependent.sequence;
    if (!handed && !timeline_.reached(Point(stream.id, dependent.sequence))) return false;
    ready.push_back(dependent.stream);
    return true;
  });
}

// `self`: the calling thread is a worker about to look for streams.
void Scheduler::Impl::resume_all(Ready& ready, bool self) {
  while (!ready.empty()) {
    StreamState& stream = *ready.back();
    ready.pop_back();
    Lock lock(stream.mutex);
    TANDEM_DEBUG_CHECK(stream.baton == Baton::parked, "stream {} is resumed twice", stream.id);
    if (!stream.runs_inline()) {
      stream.baton = Baton::held;
      pump(stream, lock, ready);
      continue;
    }
    stream.baton = Baton::free;
    if (stream.urgent()) {
      const Point next = dispatch(stream, lock, self);
      lock = {};
      kick(next);
    }
  }
}

// Runs what `point` needs if it can be run here: the stream itself, or the first on the way to what
// it is parked behind.
Scheduler::Impl::Step Scheduler::Impl::help(Point point, const Interrupted& interrupted) {
  StreamState* parked = nullptr;
  for (;;) {
    StreamState& stream = state(point);
    Lock lock(stream.mutex);
    if (timeline_.reached(point)) return Step::blocked(point, parked);
    switch (stream.baton) {
      case Baton::parked:
        if (is_with_device(stream, point)) return Step::blocked(point, parked);
        parked = &stream;
        point = stream.parked_on;
        continue;
      case Baton::held:
        stream.urgent_until = std::max(stream.urgent_until, point.sequence());
        return Step::blocked(point, parked);
      case Baton::free:
      case Baton::scheduled:
        break;
    }
    TANDEM_CHECK(point.sequence() <= stream.last.load(std::memory_order_relaxed),
                 "wait for piece {} of stream {}, which has {}", point.sequence(), stream.id,
                 stream.last.load(std::memory_order_relaxed));
    if (!stream.runs_inline()) return Step::blocked(point, parked);
    stream.baton = Baton::held;
    Step step;
    step.ran = true;
    step.interrupted = run_inline(stream, std::move(lock), point.sequence(), &interrupted);
    return step;
  }
}

}  // namespace tandem::runtime
