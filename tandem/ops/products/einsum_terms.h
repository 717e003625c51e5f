// The subscripts of einsum: parsing, extents, and the order in which operands are combined. Private
// to ops/.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/graph/array.h"

namespace tandem::ops {

// One character per axis: letters, and characters from kFirstUnnamed on for the axes of "...".
using Term = std::string;
inline constexpr char kFirstUnnamed = '\x01';

struct Subscripts {
  std::vector<Term> inputs;
  Term output;
  std::map<char, int64_t> extents;
};

Subscripts parse_subscripts(std::string_view text, std::span<const array> operands);

// Positions of the terms combined in each step; the product goes to the end of the list.
std::vector<std::vector<int>> contraction_path(const Subscripts& subscripts);

// The letters of the terms at `positions` that the result or another term needs, in order of first
// appearance.
Term product_term(const std::vector<Term>& terms, const std::vector<int>& positions,
                  const Term& output);

// Text about the cost of the path, in the form users of the notation know.
std::string describe_path(std::string_view text, const Subscripts& subscripts,
                          const std::vector<std::vector<int>>& path);

}  // namespace tandem::ops
