#include "launch_case.h"

#include <algorithm>
#include <cstring>

#include "tandem/base/half.h"
#include "tandem/kernel/reference/reference.h"
#include "tandem/kernel/verify/verifier.h"

namespace tandem::backends::common {
namespace {

int64_t product(const std::vector<int64_t>& extents) {
  int64_t result = 1;
  for (const int64_t extent : extents) result *= extent;
  return result;
}

std::vector<int64_t> dense_strides(const std::vector<int64_t>& extents) {
  std::vector<int64_t> strides(extents.size(), 1);
  for (size_t i = extents.size(); i-- > 1;) strides[i - 1] = strides[i] * extents[i];
  return strides;
}

bool is_nan(Dtype dtype, const std::byte* element) {
  const auto float_at = [&](size_t byte) {
    float value;
    std::memcpy(&value, element + byte, sizeof value);
    return value != value;
  };
  uint16_t half;
  std::memcpy(&half, element, sizeof half);
  double wide;
  switch (dtype) {
    case Dtype::float16:
      return half_bits_to_float(half) != half_bits_to_float(half);
    case Dtype::bfloat16:
      return bfloat_bits_to_float(half) != bfloat_bits_to_float(half);
    case Dtype::float32:
      return float_at(0);
    case Dtype::float64:
      std::memcpy(&wide, element, sizeof wide);
      return wide != wide;
    default:
      return false;
  }
}

}  // namespace

std::string name_of(Layout layout) {
  constexpr const char* names[] = {"contiguous", "offset", "gaps",   "negative",
                                   "transposed", "row",    "column", "scalar"};
  return names[static_cast<size_t>(layout)];
}

void fill_random(std::mt19937_64& random, Dtype dtype, std::vector<std::byte>& memory) {
  const auto fill = [&](auto make) {
    using T = decltype(make());
    for (size_t i = 0; i + sizeof(T) <= memory.size(); i += sizeof(T)) {
      const T value = make();
      std::memcpy(memory.data() + i, &value, sizeof value);
    }
  };
  std::normal_distribution<float> normal(0, 4);
  const auto special = [&] { return random() % 4 == 0; };
  switch (dtype) {
    case Dtype::float32:
    case Dtype::complex64:
      return fill([&]() -> float {
        constexpr uint32_t kSpecial[] = {0, 0x80000000, 0x7fc00000, 0x7f800000, 0xff800000,
                                         1, 0x80000003, 0x007fffff, 0x7f7fffff, 0x4f000000};
        return special() ? std::bit_cast<float>(kSpecial[random() % std::size(kSpecial)])
                         : normal(random);
      });
    case Dtype::float64:
      return fill([&]() -> double {
        constexpr double kSpecial[] = {0.0, -0.0, 1e-310, 1e300, -1e300, 0x1p63};
        return special() ? kSpecial[random() % std::size(kSpecial)] : double{normal(random)};
      });
    case Dtype::float16:
      return fill([&]() -> uint16_t {
        return special() ? static_cast<uint16_t>(random()) : float_to_half_bits(normal(random));
      });
    case Dtype::bfloat16:
      return fill([&]() -> uint16_t {
        return special() ? static_cast<uint16_t>(random()) : float_to_bfloat_bits(normal(random));
      });
    default:
      for (std::byte& byte : memory) byte = static_cast<std::byte>(random());
  }
}

LaunchCase::LaunchCase(kernel::Kernel kernel, std::vector<int64_t> extents, uint64_t seed)
    : kernel_(std::move(kernel)), extents_(std::move(extents)), random_(seed) {
  kernel::check_kernel(kernel_);
}

LaunchCase& LaunchCase::add(Layout layout, bool per_row) {
  std::vector<int64_t> extents = extents_;
  if (per_row) std::fill(extents.begin() + kernel_.parallel_rank, extents.end(), 1);
  const size_t rank = extents.size();
  std::vector<int64_t> shape = extents;
  if (rank > 0) {
    if (layout == Layout::row) shape.front() = 1;
    if (layout == Layout::column) shape.back() = 1;
    if (layout == Layout::gaps) shape.back() *= 2;
    if (layout == Layout::scalar) std::fill(shape.begin(), shape.end(), 1);
  }
  CaseBuffer buffer;
  buffer.dtype = kernel_.buffers[buffers_.size()].dtype;
  if (layout == Layout::transposed) {
    std::reverse(shape.begin(), shape.end());
    buffer.strides = dense_strides(shape);
    std::reverse(buffer.strides.begin(), buffer.strides.end());
    std::reverse(shape.begin(), shape.end());
  } else {
    buffer.strides = dense_strides(shape);
  }
  for (size_t i = 0; i < rank; ++i) {
    if (layout == Layout::gaps && i + 1 == rank) buffer.strides[i] *= 2;
    if (shape[i] == 1) buffer.strides[i] = 0;
    if (layout == Layout::negative) {
      buffer.offset += std::max<int64_t>(extents[i] - 1, 0) * buffer.strides[i];
      buffer.strides[i] = -buffer.strides[i];
    }
  }
  if (layout == Layout::offset) buffer.offset = 3;
  const int64_t elements = product(shape) + (layout == Layout::offset ? 3 : 0);
  buffer.memory.resize(static_cast<size_t>(elements) * size_of(buffer.dtype));
  fill_random(random_, buffer.dtype, buffer.memory);
  buffers_.push_back(std::move(buffer));
  return *this;
}

LaunchCase& LaunchCase::add_indexed(std::vector<int64_t> strides, int64_t index_extent,
                                    int64_t index_stride, int64_t elements) {
  CaseBuffer buffer;
  buffer.dtype = kernel_.buffers[buffers_.size()].dtype;
  buffer.strides = std::move(strides);
  buffer.index_extent = index_extent;
  buffer.index_stride = index_stride;
  buffer.memory.resize(static_cast<size_t>(elements) * size_of(buffer.dtype));
  fill_random(random_, buffer.dtype, buffer.memory);
  buffers_.push_back(std::move(buffer));
  return *this;
}

LaunchCase& LaunchCase::param(uint64_t bits) {
  params_.push_back(bits);
  return *this;
}

device::LaunchArguments LaunchCase::arguments(std::vector<CaseBuffer>& buffers,
                                              std::vector<device::BufferArgument>& storage) const {
  storage.clear();
  for (size_t i = 0; i < buffers.size(); ++i) {
    CaseBuffer& buffer = buffers[i];
    device::BufferArgument argument;
    argument.data =
        buffer.memory.data() + buffer.offset * static_cast<int64_t>(size_of(buffer.dtype));
    argument.strides = buffer.strides.data();
    argument.index_extent = buffer.index_extent;
    argument.index_stride = buffer.index_stride;
    argument.range_begin = buffer.memory.data();
    argument.range_end = buffer.memory.data() + buffer.memory.size();
    argument.written = kernel_.buffers[i].written;
    storage.push_back(argument);
  }
  return {extents_, storage, params_};
}

std::vector<CaseBuffer> LaunchCase::run_interpreter() const {
  std::vector<CaseBuffer> buffers = buffers_;
  std::vector<device::BufferArgument> storage;
  const auto executable = compile_interpreted(kernel_);
  run_interpreted(*executable, arguments(buffers, storage));
  return buffers;
}

std::vector<CaseBuffer> LaunchCase::run_reference() const {
  std::vector<CaseBuffer> buffers = buffers_;
  std::vector<device::BufferArgument> storage;
  kernel::run_reference(kernel_, arguments(buffers, storage));
  return buffers;
}

::testing::AssertionResult LaunchCase::agrees() const {
  return same_bits(run_reference(), run_interpreter());
}

::testing::AssertionResult same_bits(const std::vector<CaseBuffer>& a,
                                     const std::vector<CaseBuffer>& b) {
  for (size_t k = 0; k < a.size(); ++k) {
    const Dtype dtype = a[k].dtype == Dtype::complex64 ? Dtype::float32 : a[k].dtype;
    const size_t size = size_of(dtype);
    if (a[k].memory == b[k].memory) continue;
    for (size_t i = 0; i + size <= a[k].memory.size(); i += size) {
      const std::byte* x = a[k].memory.data() + i;
      const std::byte* y = b[k].memory.data() + i;
      if (std::memcmp(x, y, size) == 0 || (is_nan(dtype, x) && is_nan(dtype, y))) continue;
      uint64_t expected = 0;
      uint64_t got = 0;
      std::memcpy(&expected, x, size);
      std::memcpy(&got, y, size);
      return ::testing::AssertionFailure()
             << "buffer " << k << " (" << tandem::name_of(a[k].dtype) << ") element " << i / size
             << ": expected bits " << std::hex << expected << ", got " << got;
    }
  }
  return ::testing::AssertionSuccess();
}

}  // namespace tandem::backends::common
