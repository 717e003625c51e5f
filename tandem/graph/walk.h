// Walk: one iterative pass over the pending nodes that gives the plan's key and everything a run
// binds. The key holds structure only (ops, dtypes, ranks, edges, attributes, which shapes are
// equal and which broadcast, streams, held bits); dimensions, parameters and leaves go to tables in
// the order of the nodes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tandem/graph/array.h"
#include "tandem/graph/node.h"

namespace tandem::graph {

class Walk {
 public:
  std::vector<Node*> nodes;      // inputs before users; leaves among them
  std::vector<uint32_t> leaves;  // numbers of the nodes that have storage
  std::vector<uint32_t> roots;   // numbers of the roots, which are pending
  std::vector<uint8_t> held;     // per node: referenced from outside of the walk
  std::vector<uint32_t>
      first_dims;             // per node: where its shape stands in dims; equal means equal shapes
  std::vector<int64_t> dims;  // each distinct shape of the recent ones once
  std::vector<uint64_t> params;       // parameter words of the nodes, one after the other
  std::vector<uint16_t> streams;      // by slot: streams are numbered in order of first use
  std::vector<uint32_t> calls;        // numbers of the call nodes
  std::vector<uint32_t> call_tables;  // of one call after the other: places of its trace's shapes
                                      // in dims, slots of its streams
  std::vector<NodeRef> released;      // by expanding calls: to be let go of after unlocking
  std::vector<uint64_t> key;
  uint64_t hash = 0;

  // Caller holds the engine's lock. Roots that have storage are skipped.
  void run(std::span<const array> wanted);

  Dims shape_of(uint32_t node) const {
    return {dims.data() + first_dims[node], static_cast<size_t>(nodes[node]->rank())};
  }

 private:
  void clear();
  void visit(Node* node);
  void record(Node* node);
  void record_call(const Node& node);
  void visit_all(std::span<const array> wanted);
  bool expand_loose_calls();
  uint32_t place_shape(Dims shape);
  uint64_t slot_of(uint16_t stream);
  void close_key();

  struct KnownShape {
    uint32_t first_dim = 0;
    uint32_t rank = ~uint32_t{0};
  };
  static constexpr uint32_t kKnownShapes = 8;
  KnownShape known_[kKnownShapes];
  uint32_t newest_ = 0;
  uint64_t epoch_ = 0;
  std::vector<std::pair<Node*, uint32_t>> stack_;
};

// Bit i: axis i of the input, counted from the last, is repeated along the node's axis.
uint64_t broadcast_mask(Dims input, Dims node);

}  // namespace tandem::graph
