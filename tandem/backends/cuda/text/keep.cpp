#include "tandem/backends/cuda/text/keep.h"

#include <algorithm>

#include "tandem/kernel/signatures.h"

namespace tandem::backends::cuda {

namespace {

using kernel::Extent;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;

bool is_cheap(Op op) {
  return op == Op::constant || op == Op::param || op == Op::index || op == Op::stage_result;
}

int words_of(kernel::Type type) { return kernel::bit_width(type) == 64 ? 2 : 1; }

// The element sweep that computes each node first; -1 for what is not worth keeping.
std::vector<int> homes_of(const Kernel& kernel, const std::vector<Sweep>& sweeps) {
  std::vector<int> home(kernel.nodes.size(), -1);
  for (size_t s = 0; s < sweeps.size(); ++s) {
    if (sweeps[s].extent != Extent::element) continue;
    for (const NodeId id : needed_nodes(kernel, sweeps[s])) {
      const Op op = kernel.nodes[id].op;
      if (home[id] < 0 && !is_cheap(op) && !kernel::is_store(op)) home[id] = static_cast<int>(s);
    }
  }
  return home;
}

// Gives each value the first array of its width that is free by then.
int place_values(const Kernel& kernel, std::vector<KeptValue>& values) {
  struct Array {
    int word, words, busy_until;
  };
  std::vector<Array> arrays;
  int words = 0;
  for (const int width : {2, 1}) {  // wide ones first: all stay aligned
    for (KeptValue& value : values) {
      if (words_of(kernel.nodes[value.node].type) != width) continue;
      const auto free = std::ranges::find_if(arrays, [&](const Array& array) {
        return array.words == width && array.busy_until <= value.first;
      });
      if (free != arrays.end()) {
        free->busy_until = value.last;
        value.word = free->word;
        continue;
      }
      arrays.push_back({words, width, value.last});
      value.word = words;
      words += width;
    }
  }
  return words;
}

}  // namespace

const KeptValue* Keeping::find(NodeId node) const {
  const auto found = std::ranges::find(values, node, &KeptValue::node);
  return found == values.end() ? nullptr : &*found;
}

Keeping keeping_of(const Kernel& kernel, const std::vector<Sweep>& sweeps) {
  const std::vector<int> home = homes_of(kernel, sweeps);
  Keeping keeping;
  for (size_t s = 0; s < sweeps.size(); ++s) {
    if (sweeps[s].extent != Extent::element) continue;
    // Down from the sweep's own nodes to the first ones that an earlier sweep computes.
    std::vector<char> earlier(kernel.nodes.size(), 0);
    for (NodeId id = 0; id < kernel.nodes.size(); ++id) {
      earlier[id] = home[id] >= 0 && home[id] < static_cast<int>(s);
    }
    for (const NodeId id : needed_nodes(kernel, sweeps[s], {}, earlier)) {
      if (!earlier[id]) continue;
      const auto known = std::ranges::find(keeping.values, id, &KeptValue::node);
      if (known != keeping.values.end()) {
        known->last = static_cast<int>(s);
      } else {
        keeping.values.push_back({id, home[id], static_cast<int>(s), 0});
      }
    }
  }
  std::ranges::stable_sort(keeping.values, {}, &KeptValue::first);
  keeping.words = place_values(kernel, keeping.values);
  return keeping;
}

}  // namespace tandem::backends::cuda
