#include "tandem/runtime/scheduler.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tandem/base/check.h"
#include "tandem/base/log.h"
#include "tandem/runtime/scheduler_impl.h"

namespace tandem::runtime {
namespace {

constexpr std::chrono::milliseconds kInterruptInterval{20};

int worker_limit(const SchedulerOptions& options) {
  if (options.max_workers > 0) return options.max_workers;
  return std::max(4, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

Scheduler::Impl::Impl(Spawn spawn, SchedulerOptions options)
    : options_(options),
      workers_(std::move(spawn), worker_limit(options),
               [this](StreamState& stream) { run_scheduled(stream); }),
      poller_(timeline_, [this](StreamState& stream) {
        Ready ready{&stream};
        resume_all(ready);
      }) {}

Scheduler::Impl::~Impl() = default;

Point Scheduler::Impl::submit(uint16_t id, Ref<Work> work, std::span<const Point> waits,
                              Urgency urgency) {
  StreamState& stream = state(id);
  Lock lock(stream.mutex);
  TANDEM_CHECK(stream.live && !stream.retiring, "work for stream {}, which is retired", id);
  TANDEM_USER(!stream.lost, DeviceError, "fork",
              "{} cannot be used in the child of a fork: got work for stream {}, expected a fresh "
              "process (start method \"spawn\")",
              to_string(stream.device.load()), id);
  const uint64_t sequence = stream.last.load(std::memory_order_relaxed) + 1;
  SmallVector<Point, 2> open;
  for (const Point point : waits) {
    if (point.stream() == id || timeline_.reached(point)) continue;
    TANDEM_CHECK(point.sequence() <= state(point).last.load(std::memory_order_acquire),
                 "work waits for piece {} of stream {}, which was not submitted", point.sequence(),
                 point.stream());
    open.push_back(point);
  }
  Item& item = stream.items.push();
  item.work = std::move(work);
  item.sequence = sequence;
  item.waits = std::move(open);
  item.device_waits.clear();
  stream.last.store(sequence, std::memory_order_release);
  ++stream.counters.submitted;
  const bool urgent = urgency == Urgency::asynchronous;
  if (urgent) stream.urgent_until = sequence;

  if (stream.baton == Baton::free && !stream.runs_inline()) {
    Ready ready;
    stream.baton = Baton::held;
    pump(stream, lock, ready);
    resume_all(ready);
  } else if (stream.baton == Baton::free && urgent) {
    const Point next = dispatch(stream, lock);
    kick(next);
  } else if (stream.baton == Baton::parked && urgent) {
    const Point next = stream.parked_on;
    lock.unlock();
    kick(next);
  }
  return Point(id, sequence);
}

// Drops what a device stream still holds of finished work.
void Scheduler::Impl::let_go_finished(Point point) {
  if (point.never_waits()) return;
  StreamState& stream = state(point);
  if (stream.runs_inline()) return;
  std::vector<Ref<Work>> done;  // destroyed without the lock
  const std::lock_guard lock(stream.mutex);
  prune(stream, timeline_, done);
}

bool Scheduler::Impl::wait(Point point, const Interrupted& interrupted) {
  if (timeline_.reached(point)) {
    let_go_finished(point);
    return true;
  }
  bool watched = false;  // the poller looks at the word too, in case the device cannot wake us
  for (bool spin = true;;) {
    const Step step = help(point, interrupted);
    if (timeline_.reached(point)) break;
    bool stop = step.interrupted;
    if (step.ran) {
      spin = true;
      stop = stop || (interrupted && interrupted());
    } else if (spin) {
      timeline_.spin(step.blocked_on);
      spin = timeline_.reached(step.blocked_on);
    } else {
      if (!watched && step.blocked_on == point && !state(point).runs_inline()) {
        poller_.add(point, nullptr);
        watched = true;
      }
      spin = timeline_.wait(step.blocked_on, kInterruptInterval, /*spin_first=*/false);
      stop = !spin && interrupted && interrupted();
    }
    if (stop) {
      kick(point);
      return false;
    }
    if (step.parked && timeline_.reached(step.blocked_on) &&
        poller_.claim(step.blocked_on, *step.parked)) {
      Ready ready{step.parked};
      resume_all(ready);
    }
  }
  let_go_finished(point);
  return true;
}

bool Scheduler::Impl::synchronize(std::span<const Point> points, const Interrupted& interrupted) {
  if (points.size() > 1) {
    for (const Point point : points) kick(point);
  }
  return std::all_of(points.begin(), points.end(),
                     [&](Point point) { return wait(point, interrupted); });
}

// Waits for everything, running nothing itself: what hangs must not hang the caller.
bool Scheduler::Impl::drain(Deadline deadline) {
  const std::vector<Point> points = last_points();
  for (const Point point : points) kick(point);
  for (const Point point : points) {
    if (!timeline_.wait(point, deadline - std::chrono::steady_clock::now())) return false;
  }
  return true;
}

bool Scheduler::Impl::stop() {
  const Deadline deadline = std::chrono::steady_clock::now() + options_.drain_timeout;
  if (!drain(deadline) || !workers_.wait_idle(deadline)) return false;
  poller_.stop();
  return true;
}

Scheduler::Scheduler(Spawn spawn, SchedulerOptions options)
    : impl_(std::make_unique<Impl>(std::move(spawn), options)) {}

Scheduler::~Scheduler() {
  if (impl_->stop()) return;
  log_warning("work was still running when its scheduler ended and is left behind");
  static auto* left_behind = new std::vector<std::unique_ptr<Impl>>;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  left_behind->push_back(std::move(impl_));
}

device::Timeline& Scheduler::timeline() { return impl_->timeline_; }

uint16_t Scheduler::create_stream(device::Backend& backend) { return impl_->create(backend); }

void Scheduler::retire_stream(uint16_t stream) { impl_->retire(stream); }

Device Scheduler::device_of(uint16_t stream) const {
  return impl_->state(stream).device.load(std::memory_order_relaxed);
}

Point Scheduler::submit(uint16_t stream, Ref<Work> work, std::span<const Point> waits,
                        Urgency urgency) {
  return impl_->submit(stream, std::move(work), waits, urgency);
}

Point Scheduler::next_point(uint16_t stream) const {
  return Point(stream, impl_->state(stream).last.load(std::memory_order_acquire) + 1);
}

Point Scheduler::last_point(uint16_t stream) const {
  return Point(stream, impl_->state(stream).last.load(std::memory_order_acquire));
}

bool Scheduler::wait(Point point, const Interrupted& interrupted) {
  return impl_->wait(point, interrupted);
}

bool Scheduler::synchronize(uint16_t stream, const Interrupted& interrupted) {
  return impl_->wait(last_point(stream), interrupted);
}

bool Scheduler::synchronize_all(const Interrupted& interrupted) {
  return impl_->synchronize(impl_->last_points(), interrupted);
}

bool Scheduler::drain(std::chrono::duration<double> timeout) {
  const auto limit = std::chrono::duration<double>(std::chrono::hours(24 * 365));
  return impl_->drain(
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::min(timeout, limit)));
}

void Scheduler::before_fork() { impl_->before_fork(); }
void Scheduler::after_fork_in_parent() { impl_->after_fork_in_parent(); }
void Scheduler::reset_after_fork(Spawn spawn) { impl_->reset_after_fork(std::move(spawn)); }

Scheduler::Counters Scheduler::counters() const { return impl_->counters(); }

}  // namespace tandem::runtime
