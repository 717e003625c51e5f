// How leaf functions behave on the IR-building carrier: one call node, or the leaf's own text while
// Builder::expand_leaves is set. Found by op_table/scalar_math.h through the carrier's namespace.
#pragma once

#include <array>

#include "tandem/kernel/rows/carrier.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::kernel {

inline bool is_unsigned(const Value&) { return false; }
inline bool is_unsigned(const IntValue& x) { return !x.is_signed; }

template <op_table::LeafId id, std::derived_from<Value> V, std::derived_from<Value>... More>
V call_leaf(op_table::LeafTag<id>, V x, More... more) {
  if (x.builder->expand_leaves) return op_table::Leaf<id>::text(x, more...);
  const std::array<NodeId, 1 + sizeof...(More)> inputs = {x.node, more.node...};
  V result = x;
  result.node = x.builder->call(static_cast<uint16_t>(id), x.type(), inputs, is_unsigned(x));
  return result;
}

}  // namespace tandem::kernel
