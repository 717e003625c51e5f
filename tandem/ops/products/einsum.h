// Sums of products in index notation: "ij,jk->ik", "bij,bjk", "...i->...", "ii->i".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/ops/operand.h"

namespace tandem {

// Letters name axes, "..." those that are not named. A letter absent from the result is summed
// over; without "->" the result has the letters that stand once, in alphabetical order. Operands are
// combined two at a time, each time the two whose product frees the most memory. Raises
// ArgumentError for bad subscripts, ShapeError when extents of one letter differ.
array einsum(std::string_view subscripts, std::span<const array> operands, StreamOrDevice s = {});

// The positions of the operands combined in each step (results go to the end of the list), and a
// text about the cost.
std::pair<std::vector<std::vector<int>>, std::string> einsum_path(std::string_view subscripts,
                                                                  std::span<const array> operands);

}  // namespace tandem
