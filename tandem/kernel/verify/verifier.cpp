#include "tandem/kernel/verify/verifier.h"

#include <fmt/format.h>

#include "tandem/base/error.h"
#include "tandem/kernel/defects.h"
#include "tandem/kernel/leaf.h"
#include "tandem/kernel/signatures.h"
#include "tandem/kernel/text/printer.h"
#include "tandem/kernel/verify/representable.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::kernel {

namespace {

template <class E>
bool within(E value, E last) {
  return value <= last;
}

bool is_load(Op op) { return op == Op::load || op == Op::load_at; }

class Verifier {
 public:
  explicit Verifier(const Kernel& kernel) : kernel_(kernel), stage_of_(kernel.nodes.size(), 0) {}

  std::vector<std::string> run() {
    check_enumerators();
    if (messages_.empty()) check_stage_cover();
    if (messages_.empty()) check_slots_and_operands();
    if (messages_.empty()) {
      check_stages();
      check_nodes();
      check_store_count();
    }
    return std::move(messages_);
  }

 private:
  template <class... Args>
  void require(bool holds, std::string_view invariant, fmt::format_string<Args...> text,
               Args&&... args) {
    if (holds) return;
    messages_.push_back(
        fmt::format("{}: {}", invariant, fmt::format(text, std::forward<Args>(args)...)));
  }

  const Stage& stage_of(NodeId id) const { return kernel_.stages[stage_of_[id]]; }
  int rank() const { return kernel_.parallel_rank + kernel_.reduced_rank; }

  void check_enumerators() {
    for (NodeId id = 0; id < kernel_.nodes.size(); ++id) {
      const Node& node = kernel_.nodes[id];
      require(within(node.op, Op::call) && within(node.type, Type::f64) &&
                  node.input_count <= kMaxInputs,
              "enumerators", "node {}", id);
    }
    for (size_t s = 0; s < kernel_.stages.size(); ++s) {
      const Stage& stage = kernel_.stages[s];
      require(within(stage.kind, StageKind::scan) && within(stage.extent, Extent::row) &&
                  within(stage.reduction, Reduction::argmax),
              "enumerators", "stage {}", s);
    }
    for (size_t i = 0; i < kernel_.buffers.size(); ++i) {
      require(within(kernel_.buffers[i].dtype, Dtype::complex64) &&
                  within(kernel_.buffers[i].access, Access::scalar),
              "enumerators", "buffer {}", i);
    }
    for (size_t i = 0; i < kernel_.params.size(); ++i) {
      require(within(kernel_.params[i], Type::f64), "enumerators", "parameter {}", i);
    }
  }

  void check_stage_cover() {
    const auto count = static_cast<NodeId>(kernel_.nodes.size());
    NodeId expected = 0;
    for (size_t s = 0; s < kernel_.stages.size(); ++s) {
      const Stage& stage = kernel_.stages[s];
      const bool follows =
          stage.begin == expected && stage.begin <= stage.end && stage.end <= count;
      require(follows || planted(Defect::verify_skips_stage_cover), "stage_cover",
              "stage {} is [{}, {}), expected to begin at {}", s, stage.begin, stage.end, expected);
      expected = stage.end;
      for (NodeId id = stage.begin; id < stage.end && id < count; ++id) {
        stage_of_[id] = static_cast<uint16_t>(s);
      }
    }
    require(expected == count || planted(Defect::verify_skips_stage_cover), "stage_cover",
            "the stages end at {}, expected {}", expected, count);
    require(!kernel_.stages.empty(), "stage_cover", "there is no stage");
  }

  int operand_count(const Node& node) const {
    if (node.op != Op::call) return arity_of(node.op);
    return op_table::info(static_cast<op_table::LeafId>(node.slot)).arity;
  }

  size_t slot_limit(const Node& node) const {
    switch (node.op) {
      case Op::param:
        return kernel_.params.size();
      case Op::index:
        return static_cast<size_t>(rank());
      case Op::stage_result:
        return kernel_.stages.size();
      case Op::call:
        return op_table::kLeafCount;
      case Op::load:
      case Op::load_at:
      case Op::store:
      case Op::store_at:
        return kernel_.buffers.size();
      default:
        return ~size_t{0};
    }
  }

