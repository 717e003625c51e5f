// Binder: takes a plan to a Run: memory for what it writes, residency for what it reads, and the
// numbers of every launch; then submits the segments and publishes the results. All under the
// engine's lock.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "tandem/engine/devices.h"
#include "tandem/engine/inspect.h"
#include "tandem/engine/plan_cache.h"
#include "tandem/engine/run.h"
#include "tandem/graph/walk.h"
#include "tandem/memory/ledger.h"
#include "tandem/passes/split.h"
#include "tandem/passes/view.h"

namespace tandem::engine {

// The reserved memory of a stream for values that die inside of a run. FIFO order makes its reuse
// safe.
struct Arena {
  memory::Pool* pool = nullptr;
  std::byte* data = nullptr;
  size_t capacity = 0;
  memory::Points after;  // of the block, until the next segment has waited for them
};

// What is about to be given to the scheduler, for checkers of the order.
struct Submission {
  struct Access {
    const std::byte* begin;
    size_t bytes;
    bool written;
  };
  uint16_t stream;
  device::Point point;    // that it will have
  memory::Points& waits;  // an observer may leave some out, as a mistaken plan would
  std::vector<Access> accesses;
};

// Decisions beside the steps of pressure.h, each of which a test can leave out.
enum class Decision : uint8_t {
  replan,     // a kernel with too many operands for the device is planned again without fusion
  donate,     // small mode: a result is written over an input that dies
  recompute,  // small mode: a value is made again instead of moved out and back
  prefetch,   // small mode: inputs are copied ahead of their readers
  push,       // results are sent ahead to where their site's values are read
  release,    // mirrors of values that are read once go at once while memory is short
};

struct EngineState {
  runtime::Scheduler& scheduler;
  Devices& devices;
  std::map<uint16_t, Arena> arenas;  // by stream
  inspect::Counters counters;
  Failures failures;
  uint64_t now = 0;                  // counts attempts to run; buffers remember the last one
  uint64_t speculation_resumes = 0;  // nothing is made ahead of its readers before
  bool may_speculate() const { return now >= speculation_resumes; }
  uint32_t left_out = 0;  // tests: bits of decisions
  bool decides(Decision decision) const {
    return (left_out >> static_cast<uint32_t>(decision) & 1) == 0;
  }
  // Tests: sees every segment and transfer. Called under the engine's lock.
  std::function<void(Submission&)> observer;
};

// Raised by reserve when a pool has no memory left; nothing was claimed. Carries the numbers.
struct MemoryShortage {
  memory::Pool* pool;
  Device device;
  size_t bytes;
  bool go_small = false;  // a whole run would hold too much of the pool at once
};

// Room for a copy of a buffer on another device, not yet made.
struct PendingCopy {
  Device place;
  memory::Block block;
  memory::Cause cause;
};

// Queues the transfer from the buffer's first copy and adds the new one. The block becomes the
// buffer's.
device::Point copy_to(EngineState& state, memory::Buffer& buffer, PendingCopy copy);

// What a run has let go of, to be destroyed without the engine's lock.
using DeadNodes = SmallVector<graph::NodeRef, 16>;

class Binder {
 public:
  explicit Binder(EngineState& state) : state_(state) {}

  // Starts on a run of `plan`, which belongs to the entry; a binder serves one at a time and keeps
  // its arrays between them.
  void begin(PlanEntry& entry, std::shared_ptr<const passes::Plan> plan, const graph::Walk& walk);
  // Forgets the run; undoes it unless it was submitted.
  void end();

  // Allocates everything the run needs; throws MemoryShortage with all undone.
  void reserve();
  // Queues transfers and segments, in topological order.
  void submit(bool wait);
  // Waits for a Point, with the engine's lock given back meanwhile.
  using Waiter = std::function<void(device::Point)>;
  // Small mode, instead of reserve and submit: memory for one segment at a time. Values that are
  // read farthest in the future make room, are made again or moved to the host and back ahead of
  // their readers. Throws MemoryShortage when a segment alone does not fit, and what the waiter
  // throws.
  void run_small(const passes::SplitPlan& parts, bool wait, const Waiter& waiter);
  // Gives storage to the kept nodes and collects the inputs they let go of.
  void publish(DeadNodes& dead);

 private:
  struct Bound {
    std::byte* data = nullptr;   // on the device where it is made, or of the leaf
    Ref<memory::Buffer> buffer;  // leaf, output and transient values
    passes::Layout layout;       // of the whole value
    memory::Points after;        // its block's former uses
    bool donated = false;        // written over a dead input
    bool placed = false;         // its site knows of it

