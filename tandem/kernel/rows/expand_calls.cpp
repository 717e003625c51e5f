#include "tandem/kernel/rows/expand_calls.h"

#include <span>
#include <vector>

#include "tandem/kernel/builder.h"
#include "tandem/kernel/leaf.h"

namespace tandem::kernel {

Kernel expand_calls(const Kernel& kernel) {
  Builder builder(kernel.parallel_rank, kernel.reduced_rank);
  for (const BufferParam& buffer : kernel.buffers) {
    if (buffer.written) {
      builder.output(buffer.dtype, buffer.access);
    } else {
      builder.input(buffer.dtype, buffer.access);
    }
  }
  for (Type type : kernel.params) builder.add_param(type);
  builder.relax(kernel.relax);

  std::vector<NodeId> place(kernel.nodes.size(), kNoNode);
  std::vector<uint16_t> stage_place(kernel.stages.size(), 0);
  for (size_t s = 0; s < kernel.stages.size(); ++s) {
    const Stage& stage = kernel.stages[s];
    builder.begin_map(stage.extent);
    for (NodeId id = stage.begin; id < stage.end; ++id) {
      Node node = kernel.nodes[id];
      for (int i = 0; i < node.input_count; ++i) node.in[i] = place[node.in[i]];
      if (node.op == Op::stage_result) node.slot = stage_place[node.slot];
      const std::span<const NodeId> inputs(node.in.data(), node.input_count);
      place[id] = node.op == Op::call ? expand_leaf(builder, node.slot, inputs, node.part != 0)
                                      : builder.copy(node);
    }
    if (stage.kind == StageKind::reduce) {
      stage_place[s] = builder.reduce(stage.reduction, place[stage.value], stage.is_unsigned);
    } else if (stage.kind == StageKind::scan) {
      stage_place[s] = builder.scan(stage.reduction, place[stage.value], stage.is_unsigned,
                                    stage.reverse, stage.exclusive);
    }
  }
  return builder.finish();
}

}  // namespace tandem::kernel
