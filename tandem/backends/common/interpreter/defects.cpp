#include "tandem/backends/common/interpreter/defects.h"

#include <vector>

#include "tandem/kernel/defects.h"
#include "tandem/kernel/signatures.h"

namespace tandem::backends::common::interpreter {
namespace {

using kernel::Defect;
using kernel::Kernel;
using kernel::Node;
using kernel::NodeId;
using kernel::Op;
using kernel::Stage;
using kernel::Type;

constexpr Defect kOperationDefects[] = {
    Defect::sub_swapped,         Defect::fma_split,
    Defect::max_nan_order,       Defect::min_zero_tie,
    Defect::shift_by_width,      Defect::idiv_by_zero,
    Defect::ftoi_wraps,          Defect::unsigned_compare_signed,
    Defect::round_f16_truncates,
};

// Copies a kernel node by node, with more nodes where a defect needs them.
class Planting {
 public:
  explicit Planting(const Kernel& kernel) : from_(kernel), to_(kernel) { to_.nodes.clear(); }

  Kernel run() {
    size_t stage = 0;
    for (NodeId id = 0; id < from_.nodes.size(); ++id) {
      while (id >= from_.stages[stage].end) close(stage++);
      Node node = from_.nodes[id];
      for (size_t i = 0; i < node.input_count; ++i) node.in[i] = moved_[node.in[i]];
      moved_.push_back(copy(node));
    }
    while (stage < from_.stages.size()) close(stage++);
    for (Stage& s : to_.stages) {
      if (s.value != kernel::kNoNode) s.value = moved_[s.value];
    }
    return std::move(to_);
  }

 private:
  void close(size_t stage) {
    to_.stages[stage].begin = stage == 0 ? 0 : to_.stages[stage - 1].end;
    to_.stages[stage].end = static_cast<NodeId>(to_.nodes.size());
  }

  NodeId add(Op op, Type type, std::initializer_list<NodeId> in) {
    Node node;
    node.op = op;
    node.type = type;
    for (NodeId input : in) node.in[node.input_count++] = input;
    return add(node);
  }
  NodeId add(const Node& node) {
    to_.nodes.push_back(node);
    return static_cast<NodeId>(to_.nodes.size() - 1);
  }
  NodeId constant(Type type, int64_t value) {
    Node node;
    node.op = Op::constant;
    node.type = type;
    node.bits = static_cast<uint64_t>(value);
    if (kernel::bit_width(type) == 32) node.bits &= 0xffffffffu;
    return add(node);
  }

  NodeId copy(Node node) {
    const Type type = node.type;
    const bool wide = type == Type::i64;
    switch (node.op) {
      case Op::sub:
        if (kernel::planted(Defect::sub_swapped)) std::swap(node.in[0], node.in[1]);
        return add(node);
      case Op::fma:
        if (!kernel::planted(Defect::fma_split)) return add(node);
        return add(Op::add, type, {add(Op::mul, type, {node.in[0], node.in[1]}), node.in[2]});
      case Op::max:
        if (!kernel::planted(Defect::max_nan_order)) return add(node);
        return add(Op::select, type,
                   {add(Op::lt, Type::b1, {node.in[1], node.in[0]}), node.in[0], node.in[1]});
      case Op::min:
        if (kernel::planted(Defect::min_zero_tie)) std::swap(node.in[0], node.in[1]);
        return add(node);
      case Op::shl:
      case Op::shr:
      case Op::sar:
        if (kernel::planted(Defect::shift_by_width)) {
          node.in[1] = add(Op::and_, type, {node.in[1], constant(type, wide ? 63 : 31)});
        }
        return add(node);
      case Op::idiv_s:
      case Op::idiv_u: {
        const NodeId quotient = add(node);
        if (!kernel::planted(Defect::idiv_by_zero)) return quotient;
        const NodeId by_zero = add(Op::ieq, Type::b1, {node.in[1], constant(type, 0)});
        return add(Op::select, type, {by_zero, constant(type, -1), quotient});
      }
      case Op::ftoi_s: {
        const NodeId value = add(node);
        if (!kernel::planted(Defect::ftoi_wraps)) return value;
        const NodeId top = constant(type, wide ? INT64_MAX : INT32_MAX);
        const NodeId saturated = add(Op::ieq, Type::b1, {value, top});
        return add(Op::select, type,
                   {saturated, constant(type, wide ? INT64_MIN : INT32_MIN), value});
      }
      case Op::ilt_u:
      case Op::ile_u:
        if (kernel::planted(Defect::unsigned_compare_signed)) {
          node.op = node.op == Op::ilt_u ? Op::ilt_s : Op::ile_s;
        }
        return add(node);
      case Op::round_f16: {
        if (!kernel::planted(Defect::round_f16_truncates)) return add(node);
        const NodeId bits = add(Op::bitcast, Type::i32, {node.in[0]});
        const NodeId cut = add(Op::and_, Type::i32, {bits, constant(Type::i32, -8192)});
        node.in[0] = add(Op::bitcast, Type::f32, {cut});
        return add(node);
      }
      default:
        return add(node);
    }
  }

  const Kernel& from_;
  Kernel to_;
  std::vector<NodeId> moved_;
};

}  // namespace

void plant_defects(Kernel& kernel) {
  for (const Defect defect : kOperationDefects) {
    if (kernel::planted(defect)) {
      kernel = Planting(kernel).run();
      return;
    }
  }
}

void plant_defects(Program& program) {
  program.drops_tail = kernel::planted(Defect::tail_dropped);
  program.slips_stride = kernel::planted(Defect::strided_off_by_one);
  program.folds_left = kernel::planted(Defect::chunk_tree_order);
}

}  // namespace tandem::backends::common::interpreter
