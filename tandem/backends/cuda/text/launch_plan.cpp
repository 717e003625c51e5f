#include "tandem/backends/cuda/text/launch_plan.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "tandem/backends/cuda/text/arguments.h"
#include "tandem/backends/cuda/text/prelude.h"
#include "tandem/backends/cuda/text/print_kernel.h"
#include "tandem/base/check.h"

namespace tandem::backends::cuda {

using device::LaunchArguments;
using kernel::Access;
using kernel::Kernel;
using kernel::StageKind;

namespace {

constexpr int64_t kChunk = 1024;
constexpr int64_t kWarps = 8;
constexpr int64_t kMostShared = 200 << 10;  // of a block, for kept values
constexpr int64_t kGoodShared = 48 << 10;   // several such blocks run side by side
constexpr int64_t kMostBlocks = (int64_t{1} << 31) - 1;
constexpr int64_t kNarrowLimit = (int64_t{1} << 31) - (int64_t{1} << 18);

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Sizes {
  int64_t rows = 1, row_elements = 1;
  int64_t chunks() const { return divide_up(row_elements, kChunk); }
};

Sizes sizes_of(const Kernel& kernel, const LaunchArguments& arguments) {
  Sizes sizes;
  const int rank = kernel.parallel_rank + kernel.reduced_rank;
  for (int axis = 0; axis < rank; ++axis) {
    (axis < kernel.parallel_rank ? sizes.rows : sizes.row_elements) *= arguments.extents[axis];
  }
  return sizes;
}

int count_stages(const Kernel& kernel, StageKind kind) {
  return static_cast<int>(std::ranges::count_if(
      kernel.stages, [&](const kernel::Stage& stage) { return stage.kind == kind; }));
}

// Bytes of shared memory for the kept values of a block.
int64_t shared_for_kept(const Kernel& kernel, const TextOptions& options,
                        const LaunchArguments& arguments) {
  const int64_t pitch = divide_up(sizes_of(kernel, arguments).row_elements, 2) * 2;
  const int64_t words = kept_words(kernel, options.schedule);
  if (pitch > kMostShared) return pitch;
  return pitch * 4 * words * (options.schedule == Schedule::row_warp ? kWarps : 1);
}

// Halves `chunks` per group until there are `wanted` groups in all, `least` chunks in each.
int64_t group_size(int64_t chunks, int64_t rows, int64_t most, int64_t least, int64_t wanted) {
  int64_t size = most;
  while (size > least && rows * divide_up(chunks, size) < wanted) size /= 2;
  return size;
}

// Neighbouring rows lie closer together in memory than the elements of a row do.
bool lies_across(const Kernel& kernel, const LaunchArguments& arguments) {
  if (kernel.parallel_rank == 0) return false;
  int across = 0, along = 0;
  for (uint16_t b = 0; b < kernel.buffers.size(); ++b) {
    const int axes = moving_axes(kernel, b);
    if (kernel.buffers[b].written || axes == kernel.parallel_rank) continue;
    if (kernel.buffers[b].access == Access::scalar) continue;
    if (kernel.buffers[b].access == Access::contiguous) {
      ++along;
      continue;
    }
    const int64_t* strides = arguments.buffers[b].strides;
    int inner_row = kernel.parallel_rank - 1, inner_element = axes - 1;
    while (inner_row > 0 && arguments.extents[inner_row] == 1) --inner_row;
    while (inner_element > kernel.parallel_rank && arguments.extents[inner_element] == 1) {
      --inner_element;
    }
    const int64_t row_step = std::abs(strides[inner_row]);
    const int64_t element_step = std::abs(strides[inner_element]);
    (row_step != 0 && row_step < element_step ? across : along) += 1;
  }
  return across > along;
}

}  // namespace

bool fits_narrow(const Kernel& kernel, const LaunchArguments& arguments) {
  const Sizes sizes = sizes_of(kernel, arguments);
  const auto fits = [](int64_t value) { return value < kNarrowLimit; };
  // The factors first: their product must not overflow here.
  if (!fits(sizes.rows) || !fits(sizes.row_elements)) return false;
  if (!fits(sizes.rows * std::max<int64_t>(1, sizes.row_elements))) return false;
  for (uint16_t b = 0; b < kernel.buffers.size(); ++b) {
    if (kernel.buffers[b].access != Access::general) continue;
    int64_t reach = 0;
    for (int axis = 0; axis < moving_axes(kernel, b); ++axis) {
      const int64_t steps = std::max<int64_t>(0, arguments.extents[axis] - 1);
      const int64_t stride = std::abs(arguments.buffers[b].strides[axis]);
      if (steps == 0) continue;
      if (!fits(stride)) return false;
      reach += steps * stride;
      if (!fits(reach)) return false;
    }
  }
  return true;
}

bool can_launch(const LaunchArguments& arguments, const Kernel& kernel,
                const TextOptions& options) {
  if (options.narrow_index && !fits_narrow(kernel, arguments)) return false;
  if (options.keep && shared_for_kept(kernel, options, arguments) > kMostShared) return false;
  return options.schedule != Schedule::row_warp ||
         sizes_of(kernel, arguments).row_elements <= kChunk;
}

TextOptions choose_options(const Kernel& kernel, const LaunchArguments& arguments,
                           int multiprocessors) {
  TextOptions options;
  options.narrow_index = fits_narrow(kernel, arguments);
  const std::vector<Schedule> possible = schedules_of(kernel);
  const auto has = [&](Schedule schedule) {
    return std::ranges::find(possible, schedule) != possible.end();
  };
  options.schedule = possible.front();
  const Sizes sizes = sizes_of(kernel, arguments);
  if (has(Schedule::columns) && sizes.rows >= kColumns && lies_across(kernel, arguments)) {
    options.schedule = Schedule::columns;
  } else if (has(Schedule::row_warp) && sizes.row_elements <= kChunk) {
    options.schedule = Schedule::row_warp;
  } else if (has(Schedule::row_split) && sizes.chunks() > kWarps &&
             sizes.rows < int64_t{8} * multiprocessors) {
    options.schedule = Schedule::row_split;
  }
  if (kept_words(kernel, options.schedule) == 0) return options;
  const int64_t shared = shared_for_kept(kernel, options, arguments);
  options.keep = shared <= kMostShared;
  const bool scans = count_stages(kernel, StageKind::scan) > 0;
  if (options.schedule == Schedule::row_block && !scans && options.keep && shared > kGoodShared) {
    options.warps = 32;
  }
  return options;
}

LaunchPlan plan_launch(const Kernel& kernel, const TextOptions& options,
                       const LaunchArguments& arguments, int multiprocessors) {
  TANDEM_CHECK(can_launch(arguments, kernel, options), "the launch does not fit the text");
  const Sizes sizes = sizes_of(kernel, arguments);
  LaunchPlan plan;
  plan.block = 32u * options.warps;
  if (options.keep) {
    plan.shared_bytes = static_cast<size_t>(shared_for_kept(kernel, options, arguments));
  }
  int64_t blocks = 0;
  switch (options.schedule) {
    case Schedule::map:
      blocks = divide_up(sizes.rows * sizes.row_elements,
                         int64_t{kMapThreads} * points_per_thread(kernel));
      break;
    case Schedule::row_warp:
      blocks = std::min(divide_up(sizes.rows, kWarps), int64_t{1} << 14);
      break;
    case Schedule::row_block: {
      const int scans = count_stages(kernel, StageKind::scan);
      const int64_t most = scans > 0 ? int64_t{4} * multiprocessors : int64_t{1} << 17;
      blocks = std::min(sizes.rows, most);
      plan.scratch_bytes =
          static_cast<size_t>(scans * blocks * sizes.row_elements * kScanSlotBytes);
      break;
    }
    case Schedule::row_split:
    case Schedule::columns: {
      const bool split = options.schedule == Schedule::row_split;
      const int64_t units = split ? sizes.rows : divide_up(sizes.rows, kColumns);
      const int64_t chunks = std::max<int64_t>(1, sizes.chunks());
      const int64_t most =
          split ? kMostParts : static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(chunks)));
      plan.group_chunks = group_size(chunks, units, most, split ? kWarps : 1,
                                     int64_t{split ? 8 : 4} * multiprocessors);
      plan.groups = divide_up(chunks, plan.group_chunks);
      blocks = units * plan.groups;
      const int64_t slots = count_stages(kernel, StageKind::reduce) * sizes.rows * plan.groups;
      plan.scratch_bytes = static_cast<size_t>((divide_up(sizes.rows, 4) + slots) * kPartSlotBytes);
      plan.zeroed_bytes = static_cast<size_t>(sizes.rows) * 4;
      break;
    }
  }
  TANDEM_CHECK(blocks <= kMostBlocks, "a launch of {} blocks", blocks);
  plan.grid = static_cast<uint32_t>(blocks);
  return plan;
}

