// What happened: counters of plans and kernels, memory, and the text of the plan for given arrays.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tandem/graph/array.h"

namespace tandem::inspect {

struct Counters {
  uint64_t evals = 0;  // walks that found pending nodes
  uint64_t plans_built = 0;
  uint64_t plan_hits = 0;
  uint64_t kernels_built = 0;
  uint64_t rebinds = 0;  // a cached plan ran with other dimensions than the last time
  uint64_t nodes_planned = 0;
  uint64_t kernels_launched = 0;
  uint64_t library_calls = 0;
  uint64_t nodes_run = 0;  // nodes of the plans that ran
  uint64_t donations = 0;  // outputs written in place of a dead input
  uint64_t segments = 0;
  uint64_t edges = 0;  // waits between streams
  uint64_t transfers = 0;
  uint64_t retries_after_oom = 0;
  // Steps against a shortage of memory, in the order in which they are taken.
  uint64_t pressure_trims = 0;              // arenas and idle blocks given back
  uint64_t pressure_speculation_stops = 0;  // copies made too early dropped
  uint64_t redundant_copies_dropped = 0;
  uint64_t evictions = 0;         // only copies moved to the host
  uint64_t pressure_waits = 0;    // for work that free memory waited for
  uint64_t small_runs = 0;        // plans that ran one segment at a time
  uint64_t small_replans = 0;     // and were planned again without fusion for it
  uint64_t out_of_memory = 0;     // errors raised
  uint64_t prefetches = 0;        // copies made ahead of their readers
  uint64_t recomputes = 0;        // values made again instead of moved out and back
  uint64_t small_donations = 0;   // donations in small mode, of intermediate values too
  uint64_t pressure_signals = 0;  // times the system was found short of memory
  // Decisions of placement.
  uint64_t eager_pushes = 0;  // results copied to where their site's values are read
  uint64_t streamed_copies_released =
      0;  // mirrors of values that are read once, memory being short
};
Counters counters();

// Bytes on the host and on each device.
struct Memory {
  uint64_t active = 0, peak = 0, cached = 0;
};
Memory memory(Device device);
// The same for all devices used so far together.
Memory memory();
void reset_peak_memory();
// Gives free cached memory back to the system.
void clear_cache();

// How the values of one output of a plan are used, and the class that placement follows:
// "unknown", "cpu_dominant", "gpu_dominant", "balanced" or "streaming". Tracked once a GPU is used.
struct SiteUse {
  std::string label;  // what makes the values
  std::string access;
  uint64_t values = 0, cpu_reads = 0, gpu_reads = 0, class_changes = 0;
};
std::vector<SiteUse> placement();

// Nodes that exist, evaluated ones included.
int64_t live_nodes();

// The plan of these arrays as text: segments, kernels with their ops and expressions, edges,
// transfers, arenas.
std::string plan_text(std::span<const array> arrays);

std::map<std::string, std::string> device_info(Device device);

}  // namespace tandem::inspect
