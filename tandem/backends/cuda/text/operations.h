// IR operations as CUDA expressions. b1 is bool, i32 and i64 are u32 and u64, so that arithmetic
// wraps; f32 and f64 are float and double.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "tandem/kernel/ir.h"

namespace tandem::backends::cuda {

std::string_view cuda_type(kernel::Type type);
std::string constant_text(kernel::Type type, uint64_t bits);

// The names of the helper functions that a text uses; their definitions are printed once.
class Helpers {
 public:
  // The name, noted as used.
  std::string_view use(std::string_view name);
  // Definitions of the used ones, in an order in which they compile.
  std::string definitions() const;

 private:
  std::set<std::string_view> used_;
};

// A pure operation (not a source, memory access or call) on operands that are variables or constants.
std::string operation_text(Helpers& helpers, kernel::Op op, kernel::Type result,
                           kernel::Type operand, std::span<const std::string> in);

// min or max of x and a bound that is not NaN: one comparison.
std::string bounded_text(kernel::Op op, const std::string& x, const std::string& bound);

// A stored element as a value of its compute type, and a value as what is stored; `place` is an
// lvalue of storage_type.
std::string_view storage_type(Dtype dtype);
std::string loaded_text(Helpers& helpers, Dtype dtype, const std::string& place);
std::string stored_text(Helpers& helpers, Dtype dtype, const std::string& value);

}  // namespace tandem::backends::cuda
