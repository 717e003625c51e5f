#include <algorithm>
#include <numeric>

#include "tandem/kernel/fuzz/generator.h"
#include "tandem/kernel/fuzz/values.h"
#include "tandem/kernel/signatures.h"
#include "tandem/kernel/verify/verify_launch.h"

namespace tandem::kernel::fuzz {

namespace {

constexpr size_t kMargin = 64;  // bytes, a multiple of every element size

struct BufferUse {
  bool by_elements = false, by_rows = false, gathered = false, plain = false;
};

BufferUse use_of(const Kernel& kernel, uint16_t buffer) {
  BufferUse use;
  for (const Stage& stage : kernel.stages) {
    for (NodeId id = stage.begin; id < stage.end; ++id) {
      const Node& node = kernel.nodes[id];
      const bool indexed = node.op == Op::load_at || node.op == Op::store_at;
      if ((!indexed && node.op != Op::load && node.op != Op::store) || node.slot != buffer)
        continue;
      use.by_elements |= stage.extent == Extent::element;
      use.by_rows |= stage.extent == Extent::row;
      use.gathered |= indexed;
      use.plain |= !indexed;
    }
  }
  return use;
}

class Layouter {
 public:
  Layouter(Random& random, const RandomKernel& kernel) : random_(random), source_(kernel) {
    case_.kernel = kernel.kernel;
  }

  Case run() {
    choose_extents();
    for (Type type : case_.kernel.params) case_.params.push_back(random_value(random_, type));
    for (uint16_t i = 0; i < case_.kernel.buffers.size(); ++i) add_buffer(i);
    for (BufferParam& buffer : case_.kernel.buffers) choose_access(buffer);
    if (random_.one_in(4)) alias_an_output();
    return std::move(case_);
  }

 private:
  int rank() const { return case_.kernel.parallel_rank + case_.kernel.reduced_rank; }

  void choose_extents() {
    // Most launches are small; few are large enough to be split between threads.
    int64_t budget = random_.one_in(24) ? 80'000 : random_.pick<int64_t>({64, 300, 1100, 3000});
    std::vector<int> axes(rank());
    std::iota(axes.begin(), axes.end(), 0);
    shuffle(axes);
    case_.extents.assign(rank(), 1);
    // The tree of a reduction shows from the fourth chunk on.
    if (case_.kernel.reduced_rank > 0 && random_.one_in(6)) {
      deep_ = true;
      budget = 9000;
      std::ranges::partition(axes, [&](int axis) { return axis >= case_.kernel.parallel_rank; });
      case_.extents[axes[0]] = random_.pick<int64_t>({3073, 4096, 5000, 8191});
      budget /= case_.extents[axes[0]];
      axes.erase(axes.begin());
    }
    for (int axis : axes) {
      int64_t extent = random_.one_in(3)
                           ? random_.between(1, 8)
                           : random_.pick<int64_t>({1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129,
                                                    1023, 1024, 1025, 2047, 2049, 5000});
      if (random_.one_in(40)) extent = 0;
      if (extent > budget) extent = random_.between(1, std::max<int64_t>(1, budget));
      case_.extents[axis] = extent;
      budget /= std::max<int64_t>(1, extent);
    }
  }

  void shuffle(std::vector<int>& values) {
    for (size_t i = values.size(); i > 1; --i) {
      std::swap(values[i - 1], values[static_cast<size_t>(random_.below(static_cast<int64_t>(i)))]);
    }
  }

  // Strides that reach every position once: nested in some order, with gaps and signs.
  std::vector<int64_t> distinct_strides(int axes, int skip) {
    std::vector<int> order(axes);
    std::iota(order.begin(), order.end(), 0);
    std::reverse(order.begin(), order.end());
    const bool plain = random_.one_in(2);
    if (!plain) shuffle(order);
    std::vector<int64_t> strides(rank(), 0);
    int64_t step = plain ? 1 : random_.pick<int64_t>({1, 1, 2, 3});
    for (int axis : order) {
      if (axis == skip) continue;
      strides[axis] = !plain && random_.one_in(4) ? -step : step;
      step *= std::max<int64_t>(1, case_.extents[axis]);
      if (!plain && random_.one_in(4)) step += random_.between(1, 5);
    }
    return strides;
  }

