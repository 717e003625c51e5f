// Shared by the tests of the engine: values out of arrays, comparison by bits, a latch inside a
// work.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tandem/engine/engine.h"
#include "tandem/tandem.h"

namespace tandem {

inline constexpr Device kCpu{DeviceType::cpu, 0};
inline constexpr Device kGpu{DeviceType::gpu, 0};

// The elements in row-major order.
template <class T>
std::vector<T> values(const array& a) {
  const array dense = contiguous(a);
  const T* data = dense.data<T>();
  return std::vector<T>(data, data + dense.size());
}

inline std::vector<std::byte> bytes(const array& a) {
  const array dense = contiguous(a);
  const auto* data = static_cast<const std::byte*>(dense.data());
  return {data, data + dense.nbytes()};
}

inline array ramp(Dims shape, double from = 0.0, double step = 1.0) {
  const int64_t count = element_count(shape);
  std::vector<float> data(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    data[static_cast<size_t>(i)] = static_cast<float>(from + step * static_cast<double>(i));
  }
  return array::from_bytes(data.data(), shape, Dtype::float32);
}

inline array ramp(std::initializer_list<int64_t> shape, double from = 0.0, double step = 1.0) {
  return ramp(Dims(shape.begin(), shape.size()), from, step);
}

// What the counters gained since construction.
class Gain {
 public:
  Gain() : before_(inspect::counters()) {}
  uint64_t plans_built() const { return inspect::counters().plans_built - before_.plans_built; }
  uint64_t kernels_built() const {
    return inspect::counters().kernels_built - before_.kernels_built;
  }
  uint64_t kernels_launched() const {
    return inspect::counters().kernels_launched - before_.kernels_launched;
  }
  uint64_t nodes_run() const { return inspect::counters().nodes_run - before_.nodes_run; }
  uint64_t rebinds() const { return inspect::counters().rebinds - before_.rebinds; }
  uint64_t donations() const { return inspect::counters().donations - before_.donations; }
  uint64_t transfers() const { return inspect::counters().transfers - before_.transfers; }

 private:
  inspect::Counters before_;
};

}  // namespace tandem
