// Reads and writes of windows at positions on several axes.
#pragma once

#include <vector>

#include "tandem/op_table/update.h"
#include "tandem/ops/operand.h"

namespace tandem {

// A window of `extents` of `a` for every element of the indices, which broadcast together and name
// where it begins on each of `axes` (on the others it begins at 0). The windows are one element
// wide on these axes. The result has the axes of the indices, then those of the window.
array gather(const array& a, const std::vector<array>& indices, const std::vector<int64_t>& axes,
             Dims extents, StreamOrDevice s = {});

// A copy of `a` in which such windows took in `updates`, which has the axes of the indices, then
// those of the window.
array scatter(const array& a, const std::vector<array>& indices, const array& updates,
              const std::vector<int64_t>& axes, op_table::Update how = op_table::Update::set,
              StreamOrDevice s = {});

}  // namespace tandem
