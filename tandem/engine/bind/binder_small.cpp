// Small mode: a run whose memory is bound one segment at a time.
#include <algorithm>

#include "tandem/engine/bind/binder.h"

namespace tandem::engine {

using passes::Home;
using passes::kNone;

void Binder::run_small(const passes::SplitPlan& parts, bool wait, const Waiter& waiter) {
  parts_ = &parts;
  waiter_ = &waiter;
  gave_way_ = false;
  prefetch_resumes_ = 0;
  remade_at_.assign(values_.size(), kNone);
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
    remake_inputs(s, wait);
    reserve_segment(s, s);
    run_segment(s, wait);
    for (const uint32_t value : parts.dead_after[s]) let_go(value, s);
    prefetch(s);
  }
  state_.counters.nodes_run += plan().node_count;
  state_.counters.segments += count;
  ++state_.counters.small_runs;
  submitted_ = true;
}

// A leaf is the graph's until the run is published: the run may still fail.
void Binder::let_go(uint32_t value, uint32_t segment) {
  if (plan().values[value].home == Home::leaf) return;
  const auto& operands = plan().instructions[segment].buffers;
  const bool written_over =
      std::any_of(operands.begin(), operands.end(), [&](const passes::Operand& operand) {
        return operand.written && operand.value != value &&
               values_[operand.value].buffer == values_[value].buffer;
      });
  if (poisons() && !written_over) poison_dead(value);
  values_[value].buffer = {};
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

void Binder::pin(memory::Buffer& buffer) {
  buffer.pin();
  pinned_.push_back(&buffer);
}

void Binder::unpin() {
  for (memory::Buffer* const buffer : pinned_) buffer->unpin();
  pinned_.clear();
}

// Memory for segment `number`, of which `now` is the one in hand: another one when it is run again
// for that one's sake. What is found or reserved stays, though others may run in between.
void Binder::reserve_segment(uint32_t number, uint32_t now) {
  const passes::Segment& segment = plan().segments[number];
  DeviceEntry& device = device_of(segment.slot);
  for (const uint32_t value : segment.inputs) pin(*values_[value].buffer);
  reserve_inputs(segment, now);
  for (const passes::Operand& operand : plan().instructions[number].buffers) {
    if (!operand.written || values_[operand.value].buffer) continue;
    if (number == now && donate_small(operand.value, number)) continue;
    const size_t bytes = bytes_of(plan().values[operand.value]);
    reserve_block(operand.value, device,
                  make_room(*device.pool, device.place(), bytes, stream_of(segment), now));
    pin(*values_[operand.value].buffer);
  }
  reserve_inputs(segment, now);  // a writable export that ended meanwhile takes copies away
}

void Binder::reserve_inputs(const passes::Segment& segment, uint32_t now) {
  DeviceEntry& device = device_of(segment.slot);
  const Device place = device.place();
  for (size_t i = 0; i < segment.inputs.size(); ++i) {
    const uint32_t value = segment.inputs[i];
    memory::Buffer& buffer = *values_[value].buffer;
    buffer.drop_failed(place);
    if (buffer.find(place) || pending(value, place)) continue;
    const uint16_t stream =
        place == kHost ? state_.devices.get(buffer.origin().device).copy_out : device.copy_in;
    const memory::Cause cause =
        buffer.writable_exports() > 0 ? memory::Cause::export_again : memory::Cause::input;
    memory::Block block = make_room(*device.pool, place, buffer.bytes(), stream, now);
    copies_.push_back({value, stream, {place, std::move(block), cause}});
    i = ~size_t{0};  // others may have run: look at all again
  }
}

// Over an input that dies here: one that this run made, or in the last segment, after which nothing
// fails, a leaf that nobody else owns.
bool Binder::donate_small(uint32_t value, uint32_t segment) {
  if (!state_.decides(Decision::donate)) return false;
  for (const uint32_t donor : plan().values[value].donors) {
    const Ref<memory::Buffer>& buffer = values_[donor].buffer;
    if (plan().values[donor].home == Home::leaf) {
      // Only while nobody else can have seen it since the walk.
      if (gave_way_ || segment + 1 != plan().segments.size() || !take(donor, value)) continue;
    } else {
      const bool owned = buffer->reference_count() == 1 && buffer->exports() == 0 &&
                         buffer->bytes() == bytes_of(plan().values[value]);
      if (!owned) continue;
      values_[value].buffer = buffer;
      values_[value].donated = true;
    }
    ++state_.counters.small_donations;
    return true;
  }
  return false;
}

void Binder::run_segment(uint32_t number, bool wait) {
  Ref<Run> run = Run::make(plan_);
  run->base = number;
  run->launches.resize(1);
  run->completions.push_back(make_ref<memory::Completion>());
  bind_instruction(*run, number, device_of(plan().segments[number].slot));
  run->seal();
  submit_segment(number, urgency(number, wait), run);
  release_copies();
  unpin();
}

// Inputs that were dropped because they can be made again.
void Binder::remake_inputs(uint32_t segment, bool wait) {
  for (const uint32_t value : plan().segments[segment].inputs) {
    if (values_[value].buffer) continue;
    const uint32_t maker = plan().values[value].instruction;
    remade_at_[value] = segment;
    values_[value].donated = false;
    reserve_segment(maker, segment);
    run_segment(maker, wait);
    ++state_.counters.recomputes;
  }
}

}  // namespace tandem::engine
