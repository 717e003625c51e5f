// One entry of the ordered list of matrix products: what it can do and how it is run.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tandem/backends/common/gemm/problem.h"

namespace tandem::backends::common {

struct Implementation {
  std::string_view name;
  // Why it cannot serve a dtype at all; empty when it can.
  std::string (*declines_dtype)(Dtype dtype, bool scaled);
  // Why it leaves this problem to a later entry; empty when it takes it. Never depends on the
  // number of threads.
  std::string_view (*declines)(const Problem& problem);
  void (*run)(const Problem& problem);
};

extern const Implementation kStreamImplementation;     // few rows or columns: bound by memory
extern const Implementation kOneDnnImplementation;     // float32 and bfloat16
extern const Implementation kBlockedImplementation;    // every dtype and every stride
extern const Implementation kReferenceImplementation;  // plain loops

// All of them, best first.
std::span<const Implementation* const> implementations();

}  // namespace tandem::backends::common
