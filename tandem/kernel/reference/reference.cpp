#include "tandem/kernel/reference/reference.h"

#include <algorithm>
#include <vector>

#include "tandem/base/check.h"
#include "tandem/kernel/float_environment.h"
#include "tandem/kernel/fold.h"
#include "tandem/kernel/reference/memory_access.h"
#include "tandem/kernel/reference/reduce_tree.h"
#include "tandem/kernel/signatures.h"

namespace tandem::kernel {

namespace {

// What one stage evaluates at each of its points: its stores and its value, with all they need, in
// order.
std::vector<NodeId> needed_nodes(const Kernel& kernel, const Stage& stage) {
  std::vector<char> needed(stage.end, 0);
  for (NodeId id = stage.begin; id < stage.end; ++id) needed[id] = is_store(kernel.nodes[id].op);
  if (stage.kind != StageKind::map) needed[stage.value] = 1;
  std::vector<NodeId> order;
  for (NodeId id = stage.end; id-- > 0;) {
    if (!needed[id]) continue;
    order.push_back(id);
    const Node& node = kernel.nodes[id];
    for (int i = 0; i < node.input_count; ++i) needed[node.in[i]] = 1;
  }
  std::reverse(order.begin(), order.end());
  return order;
}

// One point at a time, row by row: a row is all points of the reduced axes.
class Evaluation {
 public:
  Evaluation(const Kernel& kernel, const device::LaunchArguments& arguments)
      : kernel_(kernel),
        arguments_(arguments),
        rank_(kernel.parallel_rank + kernel.reduced_rank),
        values_(kernel.nodes.size()),
        functions_(kernel.nodes.size()),
        rows_(kernel.stages.size()),
        point_(rank_, 0) {
    for (NodeId id = 0; id < kernel.nodes.size(); ++id) {
      functions_[id] = function_of(kernel, kernel.nodes[id]);
    }
    for (const Stage& stage : kernel.stages) order_.push_back(needed_nodes(kernel, stage));
  }

  void run() {
    const int64_t rows = count(0, kernel_.parallel_rank);
    const int64_t row_elements = count(kernel_.parallel_rank, rank_);
    for (int64_t row = 0; row < rows; ++row) {
      move_to(row, 0, kernel_.parallel_rank);
      for (size_t s = 0; s < kernel_.stages.size(); ++s) run_stage(s, row_elements);
    }
  }

 private:
  int64_t count(int from, int to) const {
    int64_t result = 1;
    for (int axis = from; axis < to; ++axis) result *= arguments_.extents[axis];
    return result;
  }

  // Sets the coordinates of axes [from, to) from a row-major position over them.
  void move_to(int64_t position, int from, int to) {
    for (int axis = to; axis-- > from;) {
      point_[axis] = position % arguments_.extents[axis];
      position /= arguments_.extents[axis];
    }
  }

  void run_stage(size_t s, int64_t row_elements) {
    const Stage& stage = kernel_.stages[s];
    if (stage.extent == Extent::row) {
      std::fill(point_.begin() + kernel_.parallel_rank, point_.end(), 0);
      evaluate(s, 0);
      return;
    }
    std::vector<uint64_t>& results = rows_[s];
    results.clear();
    for (int64_t j = 0; j < row_elements; ++j) {
      move_to(j, kernel_.parallel_rank, rank_);
      evaluate(s, j);
      if (stage.kind != StageKind::map) results.push_back(values_[stage.value]);
    }
    if (stage.kind == StageKind::reduce) reduce(stage, results);
    if (stage.kind == StageKind::scan) scan(stage, results);
  }

  void reduce(const Stage& stage, std::vector<uint64_t>& elements) {
    const Type type = kernel_.nodes[stage.value].type;
    if (stage.reduction == Reduction::argmin || stage.reduction == Reduction::argmax) {
      elements = {arg_extreme(elements, type, stage.reduction, stage.is_unsigned)};
      return;
    }
    ReduceTree tree(combine_function(stage.reduction, type, stage.is_unsigned),
                    identity_bits(stage.reduction, type, stage.is_unsigned));
    for (uint64_t element : elements) tree.push(element);
    elements = {tree.finish()};
  }

  void scan(const Stage& stage, std::vector<uint64_t>& elements) {
    const Type type = kernel_.nodes[stage.value].type;
    if (stage.reverse) std::reverse(elements.begin(), elements.end());
    scan_in_place(elements, combine_function(stage.reduction, type, stage.is_unsigned));
    if (stage.exclusive && !elements.empty()) {
      std::move_backward(elements.begin(), elements.end() - 1, elements.end());
      elements[0] = identity_bits(stage.reduction, type, stage.is_unsigned);
    }
    if (stage.reverse) std::reverse(elements.begin(), elements.end());
  }

