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

// A view of an array that has storage is made at once, without a node. Offset and strides are in
// elements, the offset from the array's first one.
array view_of(const array& a, Dims shape, int64_t offset, Strides strides);

}  // namespace tandem::ops
