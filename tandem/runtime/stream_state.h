// StreamState: what the scheduler knows of one stream. Slots live as long as the scheduler and are
// reused with their id, so a pointer to one is always valid.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "tandem/base/ref.h"
#include "tandem/base/small_vector.h"
#include "tandem/device/backend.h"
#include "tandem/device/ids.h"
#include "tandem/runtime/fifo.h"
#include "tandem/runtime/scheduler.h"

namespace tandem::runtime {

struct StreamState;

// A submitted piece of work that has not begun.
struct Item {
  Ref<Work> work;
  uint64_t sequence = 0;
  SmallVector<device::Point, 2> waits;         // not known to be settled
  SmallVector<device::Point, 2> device_waits;  // settled by the device's own wait before the work
};

// Work that a device queue holds.
struct InFlight {
  Ref<Work> work;
  uint64_t sequence = 0;
  bool failed = false;
};

// What a parked stream waits for in another one.
enum class Edge : uint8_t {
  reached,      // the Point is reached
  handed_over,  // the work is in its device queue, which is enough for a wait between queues
};

struct Dependent {
  StreamState* stream = nullptr;
  uint64_t sequence = 0;
  Edge edge = Edge::reached;
};

// Who may run the stream. Exactly one thread moves a stream out of `held` or `parked`: the holder,
// or the one that takes the registered Dependent (or poll entry) out of its list.
enum class Baton : uint8_t {
  free,       // nobody; any thread may take it. Work may lie there for a caller that will wait
  scheduled,  // in the queue of the workers; a waiting caller may take it first
  held,       // a thread runs it
  parked,     // its head waits for parked_on
};

// Which queues can wait for each other; 0 for streams that a host thread runs.
using QueueKind = uint8_t;
inline constexpr QueueKind kRunsInline = 0;

struct alignas(64) StreamState {
  std::mutex mutex;  // guards everything below that is not atomic; never held together with another

  uint16_t id = 0;
  bool live = false;
  bool retiring = false;
  bool lost = false;  // a device stream in the child of a fork
  Baton baton = Baton::free;
  std::atomic<QueueKind> kind{kRunsInline};
  std::atomic<Device> device{};  // written while nobody knows the stream's new id
  device::Backend* backend = nullptr;
  std::unique_ptr<device::Queue> queue;

  Fifo<Item> items;
  std::atomic<uint64_t> last{0};  // sequence of the latest submission
  uint64_t urgent_until = 0;      // work up to here runs without a caller to run it
  device::Point parked_on;
  std::vector<Dependent> dependents;

  std::atomic<Work*> running{nullptr};  // inline streams: the work of the holder
  std::atomic<bool> running_failed{false};
  Fifo<InFlight> in_flight;  // device streams
  std::atomic<uint64_t> handed_over{0};

  Scheduler::Counters counters;

  bool runs_inline() const { return kind.load(std::memory_order_relaxed) == kRunsInline; }
  bool urgent() { return !items.empty() && items.front().sequence <= urgent_until; }
};

}  // namespace tandem::runtime
