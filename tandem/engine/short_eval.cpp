// Whether an evaluation is so short that a caller who holds a lock of its own world keeps it.
#include <algorithm>

#include "tandem/engine/engine.h"

namespace tandem::engine {
namespace {

constexpr double kShort = 20e3;       // nanoseconds
constexpr double kLaunch = 300;       // of one instruction
constexpr double kElementsPerNs = 2;  // elements of one operation, on one thread, at least

double time_of(const passes::Plan& plan, const graph::Walk& walk) {
  double time = 0;
  for (const passes::Instruction& instruction : plan.instructions) {
    if (instruction.kind != passes::Instruction::kernel) return kShort;  // products
    double elements = 1;
    for (uint32_t i = 0; i < instruction.rank; ++i) {
      elements *= static_cast<double>(walk.dims[instruction.first_dim + i]);
    }
    time += kLaunch + elements * (1 + instruction.node_count) / kElementsPerNs;
  }
  return time;
}

}  // namespace

bool Engine::is_short(std::span<const array> arrays, const PlanEntry* entry) {
  const device::Timeline& timeline = scheduler_.timeline();
  const auto here = [&](const graph::Storage& storage) {
    const memory::Copy* copy = storage.buffer->find(kHost);
    return copy && timeline.reached(copy->valid);
  };
  if (walk_.roots.empty()) {
    return std::all_of(arrays.begin(), arrays.end(),
                       [&](const array& a) { return here(*a.node()->storage()); });
  }
  if (!entry || entry->small_runs_left > 0 || time_of(*entry->plan, walk_) >= kShort) return false;
  for (const uint16_t stream : walk_.streams) {
    const bool idle = scheduler_.device_of(stream).type == DeviceType::cpu &&
                      timeline.reached(scheduler_.last_point(stream));
    if (!idle) return false;
  }
  return std::all_of(walk_.leaves.begin(), walk_.leaves.end(),
                     [&](uint32_t leaf) { return here(*walk_.nodes[leaf]->storage()); });
}

bool Engine::on_host(const array& a) {
  const graph::Storage* storage = a.node()->storage();
  if (!storage) return false;
  const std::lock_guard lock(mutex_);
  const memory::Copy* copy = storage->buffer->find(kHost);
  return copy && scheduler_.timeline().reached(copy->valid);
}

}  // namespace tandem::engine
