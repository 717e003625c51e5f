// Storage: where the elements of an evaluated array are. Published once per node; views of one
// buffer each have their own.
#pragma once

#include "tandem/base/shape.h"
#include "tandem/base/slab.h"
#include "tandem/memory/buffer.h"

namespace tandem::graph {

struct Storage : RefCounted<Storage>, SlabAllocated<Storage> {
  Ref<memory::Buffer> buffer;
  int64_t offset = 0;  // of the first element, in elements of the node's dtype
  Strides strides;     // in elements, one per axis of the node
};

}  // namespace tandem::graph
