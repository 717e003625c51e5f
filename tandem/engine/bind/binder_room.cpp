// Small mode: room for a segment. Copies that are needed least go, the least dear way: dropped, made
// again later, or moved to the host and back ahead of their readers.
#include <algorithm>
#include <unordered_map>

#include "tandem/engine/bind/binder.h"
#include "tandem/engine/pressure.h"
#include "tandem/memory/residents.h"

namespace tandem::engine {

using passes::Home;
using passes::kNone;

namespace {

// Segments without copies ahead of their readers after one had to be dropped unread.
constexpr uint32_t kPrefetchPause = 16;
constexpr uint32_t kPrefetchDistance = 4;  // segments ahead of the readers

// Of a transfer and of a kernel, per nanosecond; rough, for choosing between them.
constexpr double kBytesMoved = 16, kElementOps = 20;

}  // namespace

// A block, after as many copies have made room for it as it takes.
memory::Block Binder::make_room(memory::Pool& pool, Device place, size_t bytes, uint16_t stream,
                                uint32_t now) {
  for (;;) {
    memory::Block block = pool.allocate(bytes, stream);
    if (block.data) return block;
    const size_t cap = pool.cap();
    if (cap != 0 && bytes > cap) break;
    size_t freed = 0;
    for (Victim& victim : victims(place, now)) {
      const size_t size = victim.buffer->bytes();
      if (!free_copy(victim, place, now)) continue;
      freed += size;
      if (freed < bytes) continue;
      block = pool.allocate(bytes, stream);
      if (block.data) return block;
    }
    // Idle blocks of another size may be merged where they came from.
    if (pool.trim(0) > 0) continue;
    // What is free may be idle too late to be given back or merged: wait for it, the soonest first.
    const device::Point point = awaited_memory(state_, pool);
    if (!point.never_waits()) {
      gave_way_ = true;
      (*waiter_)(point);
    }
    if (pool.trim(0) == 0 && point.never_waits()) break;
  }
  throw MemoryShortage{&pool, place, bytes};
}

// Copies on `place` that nothing in hand needs: first those that need not be moved out, then those
// whose next reader on the device is farthest away, the longest unused first.
std::vector<Binder::Victim> Binder::victims(Device place, uint32_t now) const {
  struct Known {
    uint32_t value, next_use;
  };
  std::unordered_map<const memory::Buffer*, Known> known;
  std::vector<Victim> result;
  const auto add = [&](Ref<memory::Buffer> buffer) {
    if (!buffer->find(place) || buffer->pinned()) return;
    const auto found = known.find(buffer.get());
    const Known use = found == known.end() ? Known{kNone, kNone} : found->second;
    const bool redundant = buffer->may_drop(place);
    result.push_back({std::move(buffer), use.value, use.next_use, redundant});
  };
  for (uint32_t v = 0; v < values_.size(); ++v) {
    const memory::Buffer* const buffer = values_[v].buffer.get();
    if (!buffer) continue;
    const std::vector<uint32_t>& uses = parts_->uses[v];
    const auto next = std::find_if(
        std::lower_bound(uses.begin(), uses.end(), now), uses.end(),
        [&](uint32_t use) { return device_of(plan().segments[use].slot).place() == place; });
    const uint32_t use = next == uses.end() ? kNone : *next;
    const auto [entry, fresh] = known.emplace(buffer, Known{v, use});
    if (!fresh) entry->second.next_use = std::min(entry->second.next_use, use);
  }
  if (place == kHost) {  // residents have a copy elsewhere
    for (uint32_t v = 0; v < values_.size(); ++v) {
      const Ref<memory::Buffer>& buffer = values_[v].buffer;
      if (parts_->remakable[v] && buffer && buffer->copies().size() == 1) add(buffer);
    }
  }
  for (Ref<memory::Buffer>& buffer : memory::Residents::instance().all()) {
    if (place != kHost || buffer->copies().size() > 1) add(std::move(buffer));
  }
  std::sort(result.begin(), result.end(), [](const Victim& a, const Victim& b) {
    if (a.redundant != b.redundant) return a.redundant;
    if (a.next_use != b.next_use) return a.next_use > b.next_use;
    return a.buffer->last_used() < b.buffer->last_used();
  });
  return result;
}

// Asked again whether it may go: room for another victim may have taken a copy, and others may have
// run.
bool Binder::free_copy(Victim& victim, Device place, uint32_t now) {
  memory::Buffer& buffer = *victim.buffer;
  if (!buffer.find(place) || buffer.pinned()) return false;
  if (buffer.may_drop(place)) {
    const bool unread = buffer.find(place)->speculative;
    if (unread && enabled(PressureStep::speculation)) {
      prefetch_resumes_ = now + kPrefetchPause;
      ++state_.counters.pressure_speculation_stops;
    }
    return drop_redundant_copy(state_, buffer, place);
  }
  if (buffer.other_than(place)) return false;
  if (is_cheaper_remade(victim, place, now)) {
    if (poisons()) poison_dead(victim.value);
    values_[victim.value].buffer = {};
    victim.buffer = {};
    return true;
  }
  return place != kHost && enabled(PressureStep::evict) && spill_copy(buffer, place, now);
}

bool Binder::spill_copy(memory::Buffer& buffer, Device place, uint32_t now) {
  buffer.drop_failed(kHost);
  if (buffer.find(kHost)) return false;  // lost on both sides
  memory::Pool& host = state_.devices.host_pool();
  const uint16_t stream = state_.devices.get(place).copy_out;
  memory::Block block = make_room(host, kHost, buffer.bytes(), stream, now);
  if (!buffer.find(place) || buffer.find(kHost) || buffer.pinned()) {  // others ran meanwhile
    host.release(block.data, block.capacity, block.after);
    return false;
  }
  spill(state_, buffer, place, std::move(block));
  return true;
}

// Moving costs a transfer out, and one back if the device reads it again; making it again costs the
// kernel and, at most, transfers of what the kernel reads.
bool Binder::is_cheaper_remade(const Victim& victim, Device place, uint32_t now) const {
  const uint32_t value = victim.value;
  if (!state_.decides(Decision::recompute) || value == kNone || !parts_->remakable[value] ||
      remade_at_[value] == now || victim.buffer->reference_count() != 2) {
    return false;
  }
  const uint32_t maker = plan().values[value].instruction;
  const passes::Instruction& instruction = plan().instructions[maker];
  if (device_of(instruction.slot).place() != place) return false;
  double moved_again = 0, elements = 1;
  for (const passes::Operand& operand : instruction.buffers) {
    if (operand.written) continue;
    memory::Buffer& input = *values_[operand.value].buffer;
    if (place == kHost && !input.find(kHost)) return false;
    const double times = input.other_than(place) ? 1 : 2;
    moved_again += times * static_cast<double>(input.bytes());
  }
  if (place == kHost) return true;  // there is nowhere to move to
  for (uint32_t i = 0; i < instruction.rank; ++i) {
    elements *= static_cast<double>(walk_->dims[instruction.first_dim + i]);
  }
  const double times = victim.next_use == kNone ? 1 : 2;
  const double saved = times * static_cast<double>(victim.buffer->bytes()) - moved_again;
  return elements * instruction.node_count / kElementOps < saved / kBytesMoved;
}

// Copies made early wait for nothing but their source, so they run beside the work that is queued.
// They use room that is there; none is made for them.
void Binder::prefetch(uint32_t segment) {
  if (segment < prefetch_resumes_ || !state_.decides(Decision::prefetch)) return;
  const auto count = static_cast<uint32_t>(plan().segments.size());
  const uint32_t end = std::min(segment + 1 + kPrefetchDistance, count);
  for (uint32_t t = segment + 1; t < end; ++t) {
    DeviceEntry& device = device_of(plan().segments[t].slot);
    if (device.place() == kHost) continue;
    for (const uint32_t value : plan().segments[t].inputs) {
      memory::Buffer* const buffer = values_[value].buffer.get();
      if (!buffer || buffer->find(device.place())) continue;
      const uint32_t maker = plan().values[value].instruction;
      if (maker != kNone && maker > segment) continue;
      memory::Block block = device.pool->allocate(buffer->bytes(), device.copy_in);
      if (!block.data) return;
      copy_to(state_, *buffer, {device.place(), std::move(block), memory::Cause::prefetch});
      buffer->find(device.place())->speculative = true;
      ++state_.counters.prefetches;
    }
  }
}

}  // namespace tandem::engine
