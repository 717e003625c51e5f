#include "tandem/passes/fuse/remake.h"

#include <algorithm>

#include "tandem/op_table/row_info.h"

namespace tandem::passes {
namespace {

using graph::Structured;

constexpr int kMaxCost = 4;  // units of the op table
constexpr int kNever = kMaxCost + 1;

// Units of the op table that node n takes with all it is made of; kNever when it reads memory.
int cost_of(const SimpleGraph& graph, uint32_t n, const std::vector<int>& costs) {
  const SimpleNode& node = graph.nodes[n];
  if (node.flat.leaf != kNone || node.kept || !node.after.empty()) return kNever;
  if (node.flat.op.is_generator()) return 0;
  int cost = 1;
  if (node.flat.op.is_row()) {
    cost = std::max(1, static_cast<int>(op_table::row(node.flat.op.row()).cost));
  } else if (!node.flat.op.is(Structured::cast)) {
    return kNever;
  }
  for (const Operand& input : node.inputs) {
    if (input.value != kNone) cost += costs[input.value];
  }
  return std::min(cost, kNever);
}

// Calls read their operands from memory, gathers their source.
bool reads_memory(const SimpleNode& node, size_t input) {
  return node.flat.op.is_library() || (node.flat.op.is(Structured::gather) && input == 0);
}

}  // namespace

std::vector<bool> find_remade(const SimpleGraph& graph) {
  std::vector<int> costs(graph.nodes.size(), kNever);
  std::vector<bool> remade(graph.nodes.size(), false);
  for (uint32_t n = 0; n < graph.nodes.size(); ++n) {
    costs[n] = cost_of(graph, n, costs);
    remade[n] = costs[n] <= kMaxCost && !graph.nodes[n].flat.op.is_generator();
    for (size_t i = 0; i < graph.nodes[n].inputs.size(); ++i) {
      const uint32_t input = graph.nodes[n].inputs[i].value;
      if (input != kNone && reads_memory(graph.nodes[n], i)) remade[input] = false;
    }
  }
  // What is made of a value that has to be in memory reads it there.
  for (uint32_t n = 0; n < graph.nodes.size(); ++n) {
    for (const Operand& input : graph.nodes[n].inputs) {
      if (input.value == kNone) continue;
      const bool generated = graph.nodes[input.value].flat.op.is_generator();
      if (!generated && !remade[input.value]) remade[n] = false;
    }
  }
  return remade;
}

}  // namespace tandem::passes
