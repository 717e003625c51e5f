#include "tandem/backends/cuda/text/print_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/backends/cuda/text/arguments.h"
#include "tandem/backends/cuda/text/prelude.h"
#include "tandem/backends/cuda/text/stage_text.h"
#include "tandem/backends/cuda/text/sweep_text.h"
#include "tandem/base/check.h"

namespace tandem::backends::cuda {

using kernel::Extent;
using kernel::Kernel;
using kernel::StageKind;

namespace {

constexpr int kLightCost = 24;  // of one point: several are computed at once
constexpr int kMediumCost = 100;
constexpr int kHeavyCost = 400;  // points are computed one by one

int unroll_of(int cost) { return cost <= kLightCost ? 4 : cost <= kHeavyCost ? 2 : 1; }
int width_of(int cost) { return cost <= kLightCost ? 4 : cost <= kMediumCost ? 2 : 1; }

class KernelPrinter {
 public:
  KernelPrinter(const Kernel& kernel, const TextOptions& options)
      : kernel_(kernel), options_(options), sweeps_(kernel, options) {}

  std::string run() {
    std::string functions;
    for (size_t k = 0; k < sweeps_.sweeps().size(); ++k) {
      functions += sweeps_.functions(k);
      if (sweeps_.sweeps()[k].result >= 0) {
        functions += stage_text(sweeps_, kernel_, k, sweeps_.cost(k) <= kLightCost,
                                width_of(sweeps_.cost(k)));
      }
    }
    const std::string body = options_.schedule == Schedule::map ? map_body() : rows_body();
    return fmt::format(
        "{}{}{}{}{}{}extern \"C\" __global__ void __launch_bounds__({}) {}(const "
        "__grid_constant__ Arguments a) {{\n{}}}\n",
        common_prelude(options_.narrow_index), kIndexing, sweeps_.library().definitions(),
        sweeps_.structs(), preludes(), functions, threads(), kEntryName, body);
  }

 private:
  // How load_at and store_at read an index.
  static constexpr std::string_view kIndexing =
      R"(static __device__ __forceinline__ i64 wrapped(i64 i, i64 n) { return i < 0 ? i + n : i; }
static __device__ __forceinline__ i64 clamped(i64 i, i64 n) {
  i = wrapped(i, n);
  return i < 0 ? 0 : i >= n ? n - 1 : i;
}
)";

  // The chunks [begin, end) of a group; `limit` is the end in elements.
  static constexpr std::string_view kGroupLimits =
      R"(  const i64 chunks = (a.row_elements + 1023) / 1024;
  const i64 begin = group * a.group_chunks;
  const i64 end = begin + a.group_chunks < chunks ? begin + a.group_chunks : chunks;
  const Index limit = (Index)(end * 1024 < a.row_elements ? end * 1024 : a.row_elements);
  if (begin < end) {
)";

  int threads() const { return 32 * options_.warps; }

  bool has(StageKind kind) const {
    return std::ranges::any_of(kernel_.stages,
                               [&](const kernel::Stage& stage) { return stage.kind == kind; });
  }

  std::string preludes() const {
    std::string text;
    if (has(StageKind::reduce)) {
      text += fmt::format("static const int kWarps = {};\n", options_.warps);
      text += chunk_prelude();
      if (options_.schedule != Schedule::row_warp) text += block_prelude();
      if (options_.schedule == Schedule::row_split) text += split_prelude();
      if (options_.schedule == Schedule::columns) {
        text += split_prelude();
        text += columns_prelude();
      }
    }
    if (has(StageKind::scan)) text += scan_prelude();
    return text;
  }

  std::string map_body() {
    if (sweeps_.sweeps().empty()) return {};
    return fmt::format(
        "  const Row row = {{}};\n"
        "  const Index count = (Index)a.elements;\n"
        "  const Index begin = (Index)blockIdx.x * {0} + threadIdx.x;\n"
        "{1}",
        kMapThreads * points_per_thread(kernel_),
        points(0, "begin", "count", kMapThreads, points_per_thread(kernel_), "  "));
  }

