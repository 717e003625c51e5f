#include "tandem/backends/simulated/backend.h"

#include <unistd.h>

#include <algorithm>

#include "tandem/base/check.h"
#include "tandem/base/settings.h"

namespace tandem::backends::simulated {
namespace {

// Drops of a queue happen from any thread, so the shared machine lives as long as one backend does.
std::shared_ptr<Machine> shared_machine() {
  static std::mutex mutex;
  static std::weak_ptr<Machine> shared;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Machine> machine = shared.lock();
  if (machine == nullptr) shared = machine = std::make_shared<Machine>();
  return machine;
}

device::Capabilities capabilities_of(int index, const SimulatedOptions& options) {
  const Model& model = options.model;
  device::Capabilities result;
  result.name = fmt::format("Simulated GPU {}", index);
  result.simulated = true;
  result.memory_bytes = options.memory_bytes;
  result.details = {
      {"clock", options.pacing ? "model, paced" : "model"},
      {"model memory", fmt::format("{:g} GB/s", model.memory_bytes_per_second / 1e9)},
      {"model arithmetic", fmt::format("{:g} Tflop/s", model.flops_per_second / 1e12)},
      {"model link", fmt::format("{:g} GB/s in each direction", model.link_bytes_per_second / 1e9)},
      {"model latency", fmt::format("{:g} us", model.latency_seconds * 1e6)},
      {"schedule",
       options.adversarial ? fmt::format("adversarial, seed {}", options.seed) : "fifo"},
  };
  return result;
}

}  // namespace

std::shared_ptr<Machine> make_machine() { return std::make_shared<Machine>(); }

SimulatedOptions SimulatedOptions::from_settings() {
  const Settings& from = settings();
  SimulatedOptions options;
  options.memory_bytes = static_cast<size_t>(from.gpu_memory);
  options.model.link_bytes_per_second = from.gpu_bandwidth;
  options.model.latency_seconds = from.gpu_latency_us * 1e-6;
  options.pacing = from.gpu_pacing;
  options.verify = from.verify;
  options.adversarial = from.schedule == "adversarial";
  options.seed = static_cast<uint64_t>(from.schedule_seed);
  options.fault = from.fault;
  return options;
}

std::unique_ptr<device::Backend> make_simulated_backend(int index, SimulatedOptions options) {
  return std::make_unique<SimulatedBackend>(index, std::move(options));
}

SimulatedControls& controls(device::Backend& backend) {
  auto* const simulated = dynamic_cast<SimulatedBackend*>(&backend);
  TANDEM_USER(simulated != nullptr, ArgumentError, "simulated gpu",
              "a backend has no such controls: got {}, expected a simulated GPU",
              backend.capabilities().name);
  return *simulated;
}

SimulatedBackend::SimulatedBackend(int index, SimulatedOptions options)
    : machine_(options.machine ? options.machine : shared_machine()),
      capabilities_(capabilities_of(index, options)) {
  options.machine = nullptr;
  state_ = std::make_unique<DeviceState>(index, options);
  set_faults(options.fault);
  machine_->add_device(*state_);
}

SimulatedBackend::~SimulatedBackend() {
  machine_->remove_device(*state_);
  try {
    machine_->check_process();
  } catch (const DeviceError&) {
    // In a child of fork the conditions still count the parent's threads; destroying them would
    // hang.
    state_.release();
    new std::shared_ptr<Machine>(machine_);
  }
}

SimulatedQueue& SimulatedBackend::queue_of(device::Queue& queue) const {
  machine_->check_process();
  auto& simulated = static_cast<SimulatedQueue&>(queue);
  TANDEM_CHECK(&simulated.device == state_.get(), "a queue of another device was given to {}",
               capabilities_.name);
  return simulated;
}

std::unique_ptr<device::Queue> SimulatedBackend::create_queue(
    uint16_t stream, device::Timeline& timeline,
    std::function<void(uint64_t sequence, std::exception_ptr error)> on_failure) {
  machine_->check_process();
  return std::make_unique<SimulatedQueue>(machine_, *state_, stream, timeline,
                                          std::move(on_failure));
}

bool SimulatedBackend::fault_strikes(device::FaultKind kind) {
  const auto i = static_cast<size_t>(kind);
  if (!state_->faults[i].hits(++state_->occurrences[i])) return false;
  ++state_->counters.faults;
  return true;
}

void SimulatedBackend::fail_if_struck(Operation& operation, device::FaultKind kind,
                                      const char* what) {
  if (!fault_strikes(kind)) return;
  operation.error = std::make_exception_ptr(DeviceError(fmt::format(
      "[simulated gpu] injected failure: {} {} ({}) on {}", what,
      state_->occurrences[static_cast<size_t>(kind)], operation.label, to_string(device()))));
}

void* SimulatedBackend::allocate(size_t bytes) {
  machine_->check_process();
  {
    const std::lock_guard lock(machine_->mutex);
    if (fault_strikes(device::FaultKind::alloc)) return nullptr;
  }
  return state_->memory.allocate(bytes);
}

void SimulatedBackend::release(void* data, size_t bytes) {
  machine_->check_process();
  {
    const std::lock_guard lock(machine_->mutex);
    const auto begin = reinterpret_cast<uintptr_t>(data);
    state_->written.remove(begin, begin + bytes);
    uint16_t stream = 0;
    const std::string used = machine_->checker.forget(data, bytes, &stream);
    if (!used.empty()) {
      ++state_->counters.races;
      // There is nobody to raise to: memory is given back from destructors. The queue in question
      // fails.
      SimulatedQueue* const queue = machine_->queue_of(stream);
      if (queue != nullptr && queue->failure == nullptr) {
        queue->failure =
            std::make_exception_ptr(InternalError(fmt::format("[simulated gpu] {}", used)));
      }
    }
  }
  state_->memory.release(static_cast<std::byte*>(data), bytes);
}

void SimulatedBackend::wait(device::Queue& queue, device::Point point) {
  SimulatedQueue& waiting = queue_of(queue);
  const std::lock_guard lock(machine_->mutex);
  ++state_->counters.waits;
  if (state_->drop_wait_in > 0 && --state_->drop_wait_in == 0) {
    ++state_->counters.dropped;
    return;
  }
  machine_->checker.ordered_after(waiting.stream, point);
  Operation operation;
  operation.kind = Operation::Kind::wait;
  operation.label = "wait";
  operation.point = point;
  if (!waiting.timeline.reached(point)) {
    const SimulatedQueue* const awaited = machine_->queue_of(point.stream());
    TANDEM_USER(awaited != nullptr && awaited->last_finish >= point.sequence(), InternalError,
                "simulated gpu",
                "a queue would wait for work that was not handed over: got stream {} sequence {}, "
                "expected a sequence up to {} of a simulated GPU",
                point.stream(), point.sequence(), awaited == nullptr ? 0 : awaited->last_finish);
  }
  machine_->push(waiting, std::move(operation), 0);
}

void SimulatedBackend::finish(device::Queue& queue, uint64_t sequence) {
  SimulatedQueue& ending = queue_of(queue);
  const std::lock_guard lock(machine_->mutex);
  TANDEM_CHECK(sequence > ending.last_finish, "sequence {} of stream {} comes after {}", sequence,
               ending.stream, ending.last_finish);
  ++state_->counters.finishes;
  Operation operation;
  operation.kind = Operation::Kind::finish;
  operation.label = fmt::format("finish {}", sequence);
  operation.point = device::Point(ending.stream, sequence);
  operation.late = fault_strikes(device::FaultKind::late);
  ending.last_finish = sequence;
  machine_->checker.finish(ending.stream, sequence);
  machine_->push(ending, std::move(operation), 0);
}

SimulatedCounters SimulatedBackend::counters() const {
  const std::lock_guard lock(machine_->mutex);
  return state_->counters;
}

void SimulatedBackend::set_faults(const std::string& spec) {
  const std::lock_guard lock(machine_->mutex);
  for (size_t kind = 0; kind < state_->faults.size(); ++kind) {
    state_->faults[kind] = device::fault_of(spec, device::FaultKind(kind));
  }
  state_->occurrences = {};
}

void SimulatedBackend::drop_wait(uint64_t n) {
  const std::lock_guard lock(machine_->mutex);
  state_->drop_wait_in = n;
}

void SimulatedBackend::drop_copy(uint64_t n) {
  const std::lock_guard lock(machine_->mutex);
  state_->drop_copy_in = n;
}

int64_t SimulatedBackend::model_end_ns() const {
  const std::lock_guard lock(machine_->mutex);
  int64_t end = 0;
  for (const EngineCalendar& calendar : state_->calendars) end = std::max(end, calendar.last_end());
  return end;
}

}  // namespace tandem::backends::simulated
