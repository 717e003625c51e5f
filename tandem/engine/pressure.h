// Pressure: what is done when a pool has no room, in this order, until an allocation succeeds:
//   trim         arenas and idle blocks go back to where they came from
//   speculation  nothing is made ahead of its readers for a while; what nobody has read goes
//   redundant    copies go whose bytes are elsewhere too
//   evict        values are moved to the host, the longest unused first
//   wait         for the soonest work that free memory waits for
//   small        the plan runs one segment at a time (Binder::run_small)
// Then OutOfMemory. Every step counts in inspect::Counters. All functions expect the engine's lock to
// be held.
#pragma once

#include <cstdint>
#include <string_view>

#include "tandem/engine/bind/binder.h"
#include "tandem/memory/system_pressure.h"

namespace tandem::engine {

enum class PressureStep : uint8_t { trim, speculation, redundant, evict, wait, small };
inline constexpr int kPressureSteps = 6;
std::string_view name_of(PressureStep step);

// Whether settings().pressure_off leaves the step in; raises ArgumentError for a word that names
// none.
bool enabled(PressureStep step);

// How far one call has gone through the steps.
struct PressureAttempt {
  int step = 0;
  int rounds = 0;
  bool last = false;  // idle memory was given back when nothing was left to wait for
};

// Takes the next step that frees something of the short pool, up to and including `evict`; false
// when none is left. Values used by the run that is short stay.
bool free_memory(EngineState& state, const MemoryShortage& shortage, PressureAttempt& attempt);

// The soonest Point that free memory of the pool waits for, to be waited for before it is trimmed
// and asked again; one that is always reached when there is none or the step is left out.
device::Point awaited_memory(EngineState& state, const memory::Pool& pool);

// Gives the arenas of streams on the pool back to it; they are made again when needed. Returns their
// bytes.
size_t release_arenas(EngineState& state, const memory::Pool& pool);

// What follows when the system is short of memory: idle host memory goes, nothing is made ahead of
// its readers for a while; when it is critical, host copies go whose bytes are elsewhere too.
void answer_system_pressure(EngineState& state, memory::PressureLevel level);

// Drops the copy on `place`, which another copy makes redundant; false when the step is left out.
bool drop_redundant_copy(EngineState& state, memory::Buffer& buffer, Device place);

// Moves the buffer's only copy from `place` to a block of the host, behind the work that makes it.
void spill(EngineState& state, memory::Buffer& buffer, Device place, memory::Block block);

}  // namespace tandem::engine
