// Submission of a run: transfers, launches' numbers, segments, publication.
#include <algorithm>
#include <tuple>

#include "tandem/base/check.h"
#include "tandem/base/settings.h"
#include "tandem/engine/bind/binder.h"
#include "tandem/engine/profile.h"
#include "tandem/graph/sites.h"

namespace tandem::engine {

using passes::Home;
using passes::Instruction;
using passes::kNone;
using passes::ParamSource;

namespace {

device::CopyDirection copy_direction(Device from, Device to) {
  if (from == kHost) return device::CopyDirection::host_to_device;
  return to == kHost ? device::CopyDirection::device_to_host
                     : device::CopyDirection::device_to_device;
}

memory::Direction ledger_direction(device::CopyDirection direction) {
  return static_cast<memory::Direction>(direction);
}

// Nanoseconds that an instruction takes at least; rough, for cutting long segments.
double least_time(const Run& run, uint32_t instruction) {
  constexpr double kBytes = 50, kFlops = 1000,
                   kElementOps = 20;  // per nanosecond, of a fast machine
  const passes::Instruction& planned = run.plan().instructions[instruction];
  const device::LaunchArguments arguments = run.arguments(instruction);
  double bytes = 0, elements = 1;
  for (const device::BufferArgument& buffer : arguments.buffers) {
    bytes += static_cast<double>(buffer.range_end - buffer.range_begin);
  }
  if (planned.kind == Instruction::library && !planned.product) return bytes / kBytes;
  for (const int64_t extent : arguments.extents) elements *= static_cast<double>(extent);
  const double operations =
      planned.product ? 2 * elements / kFlops : elements * planned.node_count / kElementOps;
  return std::max(bytes / kBytes, operations);
}

// End of the piece of a CPU segment that starts at instruction `first`: a caller who runs a long
// segment itself can be interrupted between pieces.
uint32_t piece_end(const Run& run, const passes::Segment& segment, uint32_t first) {
  constexpr double kPiece = 5e6;
  const auto count = static_cast<uint32_t>(segment.instructions.size());
  double time = 0;
  uint32_t last = first;
  while (last < count && time < kPiece) time += least_time(run, segment.instructions[last++]);
  return last;
}

}  // namespace

// The waiting thread runs its own stream; everything else starts at once.
runtime::Urgency Binder::urgency(uint32_t segment, bool wait) const {
  const bool mine = wait && plan().segments[segment].slot == plan().segments.back().slot;
  return mine ? runtime::Urgency::caller_waits : runtime::Urgency::asynchronous;
}

void Binder::count_rebind() {
  if (entry_->dims == walk_->dims) return;
  if (!entry_->dims.empty()) ++state_.counters.rebinds;
  entry_->dims = walk_->dims;
}

void Binder::submit(bool wait) {
  submitted_ = true;
  Ref<Run> run = Run::make(plan_);
  run->launches.resize(plan().instructions.size());
  points_.resize(plan().segments.size());
  for (size_t i = 0; i < plan().segments.size(); ++i) {
    run->completions.push_back(make_ref<memory::Completion>());
  }
  for (uint32_t i = 0; i < plan().instructions.size(); ++i) {
    bind_instruction(*run, i, device_of(plan().instructions[i].slot));
  }
  run->seal();
  count_rebind();
  for (uint32_t i = 0; i < plan().segments.size(); ++i) submit_segment(i, urgency(i, wait), run);
  state_.counters.nodes_run += plan().node_count;
  state_.counters.segments += plan().segments.size();
}

device::Point copy_to(EngineState& state, memory::Buffer& buffer, PendingCopy copy) {
  memory::Copy& source = buffer.origin();
  const device::CopyDirection direction = copy_direction(source.device, copy.place);
  DeviceEntry& engine_device = state.devices.get(
      direction == device::CopyDirection::device_to_host ? source.device : copy.place);
  const uint16_t stream = direction == device::CopyDirection::device_to_host
                              ? engine_device.copy_out
                              : engine_device.copy_in;
  auto completion = make_ref<memory::Completion>();
  const Ref<memory::Completion> source_completion = buffer.completion_of(source);
  if (source_completion) source_completion->add_dependent(completion);
  memory::Points waits = copy.block.after;
  waits.push_back(source.valid);
  if (state.observer) [[unlikely]] {
    Submission submission{
        stream,
        state.scheduler.next_point(stream),
        waits,
        {{source.data, buffer.bytes(), false}, {copy.block.data, buffer.bytes(), true}}};
    state.observer(submission);
  }
  auto work = Ref<runtime::Work>(
      new TransferWork(*engine_device.backend, direction, copy.block.data, source.data,
                       buffer.bytes(), completion, source_completion, settings().verify));
  const device::Point point =
      state.scheduler.submit(stream, std::move(work), waits, runtime::Urgency::asynchronous);
  memory::note(source.uses, point);
  memory::Copy made{.device = copy.place,
                    .pool = state.devices.get(copy.place).pool,
                    .data = copy.block.data,
                    .capacity = copy.block.capacity,
                    .valid = point,
                    .uses = copy.block.after,
                    .completion = std::move(completion)};
  buffer.add(std::move(made));
  memory::Ledger::instance().moved(ledger_direction(direction), copy.cause, buffer.bytes());
  ++state.counters.transfers;
  return point;
}

void Binder::make_resident(uint32_t value, DeviceEntry& device, memory::Points& waits) {
  memory::Buffer& buffer = *values_[value].buffer;
  if (memory::Site* const site = buffer.site()) site->read(device.place(), buffer.bytes());
  memory::Copy* copy = buffer.find(device.place());
  if (copy) {
    if (device.place() != kHost) memory::Ledger::instance().eliminated(buffer.bytes());
    memory::note(waits, copy->valid);
    copy->speculative = false;
    return;
  }
  PendingCopy* planned = pending(value, device.place());
  TANDEM_CHECK(planned != nullptr, "no room was made for a copy of value {}", value);
  memory::note(waits, copy_to(state_, buffer, *planned));
  planned->block.data = nullptr;  // now the buffer's
}

void Binder::submit_segment(uint32_t number, runtime::Urgency urgency, Ref<Run>& run) {
  const passes::Segment& segment = plan().segments[number];
  DeviceEntry& device = device_of(segment.slot);
  const uint16_t stream = stream_of(segment);
  const Ref<memory::Completion>& completion = run->completion(number);
  memory::Points waits;
  for (const uint32_t other : segment.waits) memory::note(waits, points_[other]);
  state_.counters.edges += segment.waits.size();
  // Values in the arena come from earlier segments of the same stream.
  for (uint32_t i = run->base; i < number; ++i) {
    if (plan().segments[i].slot == segment.slot) run->completion(i)->add_dependent(completion);
  }
  for (const uint32_t value : segment.inputs) {
    make_resident(value, device, waits);
    memory::Copy& copy = *values_[value].buffer->find(device.place());
    Ref<memory::Completion>& source = values_[value].buffer->completion_of(copy);
    if (!source) continue;
    // Whether it is reached is asked first: a failure is known before the Point is reached.
    if (state_.scheduler.timeline().reached(copy.valid) && !source->failed()) {
      source = {};  // it succeeded: nothing left to learn
    } else {
      source->add_dependent(completion);
    }
  }
  for (const uint32_t value : segment.after) {
    const Ref<memory::Buffer>& buffer = values_[value].buffer;
    if (buffer) memory::note(waits, buffer->origin().valid);  // else small mode is done with it
  }
  for (const uint32_t i : segment.instructions) {
    for (const passes::Operand& operand : plan().instructions[i].buffers) {
      if (!operand.written) continue;
      Bound& bound = values_[operand.value];
      if (bound.donated && (!operand.part || operand.views.empty())) ++state_.counters.donations;
      if (bound.donated || (operand.part && bound.buffer)) {
        // Everybody who still reads the input must be done, and no other copy of it stays valid.
        memory::Copy& copy = *bound.buffer->find(device.place());
        memory::note(waits, copy.valid);
        for (const device::Point use : copy.uses) memory::note(waits, use);
        while (bound.buffer->copies().size() > 1) {
          const auto& copies = bound.buffer->copies();
          bound.buffer->drop(copies[copies[0].device == device.place() ? 1 : 0].device);
        }
      }
      for (const device::Point point : bound.after) memory::note(waits, point);
    }
    if (plan().instructions[i].kind == Instruction::kernel) {
      ++state_.counters.kernels_launched;
    } else {
      ++state_.counters.library_calls;
    }
  }
  if (const auto arena = state_.arenas.find(stream); arena != state_.arenas.end()) {
    for (const device::Point point : arena->second.after) memory::note(waits, point);
    arena->second.after.clear();
  }
  if (state_.observer) [[unlikely]] {
    show(*run, number, stream, waits);
  }
  const bool whole = segment.instructions.size() < 2 || state_.observer ||
                     !device.backend->capabilities().runs_inline;
  SegmentWork::Piece piece{number, 0, 0};
  device::Point point;
  do {
    piece.first = piece.last;
    piece.last = whole ? static_cast<uint32_t>(segment.instructions.size())
                       : piece_end(*run, segment, piece.first);
    auto work = Ref<runtime::Work>(
        new SegmentWork(run, piece, *device.backend, stream, state_.failures, settings().verify));
    point = state_.scheduler.submit(stream, std::move(work), waits, urgency);
    waits.clear();  // later pieces come behind the first
  } while (piece.last < segment.instructions.size());
  points_[number] = point;
  for (const uint32_t value : segment.inputs) {
    memory::note(values_[value].buffer->find(device.place())->uses, point);
  }
  for (const uint32_t i : segment.instructions) {
    for (const passes::Operand& operand : plan().instructions[i].buffers) {
      Bound& bound = values_[operand.value];
      if (!bound.buffer) continue;
      if (!operand.written) {
        // A value of an earlier segment of this stream, which is none of the inputs: its owner may
        // let go of it at once.
        const uint32_t maker = plan().values[operand.value].instruction;
        if (maker != kNone && plan().instructions[maker].segment != number) {
          memory::note(bound.buffer->find(device.place())->uses, point);
        }
        continue;
      }
      memory::Copy& copy = *bound.buffer->find(device.place());
      copy.valid = point;
      copy.uses.clear();
      copy.completion = {};
      bound.buffer->set_completion(completion);
    }
  }
}

void Binder::show(const Run& run, uint32_t segment, uint16_t stream, memory::Points& waits) {
  Submission submission{stream, state_.scheduler.next_point(stream), waits, {}};
  for (const uint32_t i : plan().segments[segment].instructions) {
    for (const device::BufferArgument& buffer : run.arguments(i).buffers) {
      submission.accesses.push_back({buffer.range_begin,
                                     static_cast<size_t>(buffer.range_end - buffer.range_begin),
                                     buffer.written});
    }
  }
  state_.observer(submission);
}

// ---- numbers of a launch

const passes::Layout& Binder::operand_layout(const passes::Operand& operand,
                                             passes::Layout& scratch) const {
  const passes::Layout& own = values_[operand.value].layout;
  if (operand.views.empty()) return own;
  scratch = own;
  passes::apply(operand.views, walk_->dims, walk_->params, scratch);
  return scratch;
}

std::byte* Binder::address(uint32_t value, DeviceEntry& device) const {
  const Bound& bound = values_[value];
  if (plan().values[value].home == Home::arena) return bound.data;
  if (const memory::Copy* copy = bound.buffer->find(device.place())) return copy->data;
  for (const auto& [other, stream, copy] : copies_) {
    if (copy.place == device.place() && values_[other].buffer == bound.buffer) {
      return copy.block.data;
    }
  }
  return nullptr;
}

device::BufferArgument Binder::argument(const passes::Operand& operand,
                                        const passes::Layout& layout, DeviceEntry& device) const {
  const auto item = static_cast<int64_t>(size_of(plan().values[operand.value].dtype));
  std::byte* base = address(operand.value, device);
  TANDEM_CHECK(base != nullptr, "value {} has no address", operand.value);
  device::BufferArgument result;
  std::byte* data = base + layout.offset * item;
  const auto [first, last] = element_reach(layout.shape, layout.strides);
  result.data = data;
  result.range_begin = data + first * item;
  result.range_end = data + last * item;
  result.written = operand.written;
  return result;
}

void Binder::bind_instruction(Run& run, uint32_t number, DeviceEntry& device) {
  const Instruction& instruction = plan().instructions[number];
  Run::Launch& launch = run.launch(number);
  const Dims shape = Dims(walk_->dims).subspan(instruction.first_dim, instruction.rank);
  launch.first_extent = static_cast<uint32_t>(run.numbers.size());
  if (instruction.product) {
    const passes::Operand& a = instruction.buffers[instruction.buffers.size() - 3];
    run.numbers.insert(run.numbers.end(), shape.begin(), shape.end());
    run.numbers.push_back(walk_->dims[a.first_dim + a.rank - 1]);
  } else if (instruction.kind == Instruction::library) {
    for (const passes::Operand& operand : instruction.buffers) {
      const Dims own = Dims(walk_->dims).subspan(operand.first_dim, operand.rank);
      run.numbers.insert(run.numbers.end(), own.begin(), own.end());
    }
  } else {
    for (const uint8_t axis : instruction.axes) run.numbers.push_back(shape[axis]);
  }
  launch.extent_count = static_cast<uint32_t>(run.numbers.size()) - launch.first_extent;
  size_t own_axis = 0;  // of a library call: the first axis of the buffer
  launch.first_buffer = static_cast<uint32_t>(run.buffers.size());
  launch.buffer_count = static_cast<uint32_t>(instruction.buffers.size());
  passes::Layout scratch;
  for (size_t i = 0; i < instruction.buffers.size(); ++i) {
    const passes::Operand& operand = instruction.buffers[i];
    const passes::Layout& layout = operand_layout(operand, scratch);
    device::BufferArgument bound = argument(operand, layout, device);
    const size_t first = run.numbers.size();
    run.numbers.resize(first + launch.extent_count);
    int64_t* strides = run.numbers.data() + first;
    if (instruction.product) {
      passes::product_strides(instruction.buffers.size(), i, layout, launch.extent_count,
                              {run.numbers.data() + launch.first_extent, launch.extent_count},
                              strides);
    } else if (instruction.kind == Instruction::library) {
      std::copy(layout.strides.begin(), layout.strides.end(), strides + own_axis);
      own_axis += operand.rank;
    } else {
      passes::launch_strides(instruction, operand, layout, walk_->dims, strides);
      if (operand.gathered) {
        std::tie(bound.index_extent, bound.index_stride) = passes::gathered_axis(operand, layout);
      }
    }
    run.first_strides.push_back(first);
    run.buffers.push_back(bound);
  }
  bind_params(run, instruction, launch);
  if (graph::Sites::recording()) [[unlikely]]
    launch.note = note_launch(plan_, number, *walk_);
}

void Binder::bind_params(Run& run, const Instruction& instruction, Run::Launch& launch) {
  launch.first_param = static_cast<uint32_t>(run.params.size());
  launch.param_count = static_cast<uint32_t>(instruction.params.size());
  SmallVector<passes::Layout, 1> layouts;
  SmallVector<Strides, 1> strides;
  for (const passes::Operand& operand : instruction.generated) {
    passes::Layout scratch;
    layouts.push_back(operand_layout(operand, scratch));
    strides.push_back(Strides(instruction.axes.size(), 0));
    passes::launch_strides(instruction, operand, layouts.back(), walk_->dims,
                           strides.back().data());
  }
  for (const ParamSource& source : instruction.params) {
    uint64_t word = 0;
    switch (source.kind) {
      case ParamSource::word:
        word = walk_->params[source.index];
        break;
      case ParamSource::word_high:
        word = walk_->params[source.index] >> 32;
        break;
      case ParamSource::virtual_offset:
        word = static_cast<uint64_t>(layouts[source.index].offset);
        break;
      case ParamSource::virtual_stride:
        word = static_cast<uint64_t>(strides[source.index][source.axis]);
        break;
      case ParamSource::element_count:
        word = static_cast<uint64_t>(
            element_count(values_[instruction.generated[source.index].value].layout.shape));
        break;
    }
    run.params.push_back(word);
  }
}

void Binder::publish(DeadNodes& dead) {
  passes::Layout scratch;
  for (const passes::Publication& publication : plan().publications) {
    graph::Node* node = walk_->nodes[publication.node];
    if (node->storage()) continue;  // a small run gave way to somebody who has evaluated it
    const passes::Layout& layout = operand_layout(publication.source, scratch);
    auto storage = make_ref<graph::Storage>();
    storage->buffer = values_[publication.source.value].buffer;
    storage->offset = layout.offset;
    storage->strides = layout.strides;
    node->publish(std::move(storage));
    if (node->retained()) continue;
    node->drop_inputs([&](graph::NodeRef input) { dead.push_back(std::move(input)); });
  }
  if (!state_.devices.has_gpu()) return;
  place_outputs();
  if (!poisons()) return;
  for (uint32_t v = 0; v < values_.size(); ++v) poison_dead(v);
}

}  // namespace tandem::engine
