#include "tandem/kernel/verify/verify_launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tandem/base/error.h"
#include "tandem/kernel/signatures.h"
#include "tandem/kernel/text/printer.h"

namespace tandem::kernel {

namespace {

size_t stage_of(const Kernel& kernel, NodeId id) {
  size_t s = 0;
  while (s + 1 < kernel.stages.size() && kernel.stages[s].end <= id) ++s;
  return s;
}

bool is_indexed(const Kernel& kernel, uint16_t buffer) {
  return std::ranges::any_of(kernel.nodes, [&](const Node& node) {
    return (node.op == Op::load_at || node.op == Op::store_at) && node.slot == buffer;
  });
}

bool is_loaded_plainly(const Kernel& kernel, uint16_t buffer) {
  return std::ranges::any_of(
      kernel.nodes, [&](const Node& node) { return node.op == Op::load && node.slot == buffer; });
}

struct Bytes {
  const std::byte* begin = nullptr;
  const std::byte* end = nullptr;
  bool overlaps(const Bytes& other) const { return begin < other.end && other.begin < end; }
};

class LaunchVerifier {
 public:
  LaunchVerifier(const Kernel& kernel, const device::LaunchArguments& arguments)
      : kernel_(kernel), arguments_(arguments) {}

  std::vector<std::string> run() {
    check_counts();
    if (!messages_.empty()) return std::move(messages_);
    for (uint16_t i = 0; i < kernel_.buffers.size(); ++i) {
      check_written(i);
      check_access(i);
      if (!is_touched(i)) continue;
      used_.at(i) = span_of(i);
      check_range(i);
      check_stores(i);
    }
    for (uint16_t w = 0; w < kernel_.buffers.size(); ++w) {
      for (uint16_t r = 0; r < kernel_.buffers.size(); ++r) check_pair(r, w);
    }
    return std::move(messages_);
  }

 private:
  template <class... Args>
  void require(bool holds, std::string_view rule, fmt::format_string<Args...> text,
               Args&&... args) {
    if (holds) return;
    messages_.push_back(
        fmt::format("{}: {}", rule, fmt::format(text, std::forward<Args>(args)...)));
  }

  int rank() const { return kernel_.parallel_rank + kernel_.reduced_rank; }
  const device::BufferArgument& argument(uint16_t i) const { return arguments_.buffers[i]; }

  void check_counts() {
    require(arguments_.extents.size() == static_cast<size_t>(rank()), "launch_counts",
            "got {} extents, expected {}", arguments_.extents.size(), rank());
    require(arguments_.buffers.size() == kernel_.buffers.size(), "launch_counts",
            "got {} buffers, expected {}", arguments_.buffers.size(), kernel_.buffers.size());
    require(arguments_.params.size() == kernel_.params.size(), "launch_counts",
            "got {} parameters, expected {}", arguments_.params.size(), kernel_.params.size());
    for (int64_t extent : arguments_.extents) {
      require(extent >= 0, "launch_counts", "got an extent of {}", extent);
    }
    used_.resize(kernel_.buffers.size());
  }

  void check_written(uint16_t i) {
    require(argument(i).written == kernel_.buffers[i].written, "launch_written", "buffer {}", i);
  }

  bool has_points(int from, int to) const {
    const auto axes = arguments_.extents.subspan(from, to - from);
    return std::ranges::all_of(axes, [](int64_t extent) { return extent > 0; });
  }
  bool has_elements() const { return has_points(0, rank()); }

  // With no elements, row stages still run if there are rows.
  bool is_touched(uint16_t i) const {
    if (!has_points(0, kernel_.parallel_rank)) return false;
    return uses(i, Extent::row) || (uses(i, Extent::element) && has_elements());
  }

  bool uses(uint16_t i, Extent extent) const {
    for (const Stage& stage : kernel_.stages) {
      if (stage.extent != extent) continue;
      for (NodeId id = stage.begin; id < stage.end; ++id) {
        const Op op = kernel_.nodes[id].op;
        const bool memory = op == Op::load || op == Op::load_at || is_store(op);
        if (memory && kernel_.nodes[id].slot == i) return true;
      }
    }
    return false;
  }

  // Axes along which the buffer's position moves: all for elements, the parallel ones for rows.
  int moving_axes(uint16_t i) const {
    return uses(i, Extent::element) ? rank() : kernel_.parallel_rank;
  }

  Bytes span_of(uint16_t i) const {
    const device::BufferArgument& buffer = argument(i);
    const auto size = static_cast<int64_t>(size_of(kernel_.buffers[i].dtype));
    int64_t low = 0, high = 0;
    const auto extend = [&](int64_t extent, int64_t stride) {
      const int64_t reach = extent > 1 ? (extent - 1) * stride : 0;
      (reach < 0 ? low : high) += reach;
    };
    const int axes = has_elements() ? moving_axes(i) : kernel_.parallel_rank;
    for (int axis = 0; axis < axes; ++axis) {
      extend(arguments_.extents[axis], buffer.strides[axis]);
    }
    if (is_indexed(kernel_, i)) {
      if (buffer.index_extent == 0 && !is_loaded_plainly(kernel_, i)) return {};
      extend(buffer.index_extent, buffer.index_stride);
    }
    const auto* base = static_cast<const std::byte*>(buffer.data);
    return {base + low * size, base + (high + 1) * size};
  }

