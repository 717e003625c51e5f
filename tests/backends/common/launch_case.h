// Launches of a kernel on the interpreter and on the scalar reference, with the same random memory.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/kernel/ir.h"

namespace tandem::backends::common {

enum class Layout {
  contiguous,
  offset,      // contiguous, three elements into its memory
  gaps,        // every second element along the inner axis
  negative,    // both directions turned round
  transposed,  // axes in the reverse order
  row,         // the same along the outer axis
  column,      // the same along the inner axis
  scalar,
};
inline constexpr Layout kLayouts[] = {Layout::contiguous, Layout::offset,     Layout::gaps,
                                      Layout::negative,   Layout::transposed, Layout::row,
                                      Layout::column,     Layout::scalar};
inline constexpr Layout kOutputLayouts[] = {Layout::contiguous, Layout::offset, Layout::gaps,
                                            Layout::negative, Layout::transposed};
std::string name_of(Layout layout);

struct CaseBuffer {
  Dtype dtype = Dtype::float32;
  std::vector<int64_t> strides;
  int64_t offset = 0;  // elements from the memory's begin to position 0
  std::vector<std::byte> memory;
  int64_t index_extent = 0, index_stride = 0;
};

class LaunchCase {
 public:
  LaunchCase(kernel::Kernel kernel, std::vector<int64_t> extents, uint64_t seed = 1);

  // Buffers in order; those of a row stage's stores have stride 0 on the reduced axes.
  LaunchCase& add(Layout layout, bool per_row = false);
  LaunchCase& add_indexed(std::vector<int64_t> strides, int64_t index_extent, int64_t index_stride,
                          int64_t elements);
  LaunchCase& param(uint64_t bits);

  std::vector<CaseBuffer> run_interpreter() const;
  std::vector<CaseBuffer> run_reference() const;
  // Interpreter and reference agree in every byte of memory, all NaNs being equal.
  ::testing::AssertionResult agrees() const;

  std::vector<CaseBuffer>& buffers() { return buffers_; }
  const kernel::Kernel& kernel() const { return kernel_; }

 private:
  device::LaunchArguments arguments(std::vector<CaseBuffer>& buffers,
                                    std::vector<device::BufferArgument>& storage) const;

  kernel::Kernel kernel_;
  std::vector<int64_t> extents_;
  std::vector<CaseBuffer> buffers_;
  std::vector<uint64_t> params_;
  std::mt19937_64 random_;
};

// Values of the dtype, one in four special (zeros, NaN, infinities, subnormals, ends of the range).
void fill_random(std::mt19937_64& random, Dtype dtype, std::vector<std::byte>& memory);

::testing::AssertionResult same_bits(const std::vector<CaseBuffer>& a,
                                     const std::vector<CaseBuffer>& b);

}  // namespace tandem::backends::common
