// Shared by the tests of ops: elements as doubles, errors as text.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tandem/tandem.h"

namespace tandem {

// Elements in row-major order; of complex numbers the real part.
inline std::vector<double> doubles(const array& a) {
  const array dense = contiguous(a);
  const auto* data = static_cast<const std::byte*>(dense.data());
  std::vector<double> result;
  visit(a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < a.size(); ++i) {
      const T& value = reinterpret_cast<const T*>(data)[i];
      if constexpr (std::is_same_v<T, std::complex<float>>) {
        result.push_back(value.real());
      } else if constexpr (std::is_same_v<T, float16_t> || std::is_same_v<T, bfloat16_t>) {
        result.push_back(static_cast<float>(value));
      } else {
        result.push_back(static_cast<double>(value));
      }
    }
  });
  return result;
}

inline array from_doubles(const std::vector<double>& values, Dims shape, Dtype dtype) {
  const array wide(values.data(), shape, Dtype::float64);
  const array narrow = astype(wide, dtype);
  narrow.eval();
  return narrow;
}

inline array range(Dims shape, Dtype dtype = Dtype::float32) {
  return reshape(
      arange(Scalar(int64_t{0}), Scalar(element_count(shape)), Scalar(int64_t{1}), dtype), shape);
}

// The text of the E that `call` raises.
template <class E, class F>
std::string error_of(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another type: ") + error.what();
  }
  return "nothing was raised";
}

#define EXPECT_ERROR(Type, text, expression) \
  EXPECT_EQ(error_of<Type>([&] { (void)(expression); }), text)

}  // namespace tandem
