#include "tandem/passes/lower/lower.h"

namespace tandem::passes {

Operand updated_slice(const SimpleGraph& graph, uint32_t node) {
  const graph::FlatNode& flat = graph.nodes[node].flat;
  const Operand& update = graph.nodes[node].inputs[1];
  Operand slice{node, {}, update.first_dim, update.rank};
  slice.views.push_back(
      {graph::Structured::slice, flat.attributes, update.first_dim, update.rank, flat.first_param});
  slice.written = slice.part = true;
  return slice;
}

Instruction lower_library(const SimpleGraph& graph, const Clusters& clusters, uint32_t cluster,
                          kernel::LibraryCall& call) {
  const uint32_t n = clusters.clusters[cluster].nodes[0];
  const SimpleNode& node = graph.nodes[n];
  call.name = graph::name_of(node.flat.op);
  if (node.flat.attributes) call.attributes = node.flat.attributes->words;
  Instruction instruction;
  instruction.kind = Instruction::library;
  instruction.product = node.flat.op.is_product();
  instruction.in_place = node.flat.op.is(graph::Structured::scatter) ||
                         node.flat.op.is(graph::Structured::slice_update);
  instruction.slot = node.flat.slot;
  instruction.node_count = 1;
  instruction.label = call.name;
  instruction.first_dim = node.flat.first_dim;
  instruction.rank = node.flat.rank;
  const bool rest_only = stores_rest_only(graph, clusters, n);
  for (const Operand& input : node.inputs) {
    const bool stored = rest_only && &input == &node.inputs[1];
    instruction.buffers.push_back(stored ? updated_slice(graph, n) : input);
    call.operands.push_back(graph.nodes[input.value].flat.dtype);
  }
  instruction.buffers.push_back({n, {}, node.flat.first_dim, node.flat.rank, false, true});
  instruction.buffers.back().part = rest_only;
  if (rest_only) instruction.label = call.name = "slice_rest";
  call.operands.push_back(node.flat.dtype);
  if (instruction.product) {
    call.rank = static_cast<uint8_t>(node.flat.rank + 1);
  } else {
    for (const Operand& operand : instruction.buffers) {
      call.ranks.push_back(operand.rank);
      call.rank = static_cast<uint8_t>(call.rank + operand.rank);
    }
  }
  for (uint32_t i = 0; i < node.flat.param_count && !rest_only; ++i) {
    instruction.params.push_back({ParamSource::word, 0, node.flat.first_param + i});
  }
  return instruction;
}

}  // namespace tandem::passes
