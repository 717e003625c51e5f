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

}  // namespace tandem::ops