  // `unroll` points of sweep k from `begin` on, `step` apart; all computed, then all stored.
  static std::string points(size_t k, std::string_view begin, std::string_view count, int step,
                            int unroll, std::string_view indent) {
    return fmt::format(
        "{5}Out{0} out[{4}];\n"
        "#pragma unroll\n"
        "{5}for (int i = 0; i < {4}; ++i) {{\n"
        "{5}  const Index j = {1} + i * {3};\n"
        "{5}  out[i] = compute{0}(a, row, j < {2} ? j : {2} - 1);\n"
        "{5}}}\n"
        "#pragma unroll\n"
        "{5}for (int i = 0; i < {4}; ++i) {{\n"
        "{5}  const Index j = {1} + i * {3};\n"
        "{5}  if (j < {2}) write{0}(a, row, j, out[i]);\n"
        "{5}}}\n",
        k, begin, count, step, unroll, indent);
  }

  // All points of an element map, by `threads` threads, `me` being the number of one.
  std::string element_sweep(size_t k, int threads, std::string_view me, std::string_view first,
                            std::string_view end) {
    const int unroll = unroll_of(sweeps_.cost(k));
    return fmt::format("    for (Index from = {0} + {1}; from < {2}; from += {3}) {{\n{4}    }}\n",
                       first, me, end, threads * unroll,
                       points(k, "from", end, threads, unroll, "      "));
  }

  std::string row_sweep(size_t k, std::string_view leader) {
    std::string text = fmt::format("    {{\n      const Out{0} out = compute{0}(a, row, 0);\n", k);
    if (sweeps_.stores(k)) {
      text += fmt::format("      if ({1}) write{0}(a, row, 0, out);\n", k, leader);
    }
    return text + "    }\n";
  }

  // Sets `row` to the row `row.at`.
  std::string enter_row() const {
    std::string text = "    row.first = row.at * (Index)a.row_elements;\n";
    std::string rest = "row.at";
    for (int axis = kernel_.parallel_rank; axis-- > 1;) {
      text += fmt::format(
          "    const Index q{0} = quotient({1}, a.extent{0});\n"
          "    row.c{0} = {1} - q{0} * (Index)a.extent{0};\n",
          axis, rest);
      rest = fmt::format("q{}", axis);
    }
    if (kernel_.parallel_rank > 0) text += fmt::format("    row.c0 = {};\n", rest);
    return text;
  }

  // Where each kept value of the row is in shared memory; a warp of row_warp has its own part.
  std::string kept_places() const {
    const Keeping& keeping = sweeps_.keeping();
    if (keeping.values.empty()) return {};
    std::string text =
        "  extern __shared__ __align__(16) char kept[];\n"
        "  const int pitch = ((int)a.row_elements + 1) / 2 * 2;\n";
    text += options_.schedule == Schedule::row_warp
                ? fmt::format("  char* const mine = kept + (threadIdx.x / 32) * {} * 4 * pitch;\n",
                              keeping.words)
                : "  char* const mine = kept;\n";
    for (const KeptValue& value : keeping.values) {
      text += fmt::format("  row.k{0} = ({1}*)(mine + {2} * 4 * pitch);\n", value.node,
                          cuda_type(kernel_.nodes[value.node].type), value.word);
    }
    return text;
  }

  std::string rows_body() {
    switch (options_.schedule) {
      case Schedule::row_warp:
        return warp_body();
      case Schedule::row_block:
        return block_body();
      case Schedule::row_split:
        return split_body();
      default:
        return columns_body();
    }
  }

