#include "tandem/graph/flat_graph.h"

#include <algorithm>

#include "tandem/graph/evaluator.h"

namespace tandem::graph {

FlatGraph flatten(const Walk& walk) {
  FlatGraph graph;
  graph.roots = walk.roots;
  graph.dims = walk.dims;
  for (const uint16_t stream : walk.streams) {
    graph.devices.push_back(evaluator().device_of(stream));
  }
  graph.nodes.reserve(walk.nodes.size());
  uint32_t param = 0;
  for (size_t i = 0; i < walk.nodes.size(); ++i) {
    const Node& node = *walk.nodes[i];
    FlatNode flat;
    flat.dtype = node.dtype();
    flat.rank = static_cast<uint8_t>(node.rank());
    flat.held = walk.held[i] != 0;
    flat.first_dim = walk.first_dims[i];
    flat.first_param = param;
    if (const Storage* storage = node.storage()) {
      flat.op = Structured::leaf;
      flat.leaf = static_cast<uint32_t>(graph.leaf_strides.size());
      graph.leaf_strides.push_back(storage->strides);
    } else {
      flat.op = node.op();
      flat.immediates = node.immediates();
      flat.immediate_dtype = node.immediate_dtype();
      flat.attributes = node.attributes_key();
      flat.param_count = static_cast<uint8_t>(node.params().size());
      param += flat.param_count;
      const auto slot = std::find(walk.streams.begin(), walk.streams.end(), node.stream());
      flat.slot = static_cast<uint16_t>(slot - walk.streams.begin());
      for (const Node* input : node.inputs()) {
        flat.inputs.push_back(input ? input->scratch().index : kNone);
      }
    }
    graph.nodes.push_back(std::move(flat));
  }
  for (const uint32_t root : graph.roots) graph.nodes[root].root = true;
  return graph;
}

}  // namespace tandem::graph
