#include "tandem/engine/pressure.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tandem/base/check.h"
#include "tandem/base/settings.h"
#include "tandem/memory/residents.h"

namespace tandem::engine {
namespace {

// Runs for which nothing is made ahead of its readers after a shortage.
constexpr uint64_t kSpeculationPause = 64;

// Times that one call drops or evicts before it goes on to the next step.
constexpr int kMostRounds = 1000;

constexpr std::array<std::string_view, kPressureSteps> kNames = {
    "trim", "speculation", "redundant", "evict", "wait", "small"};

bool trim(EngineState& state, const MemoryShortage& shortage) {
  const size_t arenas = release_arenas(state, *shortage.pool);
  const size_t trimmed = shortage.pool->trim(0);
  if (arenas + trimmed == 0) return false;
  ++state.counters.pressure_trims;
  return true;
}

// Buffers with a copy on the short device that the run in hand does not use: those whose values are
// read once, then the longest unused first.
std::vector<Ref<memory::Buffer>> idle_residents(const EngineState& state, Device place) {
  std::vector<Ref<memory::Buffer>> result;
  for (Ref<memory::Buffer>& buffer : memory::Residents::instance().all()) {
    const bool idle = !buffer->pinned() && buffer->last_used() != state.now;
    if (idle && buffer->find(place)) result.push_back(buffer);
  }
  const auto is_kept = [](const memory::Buffer& buffer) {
    return !buffer.site() || buffer.site()->access() != memory::AccessClass::streaming;
  };
  std::sort(result.begin(), result.end(), [&](const auto& a, const auto& b) {
    return std::pair(is_kept(*a), a->last_used()) < std::pair(is_kept(*b), b->last_used());
  });
  return result;
}

bool stop_speculation(EngineState& state, const MemoryShortage& shortage) {
  state.speculation_resumes = state.now + kSpeculationPause;
  size_t freed = 0;
  for (const Ref<memory::Buffer>& buffer : idle_residents(state, shortage.device)) {
    if (!buffer->find(shortage.device)->speculative || !buffer->may_drop(shortage.device)) continue;
    buffer->drop(shortage.device);
    freed += buffer->bytes();
  }
  if (freed == 0) return false;
  ++state.counters.pressure_speculation_stops;
  return true;
}

bool drop_redundant(EngineState& state, const MemoryShortage& shortage) {
  size_t freed = 0;
  for (const Ref<memory::Buffer>& buffer : idle_residents(state, shortage.device)) {
    if (freed >= shortage.bytes) break;
    if (!buffer->may_drop(shortage.device)) continue;
    if (drop_redundant_copy(state, *buffer, shortage.device)) freed += buffer->bytes();
  }
  return freed > 0;
}

bool evict(EngineState& state, const MemoryShortage& shortage) {
  if (shortage.device == kHost) return false;  // there is no place to move to
  size_t freed = 0;
  for (const Ref<memory::Buffer>& buffer : idle_residents(state, shortage.device)) {
    if (freed >= shortage.bytes) break;
    buffer->drop_failed(kHost);
    if (buffer->other_than(shortage.device) || buffer->find(kHost)) continue;
    memory::Block block = state.devices.host_pool().allocate(
        buffer->bytes(), state.devices.get(shortage.device).copy_out);
    if (!block.data) break;
    spill(state, *buffer, shortage.device, std::move(block));
    freed += buffer->bytes();
  }
  return freed > 0;
}

}  // namespace

std::string_view name_of(PressureStep step) { return kNames[static_cast<size_t>(step)]; }

bool enabled(PressureStep step) {
  std::string_view off = settings().pressure_off;
  bool result = true;
  while (!off.empty()) {
    const size_t end = std::min(off.find(','), off.size());
    const std::string_view word = off.substr(0, end);
    TANDEM_USER(std::find(kNames.begin(), kNames.end(), word) != kNames.end(), ArgumentError,
                "settings", "TANDEM_PRESSURE_OFF names no step: got '{}', expected {}", word,
                "trim, speculation, redundant, evict, wait or small");
    if (word == name_of(step)) result = false;
    off.remove_prefix(std::min(end + 1, off.size()));
  }
  return result;
}

bool free_memory(EngineState& state, const MemoryShortage& shortage, PressureAttempt& attempt) {
  using Try = bool (*)(EngineState&, const MemoryShortage&);
  constexpr std::array<Try, 4> kTries = {&trim, &stop_speculation, &drop_redundant, &evict};
  while (attempt.step < static_cast<int>(kTries.size())) {
    const auto step = static_cast<PressureStep>(attempt.step);
    const bool freed = enabled(step) && kTries[static_cast<size_t>(step)](state, shortage);
    // The last two go on as long as there is something to free; other threads may add to it.
    const bool again = step == PressureStep::redundant || step == PressureStep::evict;
    if (!freed || !again || ++attempt.rounds > kMostRounds) ++attempt.step;
    if (freed) return true;
  }
  return false;
}

device::Point awaited_memory(EngineState& state, const memory::Pool& pool) {
  if (!enabled(PressureStep::wait)) return {};
  const memory::Points pending = pool.pending();
  if (pending.empty()) return {};
  device::Timeline& timeline = state.scheduler.timeline();
  const auto left = [&](device::Point point) {
    const uint64_t done = timeline.done_word(point.stream()).load(std::memory_order_relaxed);
    return point.sequence() - std::min(point.sequence(), done);
  };
  ++state.counters.pressure_waits;
  return *std::min_element(pending.begin(), pending.end(),
                           [&](device::Point a, device::Point b) { return left(a) < left(b); });
}

size_t release_arenas(EngineState& state, const memory::Pool& pool) {
  size_t released = 0;
  for (auto it = state.arenas.begin(); it != state.arenas.end();) {
    Arena& arena = it->second;
    if (arena.pool != &pool || !arena.data) {
      ++it;
      continue;
    }
    // Its work ends at the last Point of the stream.
    memory::Points uses = arena.after;
    memory::note(uses, state.scheduler.last_point(it->first));
    arena.pool->release(arena.data, arena.capacity, uses);
    released += arena.capacity;
    it = state.arenas.erase(it);
  }
  return released;
}

void answer_system_pressure(EngineState& state, memory::PressureLevel level) {
  if (level == memory::PressureLevel::none) return;
  ++state.counters.pressure_signals;
  state.speculation_resumes = state.now + kSpeculationPause;
  memory::Pool& host = state.devices.host_pool();
  if (level == memory::PressureLevel::critical) {
    for (const Ref<memory::Buffer>& buffer : memory::Residents::instance().all()) {
      if (buffer->find(kHost) && buffer->may_drop(kHost))
        drop_redundant_copy(state, *buffer, kHost);
    }
  }
  if (release_arenas(state, host) + host.trim(0) > 0) ++state.counters.pressure_trims;
}

bool drop_redundant_copy(EngineState& state, memory::Buffer& buffer, Device place) {
  if (!enabled(PressureStep::redundant)) return false;
  buffer.drop(place);
  ++state.counters.redundant_copies_dropped;
  return true;
}

void spill(EngineState& state, memory::Buffer& buffer, Device place, memory::Block block) {
  copy_to(state, buffer, {kHost, std::move(block), memory::Cause::eviction});
  buffer.drop(place);
  ++state.counters.evictions;
}

}  // namespace tandem::engine
