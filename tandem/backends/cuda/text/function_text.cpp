#include "tandem/backends/cuda/text/function_text.h"

#include <fmt/format.h>

#include "tandem/kernel/builder.h"
#include "tandem/kernel/leaf.h"
#include "tandem/kernel/repeats.h"
#include "tandem/kernel/signatures.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::backends::cuda {

using kernel::Kernel;
using kernel::Node;
using kernel::NodeId;
using kernel::Op;
using kernel::Repeat;
using kernel::Type;

namespace {

// A leaf that a text calls more often than this is one function out of line.
constexpr int kMostInlined = 8;

class Printer {
 public:
  Printer(Library& library, const Kernel& kernel, std::span<const NodeId> order,
          const SourceText& source, Names& names)
      : library_(library), kernel_(kernel), order_(order), source_(source), names_(names) {}

  std::string run(std::span<const NodeId> roots) {
    size_t i = 0;
    for (const Repeat& repeat : kernel::find_repeats(kernel_, order_, roots)) {
      for (; i < repeat.body(); ++i) print(order_[i], "  ");
      loop(repeat);
      i = repeat.end();
    }
    for (; i < order_.size(); ++i) print(order_[i], "  ");
    return std::move(text_);
  }

 private:
  void loop(const Repeat& repeat) {
    const auto name_of = [&](size_t k) { return fmt::format("w{}", order_[repeat.begin + k]); };
    for (const size_t k : repeat.carried) {
      const NodeId first = order_[repeat.begin + k];
      text_ += fmt::format("  {} {} = {};\n", cuda_type(kernel_.nodes[first].type), name_of(k),
                           names_[first]);
    }
    // Within the body the piece before is what was carried.
    Names outside = names_;
    for (const size_t k : repeat.carried) names_.set(order_[repeat.begin + k], name_of(k));
    text_ += fmt::format("#pragma unroll 1\n  for (int round = 0; round < {}; ++round) {{\n",
                         repeat.count);
    std::vector<std::string> slots(repeat.period);
    for (const Repeat::ParamStep& step : repeat.param_steps) {
      const uint16_t first = kernel_.nodes[order_[repeat.body() + step.place]].slot;
      slots[step.place] = fmt::format("{} + {} * round", first, step.step);
    }
    for (size_t k = 0; k < repeat.period; ++k) print(order_[repeat.body() + k], "    ", slots[k]);
    for (const size_t k : repeat.carried) {
      text_ += fmt::format("    {} = {};\n", name_of(k), names_[order_[repeat.body() + k]]);
    }
    text_ += "  }\n";
    names_ = std::move(outside);
    for (const size_t k : repeat.carried) {
      names_.set(order_[repeat.end() - repeat.period + k], name_of(k));
    }
  }

  // `slot`: the number of a parameter, unless it is the node's.
  void print(NodeId id, std::string_view indent, const std::string& slot = {}) {
    const Node& node = kernel_.nodes[id];
    if (kernel::is_store(node.op)) return;
    if (node.op == Op::constant) return names_.set(id, constant_text(node.type, node.bits));
    text_ += fmt::format("{}const {} v{} = {};\n", indent, cuda_type(node.type), id,
                         expression(node, slot));
  }

  std::string expression(const Node& node, const std::string& slot) {
    if (kernel::signature_of(node.op) == kernel::OpSignature::source || node.op == Op::load_at) {
      return source_(node, names_, slot.empty() ? std::to_string(node.slot) : slot);
    }
    std::vector<std::string> in;
    for (int i = 0; i < node.input_count; ++i) in.push_back(names_[node.in[i]]);
    const Type operand = kernel_.nodes[node.in[node.input_count - 1]].type;
    if (is_bounded(node)) return bounded_text(node.op, in[0], in[1]);
    if (node.op != Op::call) {
      return operation_text(library_.helpers, node.op, node.type, operand, in);
    }
    std::string text = library_.use_leaf(node, operand) + '(';
    for (size_t i = 0; i < in.size(); ++i) text += (i == 0 ? "" : ", ") + in[i];
    return text + ')';
  }

  // min or max with a constant that is not NaN.
  bool is_bounded(const Node& node) const {
    if (node.op != Op::min && node.op != Op::max) return false;
    const Node& bound = kernel_.nodes[node.in[1]];
    if (bound.op != Op::constant) return false;
    return bound.type == Type::f32 ? (bound.bits & 0x7fffffffu) <= 0x7f800000u
                                   : (bound.bits & ~(uint64_t{1} << 63)) <= 0x7ffull << 52;
  }

  Library& library_;
  const Kernel& kernel_;
  std::span<const NodeId> order_;
  const SourceText& source_;
  Names& names_;
  std::string text_;
};

std::string leaf_name(uint16_t leaf, Type operand, bool is_unsigned) {
  return fmt::format("{}_{}{}", op_table::name_of(static_cast<op_table::LeafId>(leaf)),
                     name_of(operand), is_unsigned ? "_unsigned" : "");
}

// Nodes that `root` needs, in order.
std::vector<NodeId> needed_by(const Kernel& kernel, NodeId root) {
  std::vector<char> needed(kernel.nodes.size(), 0);
  needed[root] = 1;
  for (NodeId id = root + 1; id-- > 0;) {
    if (!needed[id]) continue;
    for (int i = 0; i < kernel.nodes[id].input_count; ++i) needed[kernel.nodes[id].in[i]] = 1;
  }
  std::vector<NodeId> order;
  for (NodeId id = 0; id <= root; ++id) {
    if (needed[id]) order.push_back(id);
  }
  return order;
}

}  // namespace

std::string Library::use_leaf(const Node& call, Type operand) {
  ++leaf_uses_[{call.slot, operand, call.part != 0}];
  return leaf_name(call.slot, operand, call.part != 0);
}

std::string Library::leaf_definition(const LeafKey& key, bool out_of_line) {
  const auto [leaf, operand, is_unsigned] = key;
  const int arity = op_table::info(static_cast<op_table::LeafId>(leaf)).arity;
  kernel::Builder builder(0);
  builder.expand_leaves = true;
  std::vector<NodeId> inputs;
  std::string parameters;
  for (int i = 0; i < arity; ++i) {
    inputs.push_back(builder.param(builder.add_param(operand)));
    parameters += fmt::format("{}const {} x{}", i == 0 ? "" : ", ", cuda_type(operand), i);
  }
  const NodeId root = kernel::expand_leaf(builder, leaf, inputs, is_unsigned);
  const Kernel& kernel = builder.kernel();
  Names names;
  const std::string body = statements(
      *this, kernel, needed_by(kernel, root), std::span(&root, 1),
      [](const Node&, const Names&, const std::string& slot) { return "x" + slot; }, names);
  return fmt::format("static __device__ {} {} {}({}) {{\n{}  return {};\n}}\n",
                     out_of_line ? "__noinline__" : "__forceinline__",
                     cuda_type(kernel.nodes[root].type), leaf_name(leaf, operand, is_unsigned),
                     parameters, body, names[root]);
}

std::string Library::definitions() {
  std::string leaves;
  for (const auto& [key, uses] : leaf_uses_) leaves += leaf_definition(key, uses > kMostInlined);
  return helpers.definitions() + leaves;
}

std::string Names::operator[](NodeId id) const {
  const auto found = names_.find(id);
  return found == names_.end() ? fmt::format("v{}", id) : found->second;
}

std::string statements(Library& library, const Kernel& kernel, std::span<const NodeId> order,
                       std::span<const NodeId> roots, const SourceText& source, Names& names) {
  return Printer(library, kernel, order, source, names).run(roots);
}

}  // namespace tandem::backends::cuda