std::vector<uint64_t> pack_arguments(const Kernel& kernel, const TextOptions& options,
                                     const LaunchArguments& arguments, const LaunchPlan& plan,
                                     const void* scratch) {
  const Sizes sizes = sizes_of(kernel, arguments);
  const auto value = [&](const Word& word) -> int64_t {
    switch (word.kind) {
      case WordKind::extent:
        return arguments.extents[word.slot];
      case WordKind::rows:
        return sizes.rows;
      case WordKind::row_elements:
        return sizes.row_elements;
      case WordKind::elements:
        return sizes.rows * sizes.row_elements;
      case WordKind::groups:
        return plan.groups;
      case WordKind::group_chunks:
        return plan.group_chunks;
      case WordKind::scratch:
        return static_cast<int64_t>(reinterpret_cast<uintptr_t>(scratch));
      case WordKind::data:
        return static_cast<int64_t>(reinterpret_cast<uintptr_t>(arguments.buffers[word.slot].data));
      case WordKind::stride:
        return arguments.buffers[word.slot].strides[word.axis];
      case WordKind::index_extent:
        return arguments.buffers[word.slot].index_extent;
      case WordKind::index_stride:
        return arguments.buffers[word.slot].index_stride;
      case WordKind::param:
        return static_cast<int64_t>(arguments.params[word.slot]);
    }
    return 0;
  };
  std::vector<uint64_t> packed;
  for (const Word& word : argument_words(kernel, options)) {
    packed.push_back(static_cast<uint64_t>(value(word)));
  }
  return packed;
}

}  // namespace tandem::backends::cuda
