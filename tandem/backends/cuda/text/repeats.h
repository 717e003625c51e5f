// Repeated pieces of a straight line: 500 dependent exp are one loop in a text.
#pragma once

#include <span>
#include <vector>

#include "tandem/kernel/ir.h"

namespace tandem::backends::cuda {

// order[begin, begin + period) is printed as it is; the `count` equal pieces behind it are one
// loop whose body is the first of them. `carried` are the places, counted from a piece's begin,
// whose value the next piece or what follows the loop uses.
struct Repeat {
  size_t begin = 0, period = 0, count = 0;
  std::vector<size_t> carried;
  size_t body() const { return begin + period; }
  size_t end() const { return body() + count * period; }
};

// Disjoint repeats of `order`, a list of nodes in which operands stand before their uses, in
// increasing order; operands that are not in it are known before. `roots` are used from outside.
std::vector<Repeat> find_repeats(const kernel::Kernel& kernel,
                                 std::span<const kernel::NodeId> order,
                                 std::span<const kernel::NodeId> roots);

}  // namespace tandem::backends::cuda
