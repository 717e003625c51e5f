#include "tandem/backends/cuda/text/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/kernel/signatures.h"

namespace tandem::backends::cuda {

using kernel::Access;
using kernel::Extent;
using kernel::Kernel;
using kernel::Node;
using kernel::Op;

namespace {

bool touches(const Node& node, uint16_t buffer) {
  const bool accesses = kernel::is_store(node.op) || node.op == Op::load || node.op == Op::load_at;
  return accesses && node.slot == buffer;
}

}  // namespace

bool is_indexed(const Kernel& kernel, uint16_t buffer) {
  return std::ranges::any_of(kernel.nodes, [&](const Node& node) {
    return touches(node, buffer) && (node.op == Op::load_at || node.op == Op::store_at);
  });
}

int moving_axes(const Kernel& kernel, uint16_t buffer) {
  for (const kernel::Stage& stage : kernel.stages) {
    if (stage.extent != Extent::element) continue;
    for (kernel::NodeId id = stage.begin; id < stage.end; ++id) {
      if (touches(kernel.nodes[id], buffer)) return kernel.parallel_rank + kernel.reduced_rank;
    }
  }
  return kernel.parallel_rank;
}

bool needs_scratch(const Kernel& kernel, const TextOptions& options) {
  if (options.schedule == Schedule::row_split || options.schedule == Schedule::columns) return true;
  return std::ranges::any_of(kernel.stages, [](const kernel::Stage& stage) {
    return stage.kind == kernel::StageKind::scan;
  });
}

std::vector<Word> argument_words(const Kernel& kernel, const TextOptions& options) {
  std::vector<Word> words;
  const auto rank = static_cast<uint16_t>(kernel.parallel_rank + kernel.reduced_rank);
  for (uint16_t axis = 0; axis < rank; ++axis) words.push_back({WordKind::extent, axis});
  for (const WordKind kind : {WordKind::rows, WordKind::row_elements, WordKind::elements}) {
    words.push_back({kind});
  }
  if (options.schedule == Schedule::row_split || options.schedule == Schedule::columns) {
    words.push_back({WordKind::groups});
    words.push_back({WordKind::group_chunks});
  }
  if (needs_scratch(kernel, options)) words.push_back({WordKind::scratch});
  for (uint16_t b = 0; b < kernel.buffers.size(); ++b) {
    words.push_back({WordKind::data, b});
    if (kernel.buffers[b].access == Access::general) {
      for (uint8_t axis = 0; axis < moving_axes(kernel, b); ++axis) {
        words.push_back({WordKind::stride, b, axis});
      }
    }
    if (is_indexed(kernel, b)) {
      words.push_back({WordKind::index_extent, b});
      words.push_back({WordKind::index_stride, b});
    }
  }
  for (uint16_t p = 0; p < kernel.params.size(); ++p) words.push_back({WordKind::param, p});
  return words;
}

std::string name_of(const Word& word) {
  switch (word.kind) {
    case WordKind::extent:
      return fmt::format("extent{}", word.slot);
    case WordKind::rows:
      return "rows";
    case WordKind::row_elements:
      return "row_elements";
    case WordKind::elements:
      return "elements";
    case WordKind::groups:
      return "groups";
    case WordKind::group_chunks:
      return "group_chunks";
    case WordKind::scratch:
      return "scratch";
    case WordKind::data:
      return fmt::format("b{}", word.slot);
    case WordKind::stride:
      return fmt::format("b{}_s{}", word.slot, word.axis);
    case WordKind::index_extent:
      return fmt::format("b{}_n", word.slot);
    case WordKind::index_stride:
      return fmt::format("b{}_step", word.slot);
    case WordKind::param:
      return fmt::format("p[{}]", word.slot);
  }
  return {};
}

}  // namespace tandem::backends::cuda