  // The nodes of stage `s` at the current point; `j` is its position in the row.
  void evaluate(size_t s, int64_t j) {
    for (NodeId id : order_[s]) evaluate_node(id, j);
  }

  void evaluate_node(NodeId id, int64_t j) {
    const Node& node = kernel_.nodes[id];
    switch (node.op) {
      case Op::constant:
        values_[id] = node.bits;
        return;
      case Op::param:
        values_[id] = param(node);
        return;
      case Op::index:
        values_[id] = static_cast<uint64_t>(point_[node.slot]);
        return;
      case Op::stage_result: {
        const bool is_scan = kernel_.stages[node.slot].kind == StageKind::scan;
        values_[id] = rows_[node.slot][is_scan ? j : 0];
        return;
      }
      case Op::load:
      case Op::load_at:
        values_[id] = load(node);
        return;
      case Op::store:
      case Op::store_at:
        store(node);
        return;
      default:
        break;
    }
    uint64_t in[kMaxInputs] = {};
    for (int i = 0; i < node.input_count; ++i) in[i] = values_[node.in[i]];
    values_[id] = functions_[id](in);
  }

  uint64_t param(const Node& node) const {
    const uint64_t bits = arguments_.params[node.slot];
    if (node.type == Type::b1) return bits & 1;
    return bit_width(node.type) == 32 ? bits & 0xffffffffu : bits;
  }

  int64_t affine_position(const device::BufferArgument& buffer) const {
    int64_t offset = 0;
    for (int axis = 0; axis < rank_; ++axis) offset += point_[axis] * buffer.strides[axis];
    return offset;
  }

  std::byte* address(const Node& node, int64_t offset) const {
    const device::BufferArgument& buffer = arguments_.buffers[node.slot];
    const Dtype dtype = kernel_.buffers[node.slot].dtype;
    const auto size = static_cast<int64_t>(size_of(dtype));
    std::byte* element = static_cast<std::byte*>(buffer.data) + offset * size;
    TANDEM_CHECK(buffer.range_begin == nullptr ||
                     (element >= buffer.range_begin && element + size <= buffer.range_end),
                 "buffer {} is used outside its range", node.slot);
    return is_complex(dtype) ? element + node.part * sizeof(float) : element;
  }

  uint64_t load(const Node& node) const {
    const device::BufferArgument& buffer = arguments_.buffers[node.slot];
    int64_t offset = affine_position(buffer);
    if (node.op == Op::load_at) {
      const int64_t extent = buffer.index_extent;
      if (extent == 0) return 0;
      auto index = static_cast<int64_t>(values_[node.in[0]]);
      if (index < 0) index += extent;
      offset += std::clamp<int64_t>(index, 0, extent - 1) * buffer.index_stride;
    }
    return load_element(kernel_.buffers[node.slot].dtype, address(node, offset));
  }

  void store(const Node& node) const {
    const device::BufferArgument& buffer = arguments_.buffers[node.slot];
    int64_t offset = affine_position(buffer);
    if (node.op == Op::store_at) {
      auto index = static_cast<int64_t>(values_[node.in[0]]);
      if (index < 0) index += buffer.index_extent;
      if (index < 0 || index >= buffer.index_extent) return;
      offset += index * buffer.index_stride;
    }
    const uint64_t value = values_[node.in[node.input_count - 1]];
    store_element(kernel_.buffers[node.slot].dtype, address(node, offset), value);
  }

  const Kernel& kernel_;
  const device::LaunchArguments& arguments_;
  int rank_;
  std::vector<uint64_t> values_;  // of the nodes at the current point
  std::vector<ScalarFunction> functions_;
  std::vector<std::vector<NodeId>> order_;   // by stage
  std::vector<std::vector<uint64_t>> rows_;  // results of Reduce (one) and Scan stages in this row
  std::vector<int64_t> point_;
};

}  // namespace

void run_reference(const Kernel& kernel, const device::LaunchArguments& arguments) {
  TANDEM_CHECK(
      arguments.extents.size() == static_cast<size_t>(kernel.parallel_rank + kernel.reduced_rank) &&
          arguments.buffers.size() == kernel.buffers.size() &&
          arguments.params.size() == kernel.params.size(),
      "the launch does not fit the kernel");
  const FloatEnvironment environment;
  Evaluation(kernel, arguments).run();
}

}  // namespace tandem::kernel
