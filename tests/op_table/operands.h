// Operands that the tests of rows and leaves run on: special values first, then random ones.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "tandem/base/half.h"
#include "tandem/op_table/op.h"

namespace tandem::op_table {

inline const std::vector<float>& special_floats() {
  static const std::vector<float> kValues = [] {
    using Limits = std::numeric_limits<float>;
    std::vector<float> values;
    for (float x : {0.0f,
                    Limits::denorm_min(),
                    0x1p-140f,
                    Limits::min(),
                    0x1p-30f,
                    0.25f,
                    0.5f,
                    0.75f,
                    1.0f,
                    std::nextafter(1.0f, 2.0f),
                    1.5f,
                    2.0f,
                    2.5f,
                    3.0f,
                    7.5f,
                    88.8f,
                    100.0f,
                    104.5f,
                    1e5f,
                    0x1p23f,
                    0x1p24f,
                    0x1p31f,
                    0x1p63f,
                    Limits::max(),
                    Limits::infinity(),
                    Limits::quiet_NaN()}) {
      values.push_back(x);
      values.push_back(-x);
    }
    return values;
  }();
  return kValues;
}

inline std::vector<F32> float_operands(int random_count = 200) {
  std::vector<F32> result;
  for (float x : special_floats()) result.push_back({x});
  std::mt19937 engine(7);
  for (int i = 0; i < random_count; ++i) {
    result.push_back({std::bit_cast<float>(static_cast<uint32_t>(engine()))});
  }
  return result;
}
template <class Half>
std::vector<F32> half_operands() {
  std::vector<F32> result;
  for (F32 x : float_operands()) result.push_back({static_cast<float>(static_cast<Half>(x.v))});
  return result;
}
template <class I>
std::vector<Scalar<I>> integer_operands() {
  using Limits = std::numeric_limits<I>;
  std::vector<Scalar<I>> result;
  for (int i = -9; i <= 9; ++i) result.push_back({static_cast<I>(i)});
  for (I x : {Limits::min(), Limits::max()}) {
    for (int i = -2; i <= 2; ++i) {
      result.push_back(Scalar<I>{x} + Scalar<I>{static_cast<I>(i)});
    }
  }
  for (int i : {31, 32, 33, 63, 64, 65, 100, 1000}) result.push_back({static_cast<I>(i)});
  std::mt19937_64 engine(11);
  for (int i = 0; i < 40; ++i) result.push_back({static_cast<I>(engine())});
  return result;
}
inline std::vector<Complex<F32>> complex_operands() {
  std::vector<Complex<F32>> result;
  const auto parts = {0.0f, -0.0f, 1.0f, -2.5f, 1e30f, kInfinity, -kInfinity, std::nanf("")};
  for (float re : parts) {
    for (float im : parts) result.push_back({F32{re}, F32{im}});
  }
  return result;
}

// Calls f(text, operands) for each class a row has a text for.
template <class R, class F>
void for_each_class(F f) {
  if constexpr (kIsText<std::remove_const_t<decltype(R::real_text)>>) {
    f(R::real_text, float_operands());
  }
  if constexpr (kIsText<std::remove_const_t<decltype(R::integer_text)>>) {
    f(R::integer_text, integer_operands<int32_t>());
    f(R::integer_text, integer_operands<uint32_t>());
    f(R::integer_text, integer_operands<int64_t>());
    f(R::integer_text, integer_operands<uint64_t>());
  }
  if constexpr (kIsText<std::remove_const_t<decltype(R::boolean_text)>>) {
    f(R::boolean_text, std::vector<B1>{{false}, {true}});
  }
  if constexpr (kIsText<std::remove_const_t<decltype(R::complex_text)>>) {
    f(R::complex_text, complex_operands());
  }
}

}  // namespace tandem::op_table
