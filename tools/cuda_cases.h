// Kernels that the CUDA text is tried on: every row and cast on every dtype, every reduction and
// scan, kernels of several stages, random ones.
#pragma once

#include <string>
#include <vector>

#include "tandem/kernel/fuzz/case.h"
#include "tandem/op_table/row_info.h"

namespace tandem::tools {

struct CudaCase {
  std::string name;
  kernel::Kernel kernel;
};

// One element map of one row; empty nodes where the row refuses the dtype.
kernel::Kernel row_kernel(op_table::RowId row, Dtype dtype, kernel::Access access);

std::vector<CudaCase> row_cases();        // rows x dtypes
std::vector<CudaCase> cast_cases();       // each dtype to every dtype, by the first
std::vector<CudaCase> reduction_cases();  // reductions x types, scans
std::vector<CudaCase> composed_cases();   // softmax, norms, long chains, gathers, contraction
CudaCase random_case(uint64_t seed);

// out[row] = the reduction of the row.
kernel::Kernel reduction_kernel(Dtype dtype, kernel::Reduction reduction, bool is_unsigned,
                                kernel::Access access = kernel::Access::general);
kernel::Kernel softmax_kernel(Dtype dtype, kernel::Access access = kernel::Access::general);
kernel::Kernel chain_kernel(int length);  // of exp

}  // namespace tandem::tools
