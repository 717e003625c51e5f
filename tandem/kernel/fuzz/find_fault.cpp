#include <fmt/format.h>

#include <array>
#include <vector>

#include "tandem/kernel/fold.h"
#include "tandem/kernel/fuzz/mutate.h"
#include "tandem/kernel/leaf.h"
#include "tandem/kernel/signatures.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::kernel::fuzz {

namespace {

struct Fault {
  std::string what;
};

void must(bool holds, std::string_view what, size_t where) {
  if (!holds) throw Fault{fmt::format("{} at {}", what, where)};
}

// Walks stages as an evaluator does; a value exists once its node has been reached.
class Walk {
 public:
  explicit Walk(const Kernel& kernel)
      : kernel_(kernel), reached_by_(kernel.nodes.size(), -1), stored_(kernel.buffers.size()) {}

  void run() {
    for (size_t s = 0; s < kernel_.stages.size(); ++s) {
      const Stage& stage = kernel_.stages[s];
      must(stage.begin <= stage.end && stage.end <= kernel_.nodes.size(), "range of stage", s);
      must(stage.kind <= StageKind::scan && stage.extent <= Extent::row, "kind of stage", s);
      for (NodeId id = stage.begin; id < stage.end; ++id) {
        must(reached_by_[id] < 0, "node of two stages", id);
        visit(id, s);
        reached_by_[id] = static_cast<int>(s);
      }
      if (stage.kind != StageKind::map) finish_reduction(stage, s);
    }
    for (size_t id = 0; id < reached_by_.size(); ++id) must(reached_by_[id] >= 0, "no stage", id);
    for (size_t i = 0; i < stored_.size(); ++i) {
      const BufferParam& buffer = kernel_.buffers[i];
      const int parts = is_complex(buffer.dtype) ? 2 : 1;
      for (int part = 0; part < parts; ++part) {
        must(stored_[i][part] == (buffer.written ? 1 : 0), "count of stores to buffer", i);
      }
    }
  }

 private:
  void finish_reduction(const Stage& stage, size_t s) {
    must(stage.extent == Extent::element && kernel_.reduced_rank > 0, "extent of reduction", s);
    must(stage.value >= stage.begin && stage.value < stage.end, "value of reduction", s);
    const bool arg = stage.reduction == Reduction::argmin || stage.reduction == Reduction::argmax;
    const Type type = kernel_.nodes[stage.value].type;
    must(arg ? stage.kind == StageKind::reduce && type != Type::b1
             : combine_function(stage.reduction, type, stage.is_unsigned) != nullptr,
         "reduction of stage", s);
  }

  void visit(NodeId id, size_t s) {
    const Node& node = kernel_.nodes[id];
    must(node.op <= Op::call && node.type <= Type::f64, "operation", id);
    must(node.op != Op::call || node.slot < op_table::kLeafCount, "leaf", id);
    const int arity = node.op == Op::call
                          ? op_table::info(static_cast<op_table::LeafId>(node.slot)).arity
                          : arity_of(node.op);
    must(node.input_count == arity, "number of operands", id);
    for (int i = 0; i < arity; ++i) {
      const NodeId in = node.in[i];
      must(in < kernel_.nodes.size(), "operand", id);
      const bool own = in >= kernel_.stages[s].begin && in < id;
      const bool earlier = reached_by_[in] >= 0 &&
                           kernel_.stages[reached_by_[in]].extent == kernel_.stages[s].extent;
      must(own || earlier, "operand not there yet", id);
      must(kernel_.nodes[in].op != Op::store && kernel_.nodes[in].op != Op::store_at, "operand",
           id);
    }
    check_kind(id, node, s);
  }

  Type operand(const Node& node, int i) const { return kernel_.nodes[node.in[i]].type; }

  void check_kind(NodeId id, const Node& node, size_t s) {
    const bool row = kernel_.stages[s].extent == Extent::row;
    const size_t axes = kernel_.parallel_rank + (row ? 0u : kernel_.reduced_rank);
    switch (node.op) {
      case Op::constant:
        return;
      case Op::param:
        return must(node.slot < kernel_.params.size() && kernel_.params[node.slot] == node.type,
                    "parameter", id);
      case Op::index:
        return must(node.slot < axes && node.type == Type::i64, "index", id);
      case Op::stage_result: {
        must(node.slot < s, "stage_result", id);
        const Stage& from = kernel_.stages[node.slot];
        must(from.kind == StageKind::reduce || (from.kind == StageKind::scan && !row),
             "stage_result", id);
        return must(node.type == result_type(kernel_, from), "type of stage_result", id);
      }
      case Op::load:
      case Op::load_at:
      case Op::store:
      case Op::store_at:
        return check_memory(id, node);
      default:
        break;
    }
    for (int i = 0; i < node.input_count; ++i) check_operand_type(id, node, i);
    must(function_of(kernel_, node) != nullptr, "no such operation on these types", id);
  }

