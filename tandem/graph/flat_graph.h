// FlatGraph: a copy of what a walk found, without nodes, for the planner to work on unlocked.
#pragma once

#include <cstdint>
#include <vector>

#include "tandem/graph/walk.h"

namespace tandem::graph {

inline constexpr uint32_t kNone = ~uint32_t{0};

struct FlatNode {
  OpCode op;
  Dtype dtype = Dtype::float32;
  uint8_t rank = 0;
  uint8_t immediates = 0;
  Dtype immediate_dtype = Dtype::float32;
  uint16_t slot = 0;
  bool held = false;  // referenced from outside: kept after the run
  bool root = false;
  uint8_t param_count = 0;
  const Attributes* attributes = nullptr;
  uint32_t first_dim = 0;           // in dims; equal numbers mean equal shapes by structure
  uint32_t first_param = 0;         // in params
  uint32_t leaf = kNone;            // its number among the leaves
  SmallVector<uint32_t, 3> inputs;  // kNone for immediates
};

struct FlatGraph {
  std::vector<FlatNode> nodes;
  std::vector<uint32_t> roots;
  std::vector<uint32_t> walked;  // by node: its number in the walk, of a step that of its call;
                                 // empty where there is no call: the same numbers
  std::vector<Device> devices;   // by slot
  std::vector<int64_t> dims;     // of the walk that missed: for costs, guards and first sizes
  // Of the leaves, in the same walk; guards compare them.
  std::vector<Strides> leaf_strides;

  Dims shape_of(const FlatNode& node) const { return {dims.data() + node.first_dim, node.rank}; }
  uint32_t walk_number(uint32_t node) const { return walked.empty() ? node : walked[node]; }
};

// Calls are expanded, and what no root needs is left out. Caller holds the engine's lock, under
// which `walk` was made.
FlatGraph flatten(const Walk& walk);

}  // namespace tandem::graph