    void reset() {
      data = nullptr;
      buffer = {};
      after.clear();
      donated = placed = false;
    }
  };
  struct PlannedCopy {
    uint32_t value;
    uint16_t stream;  // that will make it
    PendingCopy copy;
  };

  struct Victim {
    Ref<memory::Buffer> buffer;
    uint32_t value;     // of this run; kNone: of nobody here
    uint32_t next_use;  // of the copy, on its device; kNone: never
    bool redundant;
  };

  const passes::Plan& plan() const { return *plan_; }
  uint16_t stream_of(const passes::Segment& segment) const { return walk_->streams[segment.slot]; }
  DeviceEntry& device_of(uint32_t slot) const { return *slot_devices_[slot]; }
  Dims shape_of(const passes::Value& value) const {
    return Dims(walk_->dims).subspan(value.first_dim, value.rank);
  }
  size_t bytes_of(const passes::Value& value) const {
    return static_cast<size_t>(element_count(shape_of(value))) * size_of(value.dtype);
  }

  void reserve_value(uint32_t number);
  bool try_donation(uint32_t number);
  bool take(uint32_t donor, uint32_t number);
  void reserve_arenas();
  void reserve_copies();
  memory::Block allocate(memory::Pool& pool, Device device, size_t bytes, uint16_t stream,
                         const std::byte* preferred = nullptr);
  PendingCopy* pending(uint32_t value, Device place);
  void make_resident(uint32_t value, DeviceEntry& device, memory::Points& waits);
  void submit_segment(uint32_t number, runtime::Urgency urgency, Ref<Run>& run);
  void show(const Run& run, uint32_t segment, uint16_t stream, memory::Points& waits);
  void bind_instruction(Run& run, uint32_t number, DeviceEntry& device);
  void bind_params(Run& run, const passes::Instruction& instruction, Run::Launch& launch);
  // Where the operand's elements are: of the value itself, or in `scratch` behind the operand's views.
  const passes::Layout& operand_layout(const passes::Operand& operand,
                                       passes::Layout& scratch) const;
  device::BufferArgument argument(const passes::Operand& operand, const passes::Layout& layout,
                                  DeviceEntry& device) const;
  std::byte* address(uint32_t value, DeviceEntry& device) const;
  runtime::Urgency urgency(uint32_t segment, bool wait) const;
  void count_rebind();
  void undo();

  void refresh_exported();
  void reserve_segment(uint32_t number, uint32_t now);
  void reserve_inputs(const passes::Segment& segment, uint32_t now);
  void reserve_block(uint32_t value, DeviceEntry& device, const memory::Block& block);
  void release_copies();
  void run_segment(uint32_t number, bool wait);
  void let_go(uint32_t value, uint32_t segment);
  bool donate_small(uint32_t value, uint32_t segment);
  void remake_inputs(uint32_t segment, bool wait);
  void pin(memory::Buffer& buffer);
  void unpin();
  memory::Block make_room(memory::Pool& pool, Device place, size_t bytes, uint16_t stream,
                          uint32_t now);
  std::vector<Victim> victims(Device place, uint32_t now) const;
  bool free_copy(Victim& victim, Device place, uint32_t now);
  bool spill_copy(memory::Buffer& buffer, Device place, uint32_t now);
  bool is_cheaper_remade(const Victim& victim, Device place, uint32_t now) const;
  void prefetch(uint32_t segment);

  bool poisons() const;
  void poison_dead(uint32_t value);
  void poison(DeviceEntry& device, uint16_t stream, std::byte* data, size_t bytes,
              memory::Points& uses);
  void place_outputs();
  void push(memory::Buffer& buffer);
  void release_streamed();

  EngineState& state_;
  PlanEntry* entry_ = nullptr;
  std::shared_ptr<const passes::Plan> plan_;
  const passes::SplitPlan* parts_ = nullptr;  // of a small run
  const Waiter* waiter_ = nullptr;            // of a small run
  bool gave_way_ = false;                     // a small run has waited: others may have run
  uint32_t prefetch_resumes_ = 0;             // nothing is prefetched before this segment
  std::vector<uint32_t> remade_at_;           // by value: the segment it was last made again for
  std::vector<memory::Buffer*> pinned_;       // by the segment in hand
  const graph::Walk* walk_ = nullptr;
  std::vector<DeviceEntry*> slot_devices_;
  std::vector<Bound> values_;  // keep the room of their layouts between runs
  std::vector<PlannedCopy> copies_;
  std::vector<size_t> arena_offsets_;  // by arena slot
  std::vector<device::Point> points_;  // by segment
  size_t transient_bytes_ = 0;
  bool submitted_ = false;
};

}  // namespace tandem::engine
