// Small kernels for the tests of the CUDA text.
#pragma once

#include <vector>

#include "tandem/device/launch.h"
#include "tandem/kernel/builder.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::backends::cuda {

inline kernel::NodeId call_exp(kernel::Builder& b, kernel::NodeId x) {
  return b.call(static_cast<uint16_t>(op_table::LeafId::exp), kernel::Type::f32, std::span(&x, 1));
}

// exp, `length` times one after the other.
inline kernel::Kernel exp_chain(int length) {
  kernel::Builder b(1);
  kernel::NodeId x = b.load(b.input(Dtype::float32, kernel::Access::contiguous));
  for (int i = 0; i < length; ++i) x = call_exp(b, x);
  b.store(b.output(Dtype::float32, kernel::Access::contiguous), x);
  return b.finish();
}

inline kernel::Kernel row_sum(kernel::Access access = kernel::Access::general) {
  kernel::Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32, access);
  const uint16_t out = b.output(Dtype::float32, access);
  const uint16_t stage = b.reduce(kernel::Reduction::sum, b.load(in));
  b.begin_map(kernel::Extent::row);
  b.store(out, b.stage_result(stage));
  return b.finish();
}

// x - max(x), by rows.
inline kernel::Kernel shifted_rows() {
  kernel::Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const kernel::NodeId x = b.load(in);
  const uint16_t stage = b.reduce(kernel::Reduction::max, x);
  b.store(out, b.binary(kernel::Op::sub, x, b.stage_result(stage)));
  return b.finish();
}

inline kernel::Kernel row_scan() {
  kernel::Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const uint16_t stage = b.scan(kernel::Reduction::sum, b.load(in));
  b.store(out, b.stage_result(stage));
  return b.finish();
}

// The arguments of a launch; `strides` by buffer. Addresses are made up.
class Shape {
 public:
  Shape(const kernel::Kernel& kernel, std::vector<int64_t> extents,
        std::vector<std::vector<int64_t>> strides)
      : extents_(std::move(extents)), strides_(std::move(strides)), params_(kernel.params.size()) {
    for (size_t b = 0; b < strides_.size(); ++b) {
      device::BufferArgument buffer;
      buffer.data = reinterpret_cast<void*>(0x1000 * (b + 1));
      buffer.strides = strides_[b].data();
      buffer.written = kernel.buffers[b].written;
      buffers_.push_back(buffer);
    }
  }
  Shape(const Shape&) = delete;
  device::LaunchArguments arguments() const { return {extents_, buffers_, params_}; }

 private:
  std::vector<int64_t> extents_;
  std::vector<std::vector<int64_t>> strides_;
  std::vector<device::BufferArgument> buffers_;
  std::vector<uint64_t> params_;
};

}  // namespace tandem::backends::cuda
