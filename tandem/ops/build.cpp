#include "tandem/ops/build.h"

namespace tandem::ops {

array make(const Build& build, const StreamOrDevice& s) {
  SmallVector<graph::Node*, 4> inputs;
  for (const array& input : build.inputs) inputs.push_back(input.node().get());
  graph::NodeInit init;
  init.op = build.op;
  init.dtype = build.dtype;
  init.stream = static_cast<uint16_t>(resolve(s).index);
  init.shape = build.shape;
  init.inputs = {inputs.data(), inputs.size()};
  init.params = build.params;
  init.attributes = build.attributes;
  return array(graph::Node::make(init));
}

array view_of(const array& a, Dims shape, int64_t offset, Strides strides) {
  const graph::Storage& source = *a.node()->storage();
  auto storage = make_ref<graph::Storage>();
  storage->buffer = source.buffer;
  storage->offset = source.offset + offset;
  storage->strides = std::move(strides);
  return array(graph::Node::make(a.dtype(), shape, std::move(storage)));
}

}  // namespace tandem::ops