  std::string warp_body() {
    std::string text =
        "  const int lane = threadIdx.x & 31;\n"
        "  Row row;\n" +
        kept_places() +
        "  for (row.at = (Index)blockIdx.x * 8 + threadIdx.x / 32; row.at < (Index)a.rows; row.at "
        "+= (Index)gridDim.x * 8) {\n" +
        enter_row();
    for (size_t k = 0; k < sweeps_.sweeps().size(); ++k) {
      const Sweep& sweep = sweeps_.sweeps()[k];
      if (sweep.extent == Extent::row) {
        text += row_sweep(k, "lane == 0");
      } else if (sweep.result < 0) {
        text += element_sweep(k, 32, "lane", "0", "(Index)a.row_elements");
      } else {
        text += fmt::format(
            "    row.r{0} = Stage{0}::result(a.row_elements == 0 ? Stage{0}::identity() : "
            "Stage{0}::first_lane(reduce_chunk<Stage{0}>(a, row, 0)));\n",
            sweep.result);
      }
      text += "    __syncwarp();\n";
    }
    return text + "  }\n";
  }

  std::string block_body() {
    std::string text = room(kMostParts) + "  Row row;\n" + kept_places() +
                       "  for (row.at = blockIdx.x; row.at < (Index)a.rows; row.at += gridDim.x) "
                       "{\n" +
                       enter_row();
    int scans = 0;
    for (size_t k = 0; k < sweeps_.sweeps().size(); ++k) {
      const Sweep& sweep = sweeps_.sweeps()[k];
      if (sweep.extent == Extent::row) {
        text += row_sweep(k, "threadIdx.x == 0");
      } else if (sweep.result < 0) {
        text += element_sweep(k, threads(), "threadIdx.x", "0", "(Index)a.row_elements");
      } else if (kernel_.stages[sweep.result].kind == StageKind::reduce) {
        text += fmt::format(
            "    row.r{0} = Stage{0}::result(reduce_row<Stage{0}>(a, row, room));\n", sweep.result);
      } else {
        text += fmt::format(
            "    row.x{0} = ({1}*)((char*)a.scratch + ((i64){2} * gridDim.x + blockIdx.x) * "
            "a.row_elements * {3});\n"
            "    scan_row<Stage{0}>(a, row, row.x{0}, room);\n",
            sweep.result, result_type_text(kernel_, sweep.result), scans++, kScanSlotBytes);
      }
      text += "    __syncthreads();\n";
    }
    return text + "  }\n";
  }

  // Slots for what groups found: stage by stage, behind a counter for each row or block of columns.
  std::string slots(size_t stage_number) const {
    return fmt::format("(a.rows + 3) / 4 + {} * a.rows * a.groups", stage_number);
  }

  std::string split_body() {
    std::string text = room(kMostParts) +
                       "  __shared__ u32 flag;\n"
                       "  Row row;\n"
                       "  row.at = (Index)(blockIdx.x / (u64)a.groups);\n"
                       "  const i64 group = blockIdx.x - (i64)row.at * a.groups;\n"
                       "  {\n" +
                       enter_row() + "  }\n" + std::string(kGroupLimits);
    std::string last;
    size_t number = 0;
    for (size_t k = 0; k < sweeps_.sweeps().size(); ++k) {
      const Sweep& sweep = sweeps_.sweeps()[k];
      if (sweep.extent == Extent::row) {
        last += row_sweep(k, "threadIdx.x == 0") + "    __syncthreads();\n";
        continue;
      }
      if (sweep.result < 0) {
        text += element_sweep(k, threads(), "threadIdx.x", "(Index)begin * 1024", "limit");
      } else {
        text += fmt::format(
            "    const Stage{0}::T x{0} = reduce_chunks<Stage{0}>(a, row, (Index)begin, "
            "(Index)end, room);\n"
            "    if (threadIdx.x == 0) slot<Stage{0}>(a, {1} + row.at * a.groups + group) = "
            "x{0};\n",
            sweep.result, slots(number));
        last += fmt::format(
            "    row.r{0} = Stage{0}::result(combine_groups<Stage{0}>(a, {1} + row.at * a.groups, "
            "room));\n",
            sweep.result, slots(number));
        ++number;
      }
      text += "    __syncthreads();\n";
    }
    return text +
           "  }\n"
           "  if (arrives_last((u32*)a.scratch + row.at, (u32)a.groups, &flag)) {\n" +
           last + "  }\n";
  }

