// fuse: gathers nodes into clusters, each of which becomes one kernel or one library call. Clusters
// are numbered in the order of their creation and every edge points to the same or a later one, so
// no cycle can arise.
#pragma once

#include <span>

#include "tandem/passes/simplify.h"

namespace tandem::passes {

// How the results of one kernel's rows are shaped: the reduced axes left out, or kept with extent 1.
enum class RowForm : uint8_t { dropped, kept };

// Where a cluster computes a node. A kernel works in rounds: elements of round 0, reductions of
// them, what is computed from their results a row, elements of round 1 that read those, and so on.
// A scan's result too is read by the next round, though not in another pass over the row.
struct Place {
  enum Level : uint8_t { none, element, row };
  Level level = none;
  RowForm form = RowForm::dropped;  // row
  uint16_t round = 0;               // the first in which elements may read the value
  uint16_t pass = 0;                // of the passes over a row, the same
};

struct Cluster {
  bool library = false;
  uint16_t slot = 0;
  // Shape over which element nodes are computed.
  uint32_t first_dim = 0;
  uint8_t rank = 0;
  uint64_t reduced = 0;         // bit i: axis i is reduced or scanned; 0 without such nodes
  std::vector<uint32_t> nodes;  // inputs before users
  uint32_t cost = 0;            // IR nodes, about
  uint32_t inputs = 0;          // buffers read, one that is read twice counting twice
  uint32_t rounds = 1, passes = 1;
  uint32_t row_bytes = 0;  // of one element of a row: what is loaded, and what crosses rounds
};

// Why a node became no part of the kernel that makes its input.
enum class Refusal : uint8_t { none, library, stream, room, elements, rows };

struct Clusters {
  std::vector<Cluster> clusters;
  std::vector<uint32_t>
      cluster_of;               // by simple node; kNone for leaves and generators that are not kept
  std::vector<bool> in_memory;  // by simple node: read by another cluster, through a view, or kept
  std::vector<Place> places;    // by simple node
  std::vector<bool> remade;     // by simple node: computed again by every reader (remake.h)
  // By simple node: the slice_update whose slice its kernel stores, its call copies the rest; or
  // kNone.
  std::vector<uint32_t> stored_in;
  std::vector<RowGuard> row_guards;
  std::vector<RowShapeGuard> row_shape_guards;
  std::vector<Refusal> refusals;  // by simple node, if asked for: of the cluster tried first
};

// Beyond these a kernel stops growing: code size and live tiles against one more pass over memory.
struct KernelLimits {
  uint32_t cost = 2048;  // as Cluster::cost
  uint32_t outputs = 16;
  uint32_t buffers = 48;  // read and written
};

// Whether node n is a slice_update whose slice is stored by the kernel of its update.
inline bool stores_rest_only(const SimpleGraph& graph, const Clusters& clusters, uint32_t n) {
  if (!graph.nodes[n].flat.op.is(graph::Structured::slice_update)) return false;
  const uint32_t update = graph.nodes[n].inputs[1].value;
  return update != kNone && clusters.stored_in[update] == n;
}

struct FusionOptions {
  bool enabled = true;  // false puts every node into a cluster of its own
  // By stream slot: bytes of one row's values that a kernel of several rounds may use.
  std::vector<size_t> row_bytes;
  KernelLimits limits = {};
  bool explain = false;  // fills Clusters::refusals
};

// What node n adds to Cluster::cost.
uint32_t kernel_cost(const SimpleGraph& graph, uint32_t n);

// `dims` is the table that shapes stand in.
Clusters fuse(const SimpleGraph& graph, std::span<const int64_t> dims,
              const FusionOptions& options);

}  // namespace tandem::passes