  void check_range(uint16_t i) {
    const device::BufferArgument& buffer = argument(i);
    const Bytes& used = used_[i];
    if (buffer.range_begin == nullptr || used.begin == used.end) return;
    require(used.begin >= buffer.range_begin && used.end <= buffer.range_end, "launch_range",
            "buffer {} is used from byte {} to {} of a range of {}", i,
            used.begin - buffer.range_begin, used.end - buffer.range_begin,
            buffer.range_end - buffer.range_begin);
  }

  void check_access(uint16_t i) {
    const Access access = kernel_.buffers[i].access;
    if (access == Access::general) return;
    int64_t expected = 1;
    bool holds = true;
    for (int axis = moving_axes(i); axis-- > 0;) {
      const int64_t extent = arguments_.extents[axis];
      // Rows without elements are still entered by row stages.
      if (extent == 0 && !(uses(i, Extent::row) && is_touched(i))) return;
      const int64_t wanted = access == Access::scalar ? 0 : expected;
      if (extent > 1) holds = holds && argument(i).strides[axis] == wanted;
      expected *= extent;
    }
    require(holds, "launch_access", "buffer {} is not {}", i, name_of(access));
  }

  // Distinct addresses, by nesting: sorted by stride, each axis steps over all the smaller ones.
  void check_stores(uint16_t i) {
    if (!kernel_.buffers[i].written || is_indexed(kernel_, i)) return;
    std::vector<std::array<int64_t, 2>> axes;  // stride, extent
    for (int axis = 0; axis < moving_axes(i); ++axis) {
      const int64_t extent = arguments_.extents[axis];
      if (extent > 1) axes.push_back({std::abs(argument(i).strides[axis]), extent});
    }
    std::ranges::sort(axes);
    int64_t reach = 0;
    bool distinct = true;
    for (const auto& [stride, extent] : axes) {
      distinct = distinct && stride > reach;
      reach += stride * (extent - 1);
    }
    require(distinct, "launch_stores", "buffer {} stores to one address twice", i);
  }

  void check_pair(uint16_t read, uint16_t written) {
    if (read == written || !kernel_.buffers[written].written) return;
    if (!used_[read].overlaps(used_[written])) return;
    if (kernel_.buffers[read].written) {
      require(read > written, "launch_aliases", "buffers {} and {} are both written", written,
              read);
      return;
    }
    require(same_map(read, written), "launch_aliases",
            "buffers {} and {} overlap with different maps", read, written);
    require(may_alias(kernel_, read, written), "launch_aliases",
            "buffer {} is read after the store to buffer {}", read, written);
  }

  bool same_map(uint16_t a, uint16_t b) const {
    if (argument(a).data != argument(b).data) return false;
    if (size_of(kernel_.buffers[a].dtype) != size_of(kernel_.buffers[b].dtype)) return false;
    if (is_complex(kernel_.buffers[a].dtype) != is_complex(kernel_.buffers[b].dtype)) return false;
    if (moving_axes(a) != moving_axes(b)) return false;
    for (int axis = 0; axis < moving_axes(a); ++axis) {
      const bool moves = arguments_.extents[axis] > 1;
      if (moves && argument(a).strides[axis] != argument(b).strides[axis]) return false;
    }
    return true;
  }

  const Kernel& kernel_;
  const device::LaunchArguments& arguments_;
  std::vector<Bytes> used_;  // by buffer; empty where nothing is touched
  std::vector<std::string> messages_;
};

}  // namespace

bool may_alias(const Kernel& kernel, uint16_t read, uint16_t written) {
  if (is_indexed(kernel, read) || is_indexed(kernel, written)) return false;
  for (NodeId store = 0; store < kernel.nodes.size(); ++store) {
    const Node& target = kernel.nodes[store];
    if (target.op != Op::store || target.slot != written) continue;
    const size_t store_stage = stage_of(kernel, store);
    // Values that come from the part being overwritten, and so may be recomputed from it later.
    std::vector<char> tainted(kernel.nodes.size(), 0);
    for (NodeId id = 0; id < kernel.nodes.size(); ++id) {
      const Node& node = kernel.nodes[id];
      const bool loads = node.op == Op::load && node.slot == read && node.part == target.part;
      if (loads && id > store) return false;
      tainted[id] = loads;
      for (int i = 0; i < node.input_count; ++i) {
        const Node& input = kernel.nodes[node.in[i]];
        const bool direct = input.op == Op::load && input.slot == read && input.part == target.part;
        if (direct && id > store) return false;
        tainted[id] |= tainted[node.in[i]];
      }
      if (tainted[id] && stage_of(kernel, id) > store_stage) return false;
    }
  }
  return true;
}

std::vector<std::string> verify_launch(const Kernel& kernel,
                                       const device::LaunchArguments& arguments) {
  return LaunchVerifier(kernel, arguments).run();
}

void check_launch(const Kernel& kernel, const device::LaunchArguments& arguments) {
  const std::vector<std::string> messages = verify_launch(kernel, arguments);
  if (!messages.empty()) raise<InternalError>("launch", "{} in\n{}", messages[0], print(kernel));
}

}  // namespace tandem::kernel
