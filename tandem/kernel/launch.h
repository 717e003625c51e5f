// Arguments of one launch of an executable, and the interface that turns kernels into executables.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/dtype.h"
#include "tandem/device/launch.h"
#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// A call of a library routine (matmul, sort, fft...), entered by name, never recognised from a
// pattern. What varies at run time (extents, strides, scalars) comes with the launch.
//
//   "matmul"  buffers a [B.., M, K], b [B.., K, N], out [B.., M, N]; extents B.., M, N, K; the
//             strides of a buffer run over B.., M, N, K (0 where an axis does not apply)
//   "addmm"   buffers c, a, b, out as above (c over B.., M, N); params alpha, beta (f32 bits);
//             out = alpha * (a @ b) + beta * c with one rounding
//
// Every other call has the axes of each operand, one operand after the other: extents are those of
// the first buffer, then those of the second...; the strides of a buffer are 0 outside of its own
// axes. No extent is 0.
struct LibraryCall {
  std::string name;
  std::vector<Dtype> operands;           // inputs, then outputs
  uint8_t rank = 0;                      // number of extents
  std::vector<uint8_t> ranks = {};       // of the operands; empty for matrix products
  std::vector<int64_t> attributes = {};  // the structural ones of the op, as its name defines them
  bool operator==(const LibraryCall&) const = default;
};

// Builds executables for one kind of device. Thread-safe.
class Compiler {
 public:
  virtual ~Compiler() = default;

  virtual std::shared_ptr<device::Executable> compile(const Kernel& kernel) = 0;

  // The best implementation of the call that does not decline; raises DeviceError naming each
  // entry's reason when all do.
  virtual std::shared_ptr<device::Executable> library(const LibraryCall& call) = 0;
};

}  // namespace tandem::kernel
