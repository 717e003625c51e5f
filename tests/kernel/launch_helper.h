// Runs small kernels on vectors: each buffer with its values and its stride per extent.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "tandem/kernel/reference/reference.h"

namespace tandem::kernel {

class TestLaunch {
 public:
  explicit TestLaunch(std::vector<int64_t> extents) : extents_(std::move(extents)) {}

  template <class T>
  TestLaunch& buffer(std::span<T> values, std::vector<int64_t> strides, int64_t index_extent = 0,
                     int64_t offset = 0, int64_t index_stride = 1) {
    strides_.push_back(std::move(strides));
    auto* begin = reinterpret_cast<std::byte*>(values.data());
    device::BufferArgument argument;
    argument.data = begin + offset * static_cast<int64_t>(sizeof(T));
    argument.index_extent = index_extent;
    argument.index_stride = index_stride;
    argument.range_begin = begin;
    argument.range_end = begin + values.size_bytes();
    buffers_.push_back(argument);
    return *this;
  }
  template <class T>
  TestLaunch& buffer(std::vector<T>& values, std::vector<int64_t> strides, int64_t index_extent = 0,
                     int64_t offset = 0, int64_t index_stride = 1) {
    return buffer(std::span<T>(values), std::move(strides), index_extent, offset, index_stride);
  }
  TestLaunch& param(uint64_t bits) {
    params_.push_back(bits);
    return *this;
  }

  device::LaunchArguments arguments(const Kernel& kernel) {
    for (size_t i = 0; i < buffers_.size(); ++i) {
      buffers_[i].strides = strides_[i].data();
      buffers_[i].written = kernel.buffers[i].written;
    }
    return {extents_, buffers_, params_};
  }
  void run(const Kernel& kernel) { run_reference(kernel, arguments(kernel)); }

 private:
  std::vector<int64_t> extents_;
  std::vector<std::vector<int64_t>> strides_;
  std::vector<device::BufferArgument> buffers_;
  std::vector<uint64_t> params_;
};

}  // namespace tandem::kernel