  std::string columns_body() {
    std::string text = room(64 * kColumns) +
                       "  __shared__ u32 flag;\n"
                       "  const int lane = threadIdx.x & 31;\n"
                       "  const i64 column = blockIdx.x / (u64)a.groups;\n"
                       "  const i64 group = blockIdx.x - column * a.groups;\n"
                       "  Row row;\n"
                       "  row.at = (Index)(column * 32 + lane);\n"
                       "  row.live = row.at < (Index)a.rows;\n"
                       "  if (!row.live) row.at = (Index)a.rows - 1;\n"
                       "  {\n" +
                       enter_row() + "  }\n" + std::string(kGroupLimits);
    std::string last;
    size_t number = 0;
    for (size_t k = 0; k < sweeps_.sweeps().size(); ++k) {
      const Sweep& sweep = sweeps_.sweeps()[k];
      if (sweep.extent == Extent::row) {
        last += row_sweep(k, "true");
        continue;
      }
      if (sweep.result < 0) {
        text += fmt::format(
            "    for (Index j = (Index)begin * 1024 + threadIdx.x / 32; j < limit; j += 8) {{\n"
            "      const Out{0} out = compute{0}(a, row, j);\n"
            "      write{0}(a, row, j, out);\n    }}\n",
            k);
      } else {
        text += fmt::format(
            "    const Stage{0}::T x{0} = reduce_columns<Stage{0}>(a, row, (Index)begin, "
            "(Index)end, room);\n"
            "    if (threadIdx.x < 32 && row.live) slot<Stage{0}>(a, {1} + group * a.rows + "
            "row.at) "
            "= x{0};\n",
            sweep.result, slots(number));
        last += fmt::format(
            "    row.r{0} = Stage{0}::result(combine_columns<Stage{0}>(a, {1} + row.at));\n",
            sweep.result, slots(number));
        ++number;
      }
      text += "    __syncthreads();\n";
    }
    return text +
           "  }\n"
           "  if (arrives_last((u32*)a.scratch + column, (u32)a.groups, &flag) && threadIdx.x < "
           "32) "
           "{\n" +
           last + "  }\n";
  }

  // Shared memory for `count` partial results of the largest stage.
  std::string room(int count) const {
    int words = 1;
    for (const kernel::Stage& stage : kernel_.stages) {
      if (stage.kind != StageKind::map) words = std::max(words, part_words(stage));
    }
    return fmt::format("  __shared__ __align__(16) u64 room[{}];\n", count * words);
  }

  const Kernel& kernel_;
  TextOptions options_;
  SweepPrinter sweeps_;
};

}  // namespace

std::span<const char* const> compile_options() {
  static constexpr const char* kOptions[] = {"--std=c++17", "--fmad=false", "--ftz=false",
                                             "--prec-div=true", "--prec-sqrt=true"};
  return kOptions;
}

int kept_words(const Kernel& kernel, Schedule schedule) {
  if (schedule != Schedule::row_warp && schedule != Schedule::row_block) return 0;
  const Kernel shared = share_nodes(kernel);
  return keeping_of(shared, sweeps_of(shared)).words;
}

int points_per_thread(const Kernel& kernel) {
  const SweepPrinter sweeps(kernel, {Schedule::map});
  return sweeps.sweeps().empty() ? 1 : unroll_of(sweeps.cost(0));
}

std::string print_kernel(const Kernel& kernel, const TextOptions& options) {
  const std::vector<Schedule> possible = schedules_of(kernel);
  const bool more_warps = options.warps == 32 && options.schedule == Schedule::row_block;
  TANDEM_CHECK(options.warps == 8 || more_warps, "blocks of {} warps as {}", options.warps,
               name_of(options.schedule));
  TANDEM_CHECK(!options.keep || kept_words(kernel, options.schedule) > 0, "nothing to keep as {}",
               name_of(options.schedule));
  TANDEM_CHECK(std::ranges::find(possible, options.schedule) != possible.end(),
               "the kernel cannot be printed as {}", name_of(options.schedule));
  return KernelPrinter(kernel, options).run();
}

}  // namespace tandem::backends::cuda