  // Which operands an operation takes, by what it is named for.
  void check_operand_type(NodeId id, const Node& node, int i) {
    const Type type = operand(node, i);
    const bool same = type == operand(node, 0);
    if (node.op == Op::select) {
      return must(i == 0 ? type == Type::b1 : type == node.type, "operand of select", id);
    }
    if (node.op == Op::ldexp) {
      return must(i == 0 ? type == node.type : type == Type::i32, "operand of ldexp", id);
    }
    if (node.op == Op::call) return must(type == node.type, "operand of call", id);
    must(same, "operands of two types", id);
    if (node.op >= Op::add && node.op <= Op::trunc) must(is_float(type), "operand", id);
    if (node.op >= Op::lt && node.op <= Op::unord) must(node.type == Type::b1, "result", id);
    if (node.op >= Op::ilt_s && node.op <= Op::ieq) must(node.type == Type::b1, "result", id);
    const bool keeps_type = (node.op >= Op::add && node.op <= Op::max) ||
                            (node.op >= Op::iadd && node.op <= Op::imax_u) ||
                            (node.op >= Op::round_f16 && node.op <= Op::wrap_u16);
    if (keeps_type) must(node.type == type, "result of another type", id);
    check_conversion(id, node.op, type, node.type);
  }

  void check_conversion(NodeId id, Op op, Type from, Type to) {
    const auto is = [&](bool holds) { must(holds, "conversion", id); };
    switch (op) {
      case Op::round_f16:
      case Op::round_bf16:
        return is(from == Type::f32);
      case Op::wrap_s8:
      case Op::wrap_u8:
      case Op::wrap_s16:
      case Op::wrap_u16:
        return is(from == Type::i32);
      case Op::ftoi_s:
      case Op::ftoi_u:
        return is(is_float(from) && is_int(to));
      case Op::itof_s:
      case Op::itof_u:
        return is(is_int(from) && is_float(to));
      case Op::f32_to_f64:
        return is(from == Type::f32 && to == Type::f64);
      case Op::f64_to_f32:
        return is(from == Type::f64 && to == Type::f32);
      case Op::extend_s:
      case Op::extend_u:
        return is(from == Type::i32 && to == Type::i64);
      case Op::narrow:
        return is(from == Type::i64 && to == Type::i32);
      case Op::bitcast:
        return is(from != Type::b1 && to != Type::b1 && is_float(from) != is_float(to) &&
                  bit_width(from) == bit_width(to));
      default:
        return;
    }
  }

  void check_memory(NodeId id, const Node& node) {
    must(node.slot < kernel_.buffers.size(), "buffer", id);
    const BufferParam& buffer = kernel_.buffers[node.slot];
    must(buffer.dtype <= Dtype::complex64, "dtype", id);
    must(node.part < (is_complex(buffer.dtype) ? 2 : 1), "part", id);
    must(node.type == compute_type(buffer.dtype), "type in memory", id);
    const bool stores = node.op == Op::store || node.op == Op::store_at;
    must(stores == buffer.written, "direction", id);
    if (node.op == Op::load_at || node.op == Op::store_at) {
      must(operand(node, 0) == Type::i64, "index of memory", id);
    }
    if (!stores) return;
    must(operand(node, node.input_count - 1) == node.type, "stored type", id);
    ++stored_[node.slot][node.part];
  }

  const Kernel& kernel_;
  std::vector<int> reached_by_;  // the stage, -1 before
  std::vector<std::array<int, 2>> stored_;
};

}  // namespace

std::optional<std::string> find_fault(const Kernel& kernel) {
  for (const BufferParam& buffer : kernel.buffers) {
    if (buffer.dtype > Dtype::complex64) return "dtype of a buffer";
  }
  try {
    Walk(kernel).run();
  } catch (const Fault& fault) {
    return fault.what;
  }
  return std::nullopt;
}

}  // namespace tandem::kernel::fuzz