  void check_slots_and_operands() {
    for (NodeId id = 0; id < kernel_.nodes.size(); ++id) {
      const Node& node = kernel_.nodes[id];
      const size_t limit = slot_limit(node);
      if (node.slot >= limit) {
        require(planted(Defect::verify_skips_slots), "slot_range",
                "node {}: {} of number {}, expected less than {}", id, name_of(node.op), node.slot,
                limit);
        if (node.op == Op::call) continue;
      }
      const int count = operand_count(node);
      require(node.input_count == count, "operand_count",
              "node {}: {} has {} operands, expected {}", id, name_of(node.op), node.input_count,
              count);
      for (int i = 0; i < kMaxInputs; ++i) check_operand(id, node, i);
    }
  }

  void check_operand(NodeId id, const Node& node, int i) {
    const NodeId in = node.in[i];
    if (i >= node.input_count) {
      require(in == kNoNode, "operand_count", "node {}: operand {} is not used", id, i);
      return;
    }
    const bool exists = in < kernel_.nodes.size();
    require(exists && (in < id || planted(Defect::verify_skips_order)), "operand_order",
            "node {}: operand {} is node {}, not yet defined", id, i, in);
    if (!exists) return;
    require(!is_store(kernel_.nodes[in].op), "operand_value", "node {}: operand {} is a store", id,
            i);
    const Stage& from = stage_of(in);
    require(stage_of_[in] == stage_of_[id] || from.extent == stage_of(id).extent ||
                planted(Defect::verify_skips_visibility),
            "operand_visibility", "node {}: operand {} is of stage {}, which has another extent",
            id, i, stage_of_[in]);
  }

  void check_stages() {
    for (size_t s = 0; s < kernel_.stages.size(); ++s) {
      const Stage& stage = kernel_.stages[s];
      const bool is_map = stage.kind == StageKind::map;
      require(is_map || stage.extent == Extent::element, "stage_extent",
              "stage {} reduces over a row extent", s);
      require((is_map && stage.extent == Extent::element) || kernel_.reduced_rank > 0,
              "stage_extent", "stage {} needs reduced axes", s);
      if (is_map) {
        Stage plain;
        plain.extent = stage.extent;
        plain.begin = stage.begin;
        plain.end = stage.end;
        plain.value = stage.value;
        require(stage.value == kNoNode, "stage_value", "stage {} is a map, which has no value", s);
        require(stage == plain, "canonical_fields", "stage {} is a map", s);
      } else {
        check_reduction(s, stage);
      }
    }
  }

  void check_reduction(size_t s, const Stage& stage) {
    const bool own =
        stage.value >= stage.begin && stage.value < stage.end && stage.value < kernel_.nodes.size();
    require(own && !is_store(kernel_.nodes[stage.value].op), "stage_value",
            "stage {} reduces node {}, expected a value of [{}, {})", s, stage.value, stage.begin,
            stage.end);
    if (!own) return;
    const Type type = kernel_.nodes[stage.value].type;
    const bool logical = stage.reduction == Reduction::all || stage.reduction == Reduction::any;
    const bool arg = stage.reduction == Reduction::argmin || stage.reduction == Reduction::argmax;
    require(logical == (type == Type::b1) && !(arg && stage.kind == StageKind::scan),
            "reduction_type", "stage {} takes {}", s, name_of(type));
    const bool ordered = stage.reduction != Reduction::sum && stage.reduction != Reduction::prod;
    require(!stage.is_unsigned || (ordered && is_int(type)), "canonical_fields",
            "stage {} is unsigned", s);
    require(stage.kind == StageKind::scan || (!stage.reverse && !stage.exclusive),
            "canonical_fields", "stage {} is no scan", s);
  }

  void check_nodes() {
    for (NodeId id = 0; id < kernel_.nodes.size(); ++id) {
      const Node& node = kernel_.nodes[id];
      check_types_of(id, node);
      check_source(id, node);
      if (is_load(node.op) || is_store(node.op)) check_memory(id, node);
      check_unused_fields(id, node);
    }
  }

  void check_types_of(NodeId id, const Node& node) {
    if (planted(Defect::verify_skips_types)) return;
    std::array<Type, kMaxInputs> types{};
    for (int i = 0; i < node.input_count; ++i) types[i] = kernel_.nodes[node.in[i]].type;
    const std::span<const Type> operands(types.data(), node.input_count);
    const std::string wrong = node.op == Op::call ? check_leaf(node.slot, node.type, operands)
                                                  : check_types(node.op, node.type, operands);
    require(wrong.empty(), "operand_types", "node {}: {}", id, wrong);
    if (node.op == Op::load_at || node.op == Op::store_at) {
      require(types[0] == Type::i64, "operand_types", "node {}: the index is {}, expected i64", id,
              name_of(types[0]));
    }
  }

