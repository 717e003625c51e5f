// What a launch carries: extents, buffers with strides, scalars. Plain data, valid during the call
// that submits it; a backend that runs later copies what it needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tandem::device {

// Compiled code, immutable and shared by plans; a backend derives its own.
class Executable {
 public:
  virtual ~Executable() = default;
};

struct BufferArgument {
  void* data = nullptr;              // address of the element at position 0 on every axis
  const int64_t* strides = nullptr;  // per extent, in elements; 0 for broadcast axes
  int64_t index_extent = 0;          // entries along the axis that load_at/store_at index
  int64_t index_stride = 0;          // and its stride in elements
  // The bytes this launch may touch through the buffer, for checkers: [range_begin, range_end).
  const std::byte* range_begin = nullptr;
  const std::byte* range_end = nullptr;
  bool written = false;
};

struct LaunchArguments {
  std::span<const int64_t> extents;  // parallel axes, then reduced axes
  std::span<const BufferArgument> buffers;
  std::span<const uint64_t> params;  // scalar bits, in the order of Kernel::params
  const char* label = "";            // names the launch in traces; lives as long as the plan
  uint32_t note = 0;                 // of a profile: goes into the event of the launch
};

}  // namespace tandem::device