  void add_buffer(uint16_t i) {
    BufferParam& buffer = case_.kernel.buffers[i];
    const BufferUse use = use_of(case_.kernel, i);
    const int axes = use.by_elements ? rank() : case_.kernel.parallel_rank;
    BufferLayout layout;
    int skip = -1;
    if (buffer.written && use.gathered && i < source_.scatter_axis.size()) {
      skip = source_.scatter_axis[i];
    }
    layout.strides = distinct_strides(axes, skip);
    if (!buffer.written) {
      const bool scalar = random_.one_in(10);
      for (int64_t& stride : layout.strides) {
        if (scalar || random_.one_in(8)) stride = 0;
      }
    }
    if (use.gathered) choose_index(layout, skip, buffer.written, axes);
    allocate(layout, i, use);
    case_.layouts.push_back(std::move(layout));
  }

  void choose_index(BufferLayout& layout, int scatter_axis, bool written, int axes) {
    int64_t reach = 1;
    for (int axis = 0; axis < axes; ++axis) {
      reach += std::abs(layout.strides[axis]) * std::max<int64_t>(0, case_.extents[axis] - 1);
    }
    const int64_t least = scatter_axis >= 0 ? std::max<int64_t>(1, case_.extents[scatter_axis]) : 1;
    layout.index_extent =
        written ? least + random_.below(5) : random_.pick<int64_t>({0, 1, 2, 5, 17, 100});
    // Entries of a scattered buffer lie apart from each other.
    layout.index_stride = written ? reach : random_.pick<int64_t>({1, 2, -1, reach, 0});
    if (written && random_.one_in(4)) layout.index_stride = -layout.index_stride;
  }

  bool has_points(int axes) const {
    const auto end = case_.extents.begin() + axes;
    return std::none_of(case_.extents.begin(), end, [](int64_t extent) { return extent == 0; });
  }

  void allocate(BufferLayout& layout, uint16_t i, const BufferUse& use) {
    const BufferParam& buffer = case_.kernel.buffers[i];
    const auto size = static_cast<int64_t>(size_of(buffer.dtype));
    int64_t low = 0, high = 0;
    bool empty = use.gathered && !use.plain && layout.index_extent == 0;
    const auto extend = [&](int64_t extent, int64_t stride) {
      if (extent > 1) (stride < 0 ? low : high) += (extent - 1) * stride;
    };
    const bool elements = has_points(rank());
    const int axes = elements && use.by_elements ? rank() : case_.kernel.parallel_rank;
    empty |= !has_points(axes) || (!elements && !use.by_rows);
    for (int axis = 0; axis < axes; ++axis) {
      extend(case_.extents[axis], layout.strides[axis]);
    }
    if (use.gathered) extend(layout.index_extent, layout.index_stride);
    layout.margin = buffer.written ? kMargin : 0;
    Block block(static_cast<size_t>(empty ? 0 : (high - low + 1) * size) + 2 * layout.margin);
    const Mood mood =
        deep_
            ? random_.pick({Mood::ordinary, Mood::ordinary, Mood::mixed})
            : random_.pick({Mood::ordinary, Mood::mixed, Mood::mixed, Mood::mixed, Mood::corners});
    fill(random_, buffer.dtype, mood, block);
    layout.block = case_.blocks.size();
    layout.offset = static_cast<int64_t>(layout.margin) - (empty ? 0 : low * size);
    case_.blocks.push_back(std::move(block));
  }

  static bool keeps(Case& candidate) {
    return verify_launch(candidate.kernel, Launch(candidate, candidate.blocks).arguments()).empty();
  }

  // States what is so of a buffer's strides, for half of the buffers.
  void choose_access(BufferParam& buffer) {
    if (random_.one_in(2)) return;
    for (const Access access : {Access::scalar, Access::contiguous}) {
      buffer.access = access;
      if (keeps(case_)) return;
    }
    buffer.access = Access::general;
  }

  // Puts an output on the memory of an input where that is allowed.
  void alias_an_output() {
    Kernel& kernel = case_.kernel;
    for (uint16_t w = 0; w < kernel.buffers.size(); ++w) {
      for (uint16_t r = 0; r < kernel.buffers.size(); ++r) {
        const bool fits = kernel.buffers[w].written && !kernel.buffers[r].written &&
                          size_of(kernel.buffers[w].dtype) == size_of(kernel.buffers[r].dtype);
        if (!fits || !may_alias(kernel, r, w)) continue;
        Case candidate = case_;
        BufferLayout& target = candidate.layouts[w];
        target = candidate.layouts[r];
        if (keeps(candidate)) {
          case_ = std::move(candidate);
          return;
        }
      }
    }
  }

  Random& random_;
  const RandomKernel& source_;
  Case case_;
  bool deep_ = false;  // many chunks to a reduction
};

}  // namespace

Case random_launch(Random& random, const RandomKernel& kernel) {
  return Layouter(random, kernel).run();
}

}  // namespace tandem::kernel::fuzz
