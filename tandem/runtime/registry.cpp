// Streams come and go: ids, slots and the queues of the backends.
#include <algorithm>

#include "tandem/base/check.h"
#include "tandem/runtime/scheduler_impl.h"

namespace tandem::runtime {
namespace {

constexpr uint32_t kIds = 65535;  // 65535 itself names no stream

QueueKind kind_of(const device::Backend& backend) {
  const device::Capabilities& capabilities = backend.capabilities();
  if (capabilities.runs_inline) return kRunsInline;
  return static_cast<QueueKind>(1 + 2 * static_cast<int>(backend.device().type) +
                                (capabilities.simulated ? 1 : 0));
}

}  // namespace

StreamState& Scheduler::Impl::state(uint16_t stream) const {
  StreamState* found = streams_.find(stream);
  TANDEM_CHECK(found, "stream {} was never made", stream);
  return *found;
}

uint16_t Scheduler::Impl::take_id() {
  const std::lock_guard lock(registry_mutex_);
  if (!free_ids_.empty()) return free_ids_.extract(free_ids_.begin()).value();
  TANDEM_USER(next_id_ < kIds, DeviceError, "new_stream",
              "too many streams: got {}, expected at most {}", next_id_ + 1, kIds);
  return static_cast<uint16_t>(next_id_++);
}

uint16_t Scheduler::Impl::create(device::Backend& backend) {
  reap();
  const uint16_t id = take_id();
  StreamState& stream = streams_[id];
  std::unique_ptr<device::Queue> queue;
  try {
    queue = backend.create_queue(id, timeline_,
                                 [this, &stream](uint64_t sequence, std::exception_ptr error) {
                                   fail(stream, sequence, std::move(error));
                                 });
  } catch (...) {
    const std::lock_guard lock(registry_mutex_);
    free_ids_.insert(id);
    throw;
  }
  const std::lock_guard lock(stream.mutex);
  stream.id = id;
  stream.live = true;
  stream.retiring = stream.lost = false;
  stream.kind.store(kind_of(backend), std::memory_order_relaxed);
  stream.device = backend.device();
  stream.backend = &backend;
  stream.queue = std::move(queue);
  return id;
}

void Scheduler::Impl::retire(uint16_t id) {
  StreamState& stream = state(id);
  Point last;
  {
    const std::lock_guard lock(stream.mutex);
    TANDEM_CHECK(stream.live && !stream.retiring, "stream {} is retired twice", id);
    stream.retiring = true;
    last = Point(id, stream.last.load(std::memory_order_relaxed));
  }
  {
    const std::lock_guard lock(registry_mutex_);
    retiring_.push_back(id);
  }
  kick(last);
  reap();
}

// Makes the slots of drained streams free.
void Scheduler::Impl::reap() {
  std::vector<std::unique_ptr<device::Queue>> queues;  // let go without a lock
  std::vector<Ref<Work>> done;
  std::vector<uint16_t> freed;
  {
    const std::lock_guard registry(registry_mutex_);
    std::erase_if(retiring_, [&](uint16_t id) {
      StreamState& stream = state(id);
      const std::lock_guard lock(stream.mutex);
      if (stream.baton != Baton::free || !stream.items.empty() ||
          !timeline_.reached(Point(id, stream.last.load(std::memory_order_relaxed)))) {
        return false;
      }
      prune(stream, timeline_, done);
      stream.live = false;
      queues.push_back(std::move(stream.queue));
      freed.push_back(id);
      return true;
    });
  }
  queues.clear();
  done.clear();
  const std::lock_guard registry(registry_mutex_);
  free_ids_.insert(freed.begin(), freed.end());
}

std::vector<Point> Scheduler::Impl::last_points() {
  std::vector<Point> points;
  streams_.for_each([&](StreamState& stream) {
    const std::lock_guard lock(stream.mutex);
    const uint64_t last = stream.last.load(std::memory_order_relaxed);
    if (stream.live && last > 0) points.emplace_back(stream.id, last);
  });
  return points;
}

Scheduler::Counters Scheduler::Impl::counters() {
  Counters sum;
  streams_.for_each([&](StreamState& stream) {
    const std::lock_guard lock(stream.mutex);
    sum.submitted += stream.counters.submitted;
    sum.run_by_caller += stream.counters.run_by_caller;
    sum.run_by_worker += stream.counters.run_by_worker;
    sum.handed_to_device += stream.counters.handed_to_device;
    sum.parked += stream.counters.parked;
    sum.device_waits += stream.counters.device_waits;
  });
  return sum;
}

}  // namespace tandem::runtime
