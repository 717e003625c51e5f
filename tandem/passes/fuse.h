// fuse: gathers nodes into clusters, each of which becomes one kernel or one library call. Clusters
// are numbered in the order of their creation and every edge points to the same or a later one, so
// no cycle can arise.
#pragma once

#include "tandem/passes/simplify.h"

namespace tandem::passes {

struct Cluster {
  bool library = false;
  uint16_t slot = 0;
  // Shape over which element nodes are computed.
  uint32_t first_dim = 0;
  uint8_t rank = 0;
  std::vector<uint32_t> element_nodes;
  std::vector<uint32_t> reductions;  // all over the same axes, with the same keepdims
  std::vector<uint32_t> row_nodes;   // computed from the results of the reductions
  uint32_t cost = 0;                 // IR nodes, about
  uint32_t operands = 0;             // buffers, about
};

struct Clusters {
  std::vector<Cluster> clusters;
  std::vector<uint32_t>
      cluster_of;               // by simple node; kNone for leaves and generators that are not kept
  std::vector<bool> in_memory;  // by simple node: read by another cluster, through a view, or kept
};

// `enabled` false puts every node into a cluster of its own.
Clusters fuse(const SimpleGraph& graph, bool enabled);

}  // namespace tandem::passes
