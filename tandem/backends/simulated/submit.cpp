// Launches, copies and fills: what they touch is checked when they are submitted.
#include <algorithm>

#include "tandem/backends/simulated/backend.h"
#include "tandem/base/check.h"
#include "tandem/kernel/ir.h"
#include "tandem/kernel/verify/verify_launch.h"

namespace tandem::backends::simulated {
namespace {

// Runs of a strided buffer that are looked at one by one.
constexpr size_t kMostRuns = 65536;

uintptr_t address(const void* data) { return reinterpret_cast<uintptr_t>(data); }

const char* name_of(device::CopyDirection direction) {
  switch (direction) {
    case device::CopyDirection::host_to_device:
      return "copy host to device";
    case device::CopyDirection::device_to_host:
      return "copy device to host";
    default:
      return "copy device to device";
  }
}

ByteRange declared_range(const device::BufferArgument& buffer) {
  return {buffer.range_begin, buffer.range_end};
}

bool covers(const ByteRange& outer, const ByteRange& inner) {
  return inner.empty() || (outer.begin <= inner.begin && inner.end <= outer.end);
}

std::exception_ptr internal_error(const std::string& text) {
  return std::make_exception_ptr(InternalError("[simulated gpu] " + text));
}

}  // namespace

void SimulatedBackend::require_live(const char* op, const void* data, size_t bytes) const {
  const auto* const begin = static_cast<const std::byte*>(data);
  TANDEM_USER(state_->memory.owns(begin) || bytes == 0, InternalError, "simulated gpu",
              "{} touches memory of another device: got {} bytes at {}, expected memory of {}", op,
              bytes, data, to_string(device()));
  TANDEM_USER(
      state_->memory.is_live(begin, begin + bytes), InternalError, "simulated gpu",
      "{} touches memory that is not allocated: got {} bytes at {}, expected a range inside "
      "one allocation of {}",
      op, bytes, data, to_string(device()));
}

std::vector<SimulatedBackend::Touch> SimulatedBackend::touches_of(
    const Program& program, const device::LaunchArguments& arguments,
    const std::string& label) const {
  std::vector<Touch> touches;
  TANDEM_CHECK(program.dtypes.empty() || program.dtypes.size() == arguments.buffers.size(),
               "{} has {} buffers and was given {}", label, program.dtypes.size(),
               arguments.buffers.size());
  for (size_t i = 0; i < arguments.buffers.size(); ++i) {
    const device::BufferArgument& buffer = arguments.buffers[i];
    Touch touch{declared_range(buffer), {}, buffer.written};
    const size_t element = program.dtypes.empty() ? 0 : size_of(program.dtypes[i]);
    const auto hull = element == 0 ? std::nullopt : hull_of(buffer, arguments.extents, element);
    if (buffer.range_begin == nullptr && hull) touch.range = *hull;
    TANDEM_USER(!hull || covers(touch.range, *hull), InternalError, "simulated gpu",
                "{} touches more of buffer {} than it declares: got bytes [{}, {}), expected them "
                "within [{}, {})",
                label, i, static_cast<const void*>(hull->begin),
                static_cast<const void*>(hull->end), static_cast<const void*>(touch.range.begin),
                static_cast<const void*>(touch.range.end));
    require_live(label.c_str(), touch.range.begin, touch.range.bytes());
    if (state_->options.verify) {
      if (hull) {
        touch.runs = runs_of(buffer, arguments.extents, element, kMostRuns);
      } else if (element == 0 && !touch.range.empty()) {
        touch.runs = {touch.range};
      }
    }
    touches.push_back(std::move(touch));
  }
  return touches;
}

void SimulatedBackend::check_order(SimulatedQueue& queue, Operation& operation,
                                   std::span<const AccessRange> ranges) {
  const std::string race = machine_->checker.operation(queue.stream, operation.label, ranges);
  if (race.empty()) return;
  ++state_->counters.races;
  if (operation.error == nullptr) operation.error = internal_error(race);
}

void SimulatedBackend::check_written(DeviceState& owner, Operation& operation, ByteRange range) {
  if (!owner.options.verify || range.empty()) return;
  const uintptr_t gap = owner.written.first_gap(address(range.begin), address(range.end));
  if (gap == address(range.end)) return;
  ++state_->counters.unwritten_reads;
  if (operation.error != nullptr) return;
  operation.error = internal_error(fmt::format(
      "{} reads bytes that nobody wrote: got byte {} of the {} at {}", operation.label,
      gap - address(range.begin), range.bytes(), static_cast<const void*>(range.begin)));
}

void SimulatedBackend::note_written(DeviceState& owner, ByteRange range) const {
  if (owner.options.verify) owner.written.add(address(range.begin), address(range.end));
}

void SimulatedBackend::to_host_addresses(OwnedArguments& arguments) const {
  for (device::BufferArgument& buffer : arguments.buffers) {
    const auto bytes = buffer.range_end - buffer.range_begin;
    if (state_->memory.owns(buffer.data)) buffer.data = state_->memory.host(buffer.data);
    if (!state_->memory.owns(buffer.range_begin)) continue;
    buffer.range_begin = state_->memory.host(buffer.range_begin);
    buffer.range_end = buffer.range_begin + bytes;
  }
}

void SimulatedBackend::launch(device::Queue& queue, const device::Executable& executable,
                              const device::LaunchArguments& arguments) {
  SimulatedQueue& target = queue_of(queue);
  const auto* const ours = dynamic_cast<const SimulatedExecutable*>(&executable);
  TANDEM_CHECK(ours != nullptr, "{} was given an executable of another backend",
               capabilities_.name);
  Operation operation;
  operation.label = *arguments.label == '\0' ? "kernel" : arguments.label;
  operation.program = ours->program();
  operation.note = arguments.note;
  const Program& program = *operation.program;
  if (state_->options.verify && program.kernel != nullptr) {
    kernel::check_launch(*program.kernel, arguments);
  }
  const std::vector<Touch> touches = touches_of(program, arguments, operation.label);
  operation.arguments = OwnedArguments(arguments);
  to_host_addresses(operation.arguments);
  double traffic = 0;
  SmallVector<AccessRange, 8> ranges;
  for (size_t i = 0; i < touches.size(); ++i) {
    const Touch& touch = touches[i];
    if (!touch.range.empty()) {
      ranges.push_back({touch.range.begin, touch.range.bytes(), touch.written});
    }
    traffic += program.dtypes.empty()
                   ? static_cast<double>(touch.range.bytes())
                   : bytes_of(arguments.buffers[i], arguments.extents, size_of(program.dtypes[i]));
  }
  operation.traffic = static_cast<int64_t>(traffic);
  const double flops = program.flops ? program.flops(arguments) : 0;
  const int64_t duration = state_->options.model.kernel_ns(traffic, flops);

  const std::lock_guard lock(machine_->mutex);
  ++state_->counters.launches;
  fail_if_struck(operation, device::FaultKind::launch, "launch");
  check_order(target, operation, ranges);
  for (const Touch& touch : touches) {
    for (const ByteRange& run : touch.runs) {
      if (!touch.written) check_written(*state_, operation, run);
    }
  }
  for (const Touch& touch : touches) {
    for (const ByteRange& run : touch.runs) {
      if (touch.written) note_written(*state_, run);
    }
  }
  machine_->push(target, std::move(operation), duration);
}

void SimulatedBackend::copy(device::Queue& queue, device::CopyDirection direction, void* target,
                            const void* source, size_t bytes) {
  using device::CopyDirection;
  SimulatedQueue& carrier = queue_of(queue);
  Operation operation;
  operation.kind = Operation::Kind::copy;
  operation.label = name_of(direction);
  operation.bytes = bytes;
  operation.traffic = static_cast<int64_t>(bytes);
  const auto* const target_bytes = static_cast<const std::byte*>(target);
  const auto* const source_bytes = static_cast<const std::byte*>(source);

  const std::lock_guard lock(machine_->mutex);
  DeviceState* const to = bytes == 0 ? nullptr : machine_->owner_of(target);
  DeviceState* const from = bytes == 0 ? nullptr : machine_->owner_of(source);
  const bool to_device = direction != CopyDirection::device_to_host;
  const bool from_device = direction != CopyDirection::host_to_device;
  TANDEM_USER(bytes == 0 || ((to != nullptr) == to_device && (from != nullptr) == from_device &&
                             (to == state_.get() || from == state_.get())),
              InternalError, "simulated gpu",
              "{} was given addresses that do not fit it: got target {} and source {}, expected "
              "host and device memory as it says, one of them of {}",
              operation.label, target, source, to_string(device()));
  for (const auto& [owner, data] : {std::pair{to, target_bytes}, std::pair{from, source_bytes}}) {
    TANDEM_USER(owner == nullptr || owner->memory.is_live(data, data + bytes), InternalError,
                "simulated gpu",
                "{} touches memory that is not allocated: got {} bytes at {}, expected a range "
                "inside one allocation of {}",
                operation.label, bytes, static_cast<const void*>(data),
                to_string(Device{DeviceType::gpu, owner->index}));
  }
  ++state_->counters.copies;
  if (state_->drop_copy_in > 0 && --state_->drop_copy_in == 0) {
    ++state_->counters.dropped;
    return;
  }
  state_->counters.bytes_copied += bytes;
  operation.target = to != nullptr ? to->memory.host(target) : static_cast<std::byte*>(target);
  operation.source = from != nullptr ? from->memory.host(source) : source_bytes;
  int64_t duration = state_->options.model.copy_ns(static_cast<double>(bytes));
  if (direction == CopyDirection::host_to_device) {
    operation.engine = Engine::copy_in;
  } else if (direction == CopyDirection::device_to_host || to != from) {
    operation.engine = Engine::copy_out;
  } else {  // within the device: a kernel that reads and writes
    duration = state_->options.model.kernel_ns(2 * static_cast<double>(bytes), 0);
  }
  fail_if_struck(operation, device::FaultKind::copy, "copy");
  const AccessRange ranges[] = {{source, bytes, false}, {target, bytes, true}};
  check_order(carrier, operation, ranges);
  if (from != nullptr) check_written(*from, operation, {source_bytes, source_bytes + bytes});
  if (to != nullptr) note_written(*to, {target_bytes, target_bytes + bytes});
  machine_->push(carrier, std::move(operation), duration);
}

void SimulatedBackend::push_fill(SimulatedQueue& queue, Operation operation, void* target,
                                 size_t bytes) {
  operation.kind = Operation::Kind::fill;
  operation.bytes = bytes;
  operation.target = bytes == 0 ? nullptr : state_->memory.host(target);
  operation.traffic = static_cast<int64_t>(bytes);
  const AccessRange range{target, bytes, true};
  check_order(queue, operation, {&range, 1});
  machine_->push(queue, std::move(operation),
                 state_->options.model.kernel_ns(static_cast<double>(bytes), 0));
}

void SimulatedBackend::fill(device::Queue& queue, void* target, size_t bytes, uint8_t value) {
  SimulatedQueue& carrier = queue_of(queue);
  require_live("fill", target, bytes);
  Operation operation;
  operation.label = "fill";
  operation.value = value;
  const std::lock_guard lock(machine_->mutex);
  ++state_->counters.fills;
  const auto* const begin = static_cast<const std::byte*>(target);
  note_written(*state_, {begin, begin + bytes});
  push_fill(carrier, std::move(operation), target, bytes);
}

void SimulatedBackend::discard(device::Queue& queue, void* data, size_t bytes) {
  SimulatedQueue& carrier = queue_of(queue);
  require_live("discard", data, bytes);
  if (!state_->options.verify) return;
  Operation operation;
  operation.label = "discard";
  operation.value = kPoison;
  const std::lock_guard lock(machine_->mutex);
  state_->written.remove(address(data), address(data) + bytes);
  push_fill(carrier, std::move(operation), data, bytes);
}

}  // namespace tandem::backends::simulated