  void check_source(NodeId id, const Node& node) {
    const bool bounded = node.slot < slot_limit(node);
    if (node.op == Op::param && bounded) {
      require(node.type == kernel_.params[node.slot], "operand_types",
              "node {}: parameter {} is {}", id, node.slot, name_of(kernel_.params[node.slot]));
    } else if (node.op == Op::index) {
      require(node.type == Type::i64, "operand_types", "node {}: index gives i64", id);
      require(stage_of(id).extent == Extent::element || node.slot < kernel_.parallel_rank,
              "row_index", "node {}: axis {} is reduced", id, node.slot);
    } else if (node.op == Op::stage_result && bounded) {
      check_stage_result(id, node);
    }
  }

  void check_stage_result(NodeId id, const Node& node) {
    const Stage& from = kernel_.stages[node.slot];
    const bool earlier = node.slot < stage_of_[id] && from.kind != StageKind::map;
    require(earlier, "stage_reference", "node {}: stage {} is no earlier Reduce or Scan", id,
            node.slot);
    require(from.kind != StageKind::scan || stage_of(id).extent == Extent::element,
            "stage_reference", "node {}: a row cannot read the scan of stage {}", id, node.slot);
    if (!earlier || from.value >= kernel_.nodes.size()) return;
    require(node.type == result_type(kernel_, from), "operand_types", "node {}: stage {} gives {}",
            id, node.slot, name_of(result_type(kernel_, from)));
  }

  void check_memory(NodeId id, const Node& node) {
    if (node.slot >= kernel_.buffers.size()) return;
    const BufferParam& buffer = kernel_.buffers[node.slot];
    require(node.type == compute_type(buffer.dtype), "memory_types",
            "node {}: {} of {}, expected {}", id, name_of(node.op), name_of(buffer.dtype),
            name_of(compute_type(buffer.dtype)));
    require(node.part <= (is_complex(buffer.dtype) ? 1 : 0), "complex_part",
            "node {}: part {} of {}", id, node.part, name_of(buffer.dtype));
    require(buffer.written == is_store(node.op) || planted(Defect::verify_skips_written),
            "written_buffers", "node {}: {} of buffer {}", id, name_of(node.op), node.slot);
    if (!is_store(node.op)) return;
    require(representable(kernel_, node.in[node.input_count - 1], buffer.dtype) ||
                planted(Defect::verify_skips_rounding),
            "stored_rounding", "node {}: the value may not be one of {}", id,
            name_of(buffer.dtype));
  }

  void check_unused_fields(NodeId id, const Node& node) {
    const int bits_used = node.op == Op::constant ? bit_width(node.type) : 0;
    const bool bits_fit = bits_used == 64 || (node.bits >> bits_used) == 0;
    const bool uses_slot = slot_limit(node) != ~size_t{0};
    require(bits_fit && (uses_slot || node.slot == 0), "canonical_fields",
            "node {}: {} has bits or a slot it does not use", id, name_of(node.op));
    if (is_load(node.op) || is_store(node.op)) return;
    const bool unsigned_call = node.op == Op::call && node.slot < op_table::kLeafCount &&
                               node.part == 1 &&
                               op_table::info(static_cast<op_table::LeafId>(node.slot)).operands !=
                                   op_table::LeafOperands::real;
    require(node.part == 0 || unsigned_call, "complex_part", "node {}: {} has part {}", id,
            name_of(node.op), node.part);
  }

  void check_store_count() {
    std::vector<std::array<int, 2>> count(kernel_.buffers.size());
    for (const Node& node : kernel_.nodes) {
      if (is_store(node.op) && node.slot < count.size()) ++count[node.slot][node.part & 1];
    }
    for (size_t i = 0; i < count.size(); ++i) {
      const BufferParam& buffer = kernel_.buffers[i];
      if (!buffer.written) continue;
      for (int part = 0; part < (is_complex(buffer.dtype) ? 2 : 1); ++part) {
        const bool more = count[i][part] > 1 && planted(Defect::verify_skips_store_count);
        require(count[i][part] == 1 || more, "store_count",
                "part {} of buffer {} is stored {} times, expected once", part, i, count[i][part]);
      }
    }
  }

  const Kernel& kernel_;
  std::vector<uint16_t> stage_of_;
  std::vector<std::string> messages_;
};

}  // namespace

std::vector<std::string> verify(const Kernel& kernel) { return Verifier(kernel).run(); }

void check_kernel(const Kernel& kernel) {
  const std::vector<std::string> messages = verify(kernel);
  if (messages.empty()) return;
  raise<InternalError>("kernel", "{} (of {} broken invariants) in\n{}", messages[0],
                       messages.size(), print(kernel));
}

}  // namespace tandem::kernel
