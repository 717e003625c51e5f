#include "tandem/passes/simplify.h"

#include <algorithm>
#include <map>

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
    result_.nodes.reserve(graph_.nodes.size());
    for (uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      const FlatNode& node = graph_.nodes[i];
      edges_.push_back(node.op.is_view() ? fold(node) : append(node));
      if (node.op.is_view()) pass_on_dependencies(i);
    }
    find_whole_values();
    for (uint32_t i = 0; i < graph_.nodes.size(); ++i) publish(i);
    return std::move(result_);
  }

 private:
  Operand edge_to(uint32_t simple, const FlatNode& shape) const {
    return {simple, {}, shape.first_dim, shape.rank, false};
  }

  Operand append(const FlatNode& node) {
    const auto number = static_cast<uint32_t>(&node - graph_.nodes.data());
    SimpleNode simple{node, {}, false, graph_.walk_number(number)};
    simple.inputs.reserve(node.inputs.size());
    for (const uint32_t input : node.inputs) {
      simple.inputs.push_back(input == kNone ? Operand{} : edges_[input]);
    }
    if (node.op.is_library()) {
      for (Operand& input : simple.inputs) input = in_memory(input, node.slot);
    }
    if (node.op.is(Structured::gather)) {
      simple.inputs[0] = in_memory(simple.inputs[0], node.slot);
    }
    if (!dependencies_.empty()) {
      for (const uint32_t input : node.inputs) add_after(simple, input);
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

  // Generators have no memory that a library call or a gather could read.
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

  // Whether strides can express a reshape may depend on sizes and on the strides of leaves: a guard
  // then records what was found.
  bool expressible(const Operand& source, const ViewStep& step) {
    Layout layout = layout_of(source);
    const bool found = apply(step, graph_.dims, {}, layout);
    bool always = result_.nodes[source.value].flat.leaf == kNone;
    for (const ViewStep& view : source.views) always &= view.op.is(Structured::reshape);
    if (!always) result_.guards.push_back({source, step.first_dim, step.rank, found});
    return found;
  }

  // What is depended on is computed and kept to the end of the run, though nobody reads it.
  Operand pass_on(const FlatNode& node) {
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      SimpleNode& needed = result_.nodes[edges_[node.inputs[i]].value];
      if (needed.flat.leaf == kNone && !needed.flat.op.is_generator()) needed.kept = true;
    }
    return edges_[node.inputs[0]];
  }

  // Views show what they are made of no earlier than that.
  void pass_on_dependencies(uint32_t i) {
    const FlatNode& node = graph_.nodes[i];
    std::vector<uint32_t> needed;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (const auto known = dependencies_.find(node.inputs[k]); known != dependencies_.end()) {
        needed.insert(needed.end(), known->second.begin(), known->second.end());
      }
      if (k > 0) needed.push_back(edges_[node.inputs[k]].value);  // of depends
    }
    std::sort(needed.begin(), needed.end());
    needed.erase(std::unique(needed.begin(), needed.end()), needed.end());
    std::erase_if(needed, [&](uint32_t n) { return result_.nodes[n].flat.op.is_generator(); });
    if (!needed.empty()) dependencies_.emplace(i, std::move(needed));
  }

  // Streams are in order, so that only what others make must be waited for.
  bool is_elsewhere(uint32_t simple, uint16_t slot) const {
    const FlatNode& node = result_.nodes[simple].flat;
    return node.leaf != kNone || node.slot != slot;
  }
  void add_after(SimpleNode& reader, uint32_t input) const {
    const auto known = dependencies_.find(input);
    if (known == dependencies_.end()) return;
    for (const uint32_t needed : known->second) {
      if (is_elsewhere(needed, reader.flat.slot)) reader.after.push_back(needed);
    }
  }

  // What is read as soon as it is there needs a value of its own to come behind other streams.
  bool waits_for_streams(uint32_t i) const {
    const auto known = dependencies_.find(i);
    return known != dependencies_.end() &&
           std::any_of(known->second.begin(), known->second.end(), [&](uint32_t needed) {
             const FlatNode& node = result_.nodes[needed].flat;
             return node.leaf == kNone && node.slot != graph_.nodes[i].slot;
           });
  }

  Operand fold(const FlatNode& node) {
    if (node.op.is(Structured::depends) || node.op.is(Structured::get)) return pass_on(node);
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

  bool is_published(const FlatNode& node) const {
    if (node.leaf != kNone || !(node.root || node.held)) return false;
    if (node.root) return true;
    // Generators are made again where they are needed, and so are views of them.
    const auto number = static_cast<size_t>(&node - graph_.nodes.data());
    return !result_.nodes[edges_[number].value].flat.op.is_generator();
  }

  // A view that shows less than a sixteenth of a value keeps too much memory alive.
  bool is_small_view(uint32_t i) const {
    const FlatNode& node = graph_.nodes[i];
    const FlatNode& base = result_.nodes[edges_[i].value].flat;
    if (!node.op.is_view() || base.leaf != kNone) return false;
    return element_count(graph_.shape_of(node)) < element_count(graph_.shape_of(base)) / 16;
  }

  void find_whole_values() {
    whole_.assign(result_.nodes.size(), false);
    for (uint32_t i = 0; i < graph_.nodes.size(); ++i) {
      if (is_published(graph_.nodes[i]) && !is_small_view(i)) whole_[edges_[i].value] = true;
    }
  }

  void publish(uint32_t i) {
    const FlatNode& node = graph_.nodes[i];
    if (!is_published(node)) return;
    Operand source = edges_[i];
    const bool generated = result_.nodes[source.value].flat.op.is_generator();
    const bool waits = waits_for_streams(i);
    if ((generated && node.op.is_view()) || (is_small_view(i) && !whole_[source.value]) || waits) {
      source = copy(source, node.slot);
    }
    if (waits) add_after(result_.nodes[source.value], i);
    result_.nodes[source.value].kept = true;
    result_.publications.push_back({graph_.walk_number(i), std::move(source)});
  }

  const FlatGraph& graph_;
  std::vector<Operand> edges_;  // by flat node
  std::vector<bool> whole_;     // by simple node: published, but for small views
  std::map<uint32_t, std::vector<uint32_t>> dependencies_;  // of flat views: simple nodes
  SimpleGraph result_;
};

}  // namespace

SimpleGraph simplify(const FlatGraph& graph) { return Simplifier(graph).run(); }

}  // namespace tandem::passes
