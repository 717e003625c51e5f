// Small mode: a run whose memory is bound one segment at a time.
#include <algorithm>
#include <unordered_map>

#include "tandem/engine/binder.h"
#include "tandem/engine/pressure.h"
#include "tandem/memory/residents.h"

namespace tandem::engine {

using passes::Home;
using passes::kNone;

namespace {

// Segments without copies ahead of their readers after one had to be dropped unread.
constexpr uint32_t kPrefetchPause = 16;

}  // namespace

void Binder::run_small(const passes::SplitPlan& parts, bool wait) {
  parts_ = &parts;
  prefetch_resumes_ = 0;
  for (uint32_t i = 0; i < values_.size(); ++i) {
    if (plan().values[i].home == Home::leaf) {
      reserve_value(i);
    } else {
      values_[i].layout.offset = 0;
      values_[i].layout.shape = Shape(shape_of(plan().values[i]));
      values_[i].layout.strides = row_major_strides(values_[i].layout.shape);
    }
  }
  refresh_exported();
  count_rebind();
  const auto count = static_cast<uint32_t>(plan().segments.size());
  points_.resize(count);
  for (uint32_t s = 0; s < count; ++s) {
    reserve_segment(s);
    Ref<Run> run = Run::make(plan_);
    run->base = s;
    run->launches.resize(1);
    run->completions.push_back(make_ref<memory::Completion>());
    bind_instruction(*run, s, device_of(plan().segments[s].slot));
    run->seal();
    submit_segment(s, urgency(s, wait), run);
    copies_.clear();  // all made
    for (const uint32_t value : parts.dead_after[s]) {
      // A leaf is the graph's until the run is published: the run may still fail.
      if (plan().values[value].home == Home::leaf) continue;
      if (poisons()) poison_dead(value);
      values_[value].buffer = {};
    }
    prefetch(s);
  }
  state_.counters.nodes_run += plan().node_count;
  state_.counters.segments += count;
  ++state_.counters.small_runs;
  submitted_ = true;
}

// What a writable export may have changed since it was copied to a device is copied again, once.
void Binder::refresh_exported() {
  for (const Bound& bound : values_) {
    if (!bound.buffer || bound.buffer->writable_exports() == 0 || !bound.buffer->find(kHost)) {
      continue;
    }
    while (bound.buffer->copies().size() > 1) {
      const auto& copies = bound.buffer->copies();
      bound.buffer->drop(copies[copies[0].device == kHost ? 1 : 0].device);
    }
  }
}

void Binder::reserve_segment(uint32_t number) {
  const passes::Segment& segment = plan().segments[number];
  DeviceEntry& device = device_of(segment.slot);
  const Device place = device.place();
  for (const uint32_t value : segment.inputs) {
    memory::Buffer& buffer = *values_[value].buffer;
    buffer.drop_failed(place);
    if (buffer.find(place) || pending(value, place)) continue;
    const uint16_t stream =
        place == kHost ? state_.devices.get(buffer.origin().device).copy_out : device.copy_in;
    const memory::Cause cause =
        buffer.writable_exports() > 0 ? memory::Cause::export_again : memory::Cause::input;
    copies_.push_back({value, stream, {place, {}, cause}});
    copies_.back().copy.block = make_room(*device.pool, place, buffer.bytes(), stream, number);
  }
  for (const uint32_t i : segment.instructions) {
    for (const passes::Operand& operand : plan().instructions[i].buffers) {
      if (!operand.written || values_[operand.value].buffer) continue;
      const size_t bytes = bytes_of(plan().values[operand.value]);
      reserve_block(operand.value, device,
                    make_room(*device.pool, place, bytes, stream_of(segment), number));
    }
  }
}

// A block, after as many copies have made room for it as it takes.
memory::Block Binder::make_room(memory::Pool& pool, Device place, size_t bytes, uint16_t stream,
                                uint32_t segment) {
  memory::Block block = pool.allocate(bytes, stream);
  const size_t cap = pool.cap();
  if (block.data || (cap != 0 && bytes > cap)) {
    if (block.data) return block;
    throw MemoryShortage{&pool, place, bytes};
  }
  size_t freed = 0;
  for (const Victim& victim : victims(place, segment)) {
    if (!free_copy(victim, place, segment)) continue;
    freed += victim.buffer->bytes();
    if (freed < bytes) continue;
    block = pool.allocate(bytes, stream);
    if (block.data) return block;
  }
  // What is free may be idle too late to be given back or merged: wait for it, the soonest first.
  for (;;) {
    const device::Point point = awaited_memory(state_, pool);
    if (point.never_waits()) break;
    state_.scheduler.wait(point);
    pool.trim(0);
    block = pool.allocate(bytes, stream);
    if (block.data) return block;
  }
  throw MemoryShortage{&pool, place, bytes};
}

// Copies on `place` that segment `segment` does not touch: first those that need not be moved out,
// then those whose next reader on the device is farthest away, the longest unused first.
std::vector<Binder::Victim> Binder::victims(Device place, uint32_t segment) const {
  constexpr uint32_t kPinned = kNone - 1;
  std::unordered_map<const memory::Buffer*, uint32_t> next;
  for (uint32_t v = 0; v < values_.size(); ++v) {
    const memory::Buffer* const buffer = values_[v].buffer.get();
    if (!buffer) continue;
    uint32_t use = kNone;
    const std::vector<uint32_t>& uses = parts_->uses[v];
    for (auto it = std::lower_bound(uses.begin(), uses.end(), segment); it != uses.end(); ++it) {
      if (*it == segment) use = kPinned;
      if (*it == segment || device_of(plan().segments[*it].slot).place() == place) {
        if (use == kNone) use = *it;
        break;
      }
    }
    const auto [known, fresh] = next.emplace(buffer, use);
    if (fresh || known->second == kPinned) continue;
    known->second = use == kPinned ? kPinned : std::min(known->second, use);
  }
  std::vector<Victim> result;
  for (Ref<memory::Buffer>& buffer : memory::Residents::instance().all()) {
    if (!buffer->find(place)) continue;
    const auto known = next.find(buffer.get());
    const uint32_t use = known == next.end() ? kNone : known->second;
    if (use == kPinned) continue;
    const bool redundant = buffer->may_drop(place);
    result.push_back({std::move(buffer), use, redundant});
  }
  std::sort(result.begin(), result.end(), [](const Victim& a, const Victim& b) {
    if (a.redundant != b.redundant) return a.redundant;
    if (a.next_use != b.next_use) return a.next_use > b.next_use;
    return a.buffer->last_used() < b.buffer->last_used();
  });
  return result;
}

bool Binder::free_copy(const Victim& victim, Device place, uint32_t segment) {
  memory::Buffer& buffer = *victim.buffer;
  if (buffer.may_drop(place)) {  // asked again: room for another victim may have taken a copy
    const bool unread = buffer.find(place)->speculative;
    if (unread && enabled(PressureStep::speculation)) {
      prefetch_resumes_ = segment + kPrefetchPause;
      ++state_.counters.pressure_speculation_stops;
    }
    return drop_redundant_copy(state_, buffer, place);
  }
  if (place == kHost || buffer.other_than(place) || !enabled(PressureStep::evict)) return false;
  buffer.drop_failed(kHost);
  if (buffer.find(kHost)) return false;  // lost on both sides
  memory::Pool& host = state_.devices.host_pool();
  const uint16_t stream = state_.devices.get(place).copy_out;
  spill(state_, buffer, place, make_room(host, kHost, buffer.bytes(), stream, segment));
  return true;
}

// Copies made early wait for nothing but their source, so they run beside the work that is queued.
// They use room that is there; none is made for them.
void Binder::prefetch(uint32_t segment) {
  if (segment < prefetch_resumes_) return;
  const auto count = static_cast<uint32_t>(plan().segments.size());
  const uint32_t end = std::min(segment + 1 + state_.prefetch_distance, count);
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
