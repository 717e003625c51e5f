// Making nodes: shared by the files of ops/.
#pragma once

#include <initializer_list>

#include "tandem/graph/array.h"
#include "tandem/graph/node.h"
#include "tandem/graph/streams.h"

namespace tandem::ops {

struct Build {
  graph::OpCode op;
  Dtype dtype;
  Dims shape;
  std::span<const array> inputs = {};
  std::span<const uint64_t> params = {};
  const graph::Attributes* attributes = nullptr;
};

// A node whose operands are all arrays.
array make(const Build& build, const StreamOrDevice& s);

}  // namespace tandem::ops
