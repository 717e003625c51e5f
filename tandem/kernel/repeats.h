// Repeated pieces of a straight line of nodes: 500 dependent exp are one loop. Repetition is a
// schedule of the same nodes, no part of the IR.
#pragma once

#include <span>
#include <vector>

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// order[begin, begin + period) stands as it is; the `count` equal pieces behind it are one loop
// whose body is the first of them. Places are counted from a piece's begin.
struct Repeat {
  size_t begin = 0, period = 0, count = 0;
  // Places whose value the next piece or what follows the loop uses.
  std::vector<size_t> carried;
  // Parameters that differ: each piece reads the one that lies `step` behind the last piece's.
  struct ParamStep {
    size_t place = 0;
    int step = 0;
    bool operator==(const ParamStep&) const = default;
  };
  std::vector<ParamStep> param_steps;

  size_t body() const { return begin + period; }
  size_t end() const { return body() + count * period; }
  // Nodes that need not be written down.
  size_t saved() const { return (count - 1) * period; }
};

// Disjoint repeats of `order`, a list of nodes in which operands stand before their uses, in
// increasing order; operands that are not in it are known before. `roots` are used from outside.
// What a piece makes is used by itself and the next one only, but for the last piece.
std::vector<Repeat> find_repeats(const Kernel& kernel, std::span<const NodeId> order,
                                 std::span<const NodeId> roots);

}  // namespace tandem::kernel
