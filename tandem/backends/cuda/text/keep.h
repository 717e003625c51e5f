// Which values of a row stay in shared memory between its sweeps, and where.
#pragma once

#include <vector>

#include "tandem/backends/cuda/text/schedule.h"

namespace tandem::backends::cuda {

struct KeptValue {
  kernel::NodeId node = 0;
  int first = 0, last = 0;  // the sweep that computes it, the last one that reads it
  int word = 0;             // its array begins after this many 4-byte words per element
};

struct Keeping {
  std::vector<KeptValue> values;
  int words = 0;  // 4-byte words per element of the row, in all
  const KeptValue* find(kernel::NodeId node) const;
};

// Values that later element sweeps of the kernel, a share_nodes result, take from earlier ones.
// Arrays whose values are no longer read are used again.
Keeping keeping_of(const kernel::Kernel& kernel, const std::vector<Sweep>& sweeps);

}  // namespace tandem::backends::cuda
