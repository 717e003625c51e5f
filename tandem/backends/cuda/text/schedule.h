// The ways to spread a kernel over the threads of a GPU, and what a printed text depends on.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tandem/kernel/ir.h"

namespace tandem::backends::cuda {

enum class Schedule : uint8_t {
  map,        // a thread takes a few points; kernels without rows
  row_warp,   // a warp per row of at most 1,024 elements
  row_block,  // a block per row: everything with rows can be printed so
  row_split,  // several blocks per row; the last one to arrive combines what they found
  columns,    // a block per 32 neighbouring rows, for rows that lie across memory
};
inline constexpr int kScheduleCount = 5;
std::string_view name_of(Schedule schedule);

struct TextOptions {
  Schedule schedule = Schedule::map;
  bool narrow_index = false;  // positions and plain offsets are 32-bit: see fits_narrow
  bool keep = false;          // row_warp, row_block: a row's values stay in shared memory (keep.h)
  uint8_t warps = 8;          // of a block: 8, or 32 for row_block without scans
  bool operator==(const TextOptions&) const = default;
};

// The schedules that the kernel can be printed for. row_split and columns: no element depends on
// the result of a row, and there is no scan. row_warp: no scan.
std::vector<Schedule> schedules_of(const kernel::Kernel& kernel);

// Consecutive stages over the same extent, walked once: maps, and what they end in.
struct Sweep {
  kernel::Extent extent = kernel::Extent::element;
  int result = -1;  // the Reduce or Scan stage at the end
  kernel::NodeId begin = 0, end = 0;
};
std::vector<Sweep> sweeps_of(const kernel::Kernel& kernel);

// The nodes evaluated at each point of a sweep: its stores, its result and `more` with all they
// need, those of earlier sweeps included, in order. What `known` says is not evaluated, nor what
// only it needs; it is part of the list all the same.
std::vector<kernel::NodeId> needed_nodes(const kernel::Kernel& kernel, const Sweep& sweep,
                                         std::span<const kernel::NodeId> more = {},
                                         const std::vector<char>& known = {});

// The kernel with equal nodes of the same extent as one, also across stages. What is equal to an
// earlier node stays in the list, unused.
kernel::Kernel share_nodes(const kernel::Kernel& kernel);

}  // namespace tandem::backends::cuda
