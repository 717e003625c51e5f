// simplify: folds views into the edges that read them and drops what needs no work. What is left
// computes.
#pragma once

#include "tandem/graph/flat_graph.h"
#include "tandem/passes/plan.h"

namespace tandem::passes {

// An edge from a computing node (or leaf, or generator) through views. Operand::value numbers
// SimpleNodes here.
struct SimpleNode {
  graph::FlatNode flat;
  std::vector<Operand> inputs;  // value kNone where the operand is an immediate
  bool kept = false;            // something outside of the run needs its elements
  uint32_t number = kNone;      // in the walk; kNone: a copy that simplify made
  std::vector<uint32_t> after =
      {};  // leaves, and nodes of other streams, that it depends on unread
};

struct SimpleGraph {
  std::vector<SimpleNode> nodes;  // inputs before users
  std::vector<Publication> publications;
  std::vector<Guard> guards;
};

SimpleGraph simplify(const graph::FlatGraph& graph);

// True when the operand is the whole value as it is.
inline bool is_direct(const Operand& operand) { return operand.views.empty(); }

}  // namespace tandem::passes
