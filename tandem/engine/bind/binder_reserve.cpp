// Memory of a run: outputs, transients, arenas, and room for copies of inputs on other devices.
#include <algorithm>

#include "tandem/engine/bind/binder.h"

namespace tandem::engine {

using passes::Home;
using passes::kNone;

namespace {

constexpr size_t kArenaAlignment = 256;
// Transient values of a run are not looked at as a whole below this.
constexpr size_t kManyTransientBytes = size_t{256} << 20;

void set(Shape& target, Dims source) {
  target.clear();
  target.append(source.begin(), source.end());
}

void set_row_major(passes::Layout& layout, Dims shape) {
  layout.offset = 0;
  set(layout.shape, shape);
  set(layout.strides, shape);
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    layout.strides[i] = stride;
    stride *= shape[i];
  }
}

size_t aligned(size_t bytes) {
  return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

}  // namespace

void Binder::begin(PlanEntry& entry, std::shared_ptr<const passes::Plan> plan,
                   const graph::Walk& walk) {
  entry_ = &entry;
  plan_ = std::move(plan);
  walk_ = &walk;
  submitted_ = false;
  transient_bytes_ = 0;
  for (const uint16_t stream : walk.streams) {
    slot_devices_.push_back(&state_.devices.get(state_.scheduler.device_of(stream)));
  }
  values_.resize(plan_->values.size());
}

void Binder::end() {
  unpin();
  if (!submitted_) undo();
  slot_devices_.clear();
  for (Bound& bound : values_) bound.reset();
  copies_.clear();
  points_.clear();
  parts_ = nullptr;
}

// A block was given out for work behind what its stream still does with it: back in the pool it
// waits for that again.
void Binder::undo() {
  release_copies();
  for (uint32_t v = 0; v < values_.size(); ++v) {
    const passes::Value& value = plan().values[v];
    const bool made = value.home == Home::output || value.home == Home::transient;
    if (!made || !values_[v].buffer || values_[v].donated) continue;
    const uint16_t slot = plan().instructions[value.instruction].slot;
    memory::Copy* const copy = values_[v].buffer->find(device_of(slot).place());
    if (!copy || !copy->valid.never_waits()) continue;  // in small mode it may have been written
    memory::note(copy->uses, state_.scheduler.last_point(walk_->streams[slot]));
  }
}

// Blocks for copies that were not made.
void Binder::release_copies() {
  for (auto& [value, stream, copy] : copies_) {
    if (!copy.block.data) continue;
    memory::note(copy.block.after, state_.scheduler.last_point(stream));
    memory::Pool& pool = *state_.devices.get(copy.place).pool;
    pool.release(copy.block.data, copy.block.capacity, copy.block.after);
  }
  copies_.clear();
}

memory::Block Binder::allocate(memory::Pool& pool, Device device, size_t bytes, uint16_t stream,
                               const std::byte* preferred) {
  memory::Block block = pool.allocate(bytes, stream, preferred);
  if (!block.data) throw MemoryShortage{&pool, device, bytes};
  return block;
}

void Binder::reserve() {
  // Leaves first: who owns a donor is counted with the references of this binder.
  for (const bool leaves : {true, false}) {
    for (uint32_t i = 0; i < values_.size(); ++i) {
      if ((plan().values[i].home == Home::leaf) == leaves) reserve_value(i);
    }
  }
  reserve_copies();
  reserve_arenas();
}

void Binder::reserve_value(uint32_t number) {
  const passes::Value& value = plan().values[number];
  Bound& bound = values_[number];
  if (value.home == Home::leaf) {
    const graph::Storage& storage = *walk_->nodes[walk_->leaves[value.leaf]]->storage();
    bound.buffer = storage.buffer;
    bound.buffer->check_file();
    bound.buffer->use(state_.now);
    bound.layout.offset = storage.offset;
    set(bound.layout.shape, shape_of(value));
    bound.layout.strides = storage.strides;
    return;
  }
  set_row_major(bound.layout, shape_of(value));
  if (value.home != Home::output && value.home != Home::transient) return;
  if (try_donation(number)) return;
  const passes::Instruction& maker = plan().instructions[value.instruction];
  DeviceEntry& device = device_of(maker.slot);
  const size_t bytes = bytes_of(value);
  if (value.home == Home::transient) {
    transient_bytes_ += bytes;
    // In small mode one block serves many of these.
    const size_t cap = transient_bytes_ > kManyTransientBytes ? device.pool->cap() : 0;
    if (cap != 0 && transient_bytes_ > cap / 4) {
      throw MemoryShortage{device.pool, device.place(), bytes, true};
    }
  }
  memory::Block block = allocate(*device.pool, device.place(), bytes, walk_->streams[maker.slot],
                                 entry_->output_addresses[number]);
  entry_->output_addresses[number] = block.data;
  reserve_block(number, device, block);
}

// The value will be written to the block.
void Binder::reserve_block(uint32_t value, DeviceEntry& device, const memory::Block& block) {
  Bound& bound = values_[value];
  bound.data = block.data;
  bound.after = block.after;
  bound.buffer = make_ref<memory::Buffer>(bytes_of(plan().values[value]));
  bound.buffer->use(state_.now);
  memory::Copy copy{.device = device.place(),
                    .pool = device.pool,
                    .data = block.data,
                    .capacity = block.capacity,
                    .valid = {},
                    .uses = block.after};
  bound.buffer->add(std::move(copy));
}

bool Binder::try_donation(uint32_t number) {
  for (const uint32_t donor : plan().values[number].donors) {
    if (take(donor, number)) return true;
  }
  return false;
}

// Ownership decides, not use: who still reads the input is waited for.
bool Binder::take(uint32_t donor, uint32_t number) {
  const passes::Value& value = plan().values[number];
  const uint32_t leaf_node = walk_->leaves[plan().values[donor].leaf];
  const graph::Node& node = *walk_->nodes[leaf_node];
  const graph::Storage& storage = *node.storage();
  memory::Buffer& buffer = *storage.buffer;
  // The storage's reference and this binder's; a donation already made adds another.
  const bool owned = !walk_->held[leaf_node] && storage.reference_count() == 1 &&
                     buffer.reference_count() == 2 && buffer.exports() == 0 &&
                     buffer.writable_exports() == 0 && !buffer.foreign();
  if (!owned || storage.offset != 0 || buffer.bytes() != bytes_of(value) ||
      !is_row_major(node.shape(), storage.strides)) {
    return false;
  }
  const DeviceEntry& device = device_of(plan().instructions[value.instruction].slot);
  const memory::Copy* copy = buffer.find(device.place());
  if (!copy) return false;
  values_[number].buffer = Ref<memory::Buffer>(&buffer);
  values_[number].data = copy->data;
  values_[number].donated = true;
  return true;
}

PendingCopy* Binder::pending(uint32_t value, Device place) {
  for (PlannedCopy& planned : copies_) {
    const bool same = values_[planned.value].buffer == values_[value].buffer;
    if (same && planned.copy.place == place) return &planned.copy;
  }
  return nullptr;
}

// Room for a copy of every input that its device does not have. A writable export may have changed
// the host's bytes since the last copy, so that one is dropped first.
void Binder::reserve_copies() {
  for (const passes::Segment& segment : plan().segments) {
    DeviceEntry& device = device_of(segment.slot);
    const Device place = device.place();
    for (const uint32_t value : segment.inputs) {
      memory::Buffer& buffer = *values_[value].buffer;
      memory::Cause cause = memory::Cause::input;
      if (buffer.writable_exports() > 0 && place != kHost && buffer.find(kHost)) {
        if (buffer.find(place)) cause = memory::Cause::export_again;
        buffer.drop_mirrors(kHost);
      }
      buffer.drop_failed(place);
      if (buffer.find(place) || pending(value, place)) continue;
      const uint16_t stream =
          place == kHost ? state_.devices.get(buffer.origin().device).copy_out : device.copy_in;
      copies_.push_back({value, stream, {place, {}, cause}});
      copies_.back().copy.block = allocate(*device.pool, place, buffer.bytes(), stream);
    }
  }
}

void Binder::reserve_arenas() {
  arena_offsets_.clear();
  if (plan().arena_slots.empty()) return;
  std::map<uint16_t, size_t> totals;  // by stream
  for (const passes::ArenaSlot& slot : plan().arena_slots) {
    size_t bytes = 1;  // empty values have an address too
    for (const uint32_t value : slot.values) {
      bytes = std::max(bytes, bytes_of(plan().values[value]));
    }
    size_t& total = totals[walk_->streams[slot.slot]];
    arena_offsets_.push_back(total);
    total += aligned(bytes);
  }
  for (const auto& [stream, bytes] : totals) {
    Arena& arena = state_.arenas[stream];
    if (arena.capacity >= bytes) continue;
    DeviceEntry& device = state_.devices.get(state_.scheduler.device_of(stream));
    // Half as much again, so that growing shapes do not grow it each time.
    memory::Block block = device.pool->allocate(bytes + bytes / 2, stream);
    if (!block.data) block = allocate(*device.pool, device.place(), bytes, stream);
    if (arena.data) {
      const device::Point last = state_.scheduler.last_point(stream);
      arena.pool->release(arena.data, arena.capacity, std::span(&last, 1));
    }
    arena = {device.pool, block.data, block.capacity, block.after};
  }
  for (uint32_t i = 0; i < values_.size(); ++i) {
    const passes::Value& value = plan().values[i];
    if (value.home != Home::arena || value.arena_slot == kNone) continue;
    const uint16_t stream = walk_->streams[plan().arena_slots[value.arena_slot].slot];
    values_[i].data = state_.arenas[stream].data + arena_offsets_[value.arena_slot];
  }
}

}  // namespace tandem::engine
