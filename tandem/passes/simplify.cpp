#include "tandem/passes/simplify.h"

#include "tandem/base/check.h"
#include "tandem/passes/view.h"

namespace tandem::passes {
namespace {

using graph::FlatGraph;
using graph::FlatNode;
using graph::Structured;

class Simplifier {
 public:
  explicit Simplifier(const FlatGraph& graph) : graph_(graph) {}

  SimpleGraph run() {
    edges_.reserve(graph_.nodes.size());
    for (uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      const FlatNode& node = graph_.nodes[i];
      edges_.push_back(node.op.is_view() ? fold(node) : append(node));
    }
    for (uint32_t i = 0; i < graph_.nodes.size(); ++i) publish(i);
    return std::move(result_);
  }

 private:
  Operand edge_to(uint32_t simple, const FlatNode& shape) const {
    return {simple, {}, shape.first_dim, shape.rank, false};
  }

  Operand append(const FlatNode& node) {
    SimpleNode simple{node, {}, false};
    for (const uint32_t input : node.inputs) {
      simple.inputs.push_back(input == kNone ? Operand{} : edges_[input]);
    }
    const bool library = node.op.is(Structured::matmul) || node.op.is(Structured::addmm);
    if (library) {
      for (Operand& input : simple.inputs) input = in_memory(input, node.slot);
    }
    result_.nodes.push_back(std::move(simple));
    return edge_to(static_cast<uint32_t>(result_.nodes.size() - 1), node);
  }

  // A row-major copy of what the operand shows, as a node of its own.
  Operand copy(const Operand& source, uint16_t slot) {
    FlatNode node;
    node.op = Structured::contiguous;
    node.dtype = result_.nodes[source.value].flat.dtype;
    node.rank = source.rank;
    node.first_dim = source.first_dim;
    node.slot = slot;
    result_.nodes.push_back({node, {source}, false});
    return edge_to(static_cast<uint32_t>(result_.nodes.size() - 1), node);
  }

  // Generators have no memory that a library call could read.
  Operand in_memory(const Operand& operand, uint16_t slot) {
    const FlatNode& base = result_.nodes[operand.value].flat;
    return base.op.is_generator() ? copy(operand, slot) : operand;
  }

  Layout layout_of(const Operand& operand) const {
    const FlatNode& base = result_.nodes[operand.value].flat;
    Layout layout;
    layout.shape = Shape(graph_.shape_of(base));
    layout.strides =
        base.leaf != kNone ? graph_.leaf_strides[base.leaf] : row_major_strides(layout.shape);
    apply(operand.views, graph_.dims, {}, layout);
    return layout;
  }

  // Whether strides can express a reshape may depend on sizes and on the strides of leaves: a guard then
  // records what was found.
  bool expressible(const Operand& source, const ViewStep& step) {
    Layout layout = layout_of(source);
    const bool found = apply(step, graph_.dims, {}, layout);
    bool always = result_.nodes[source.value].flat.leaf == kNone;
    for (const ViewStep& view : source.views) always &= view.op.is(Structured::reshape);
    if (!always) result_.guards.push_back({source, step.first_dim, step.rank, found});
    return found;
  }

  Operand fold(const FlatNode& node) {
    Operand source = edges_[node.inputs[0]];
    const ViewStep step{node.op, node.attributes, node.first_dim, node.rank, node.first_param};
    if (node.op.is(Structured::reshape) && !expressible(source, step)) {
      source = copy(source, node.slot);
    }
    source.views.push_back(step);
    source.first_dim = node.first_dim;
    source.rank = node.rank;
    return source;
  }

  void publish(uint32_t i) {
    const FlatNode& node = graph_.nodes[i];
    if (node.leaf != kNone || !(node.root || node.held)) return;
    if (node.op.is_generator() && !node.root) return;
    Operand source = edges_[i];
    const FlatNode& base = result_.nodes[source.value].flat;
    if (base.op.is_generator() && node.op.is_view()) {
      if (!node.root) return;
      source = copy(source, node.slot);
    }
    result_.nodes[source.value].kept = true;
    result_.publications.push_back({i, std::move(source)});
  }

  const FlatGraph& graph_;
  std::vector<Operand> edges_;  // by flat node
  SimpleGraph result_;
};

}  // namespace

SimpleGraph simplify(const FlatGraph& graph) { return Simplifier(graph).run(); }

}  // namespace tandem::passes
