// Which stages of a kernel run as one pass over the domain, what each pass computes and which of
// its values it leaves for later passes.
#pragma once

#include <vector>

#include "tandem/backends/common/interpreter/program.h"

namespace tandem::backends::common::interpreter {

struct PassPlan {
  size_t begin = 0, end = 0;          // stages
  std::vector<kernel::NodeId> nodes;  // evaluated here or read from a kept row, in order
  std::vector<kernel::NodeId> keeps;  // of them, those whose rows later passes read
};

struct PassPlans {
  std::vector<PassPlan> passes;
  // By node: the kept row that holds it, or kNone; and the pass that fills it.
  static constexpr uint16_t kNone = 0xffff;
  std::vector<uint16_t> row, home;
  // By stage: the kept row of a Scan that a later pass reads.
  std::vector<uint16_t> scan_row;
  std::vector<kernel::Type> kept;  // types of the kept rows
};

PassPlans plan_passes(const kernel::Kernel& kernel, CrossPass values);

// Nanoseconds an element, roughly.
float cost_of(const kernel::Kernel& kernel, const kernel::Node& node);

}  // namespace tandem::backends::common::interpreter
