// + - * / of float16 on every instruction set against the exact result rounded once: a sample of the
// left operands with every right operand, or all 2^32 pairs of each (TEST_HALF_PAIRS=all).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/base/settings.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/defects.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/op_table/op.h"

namespace tandem::backends::common {
namespace {

using op_table::RowId;

constexpr int64_t kHalves = 65536;
constexpr size_t kSlab = 16;  // left operands of a launch
constexpr RowId kRows[] = {RowId::add, RowId::subtract, RowId::multiply, RowId::divide};

double value_of(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  double magnitude = std::ldexp(fraction, -24);
  if (exponent > 0) magnitude = std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) magnitude = fraction == 0 ? INFINITY : NAN;
  return std::copysign(magnitude, half >> 15 != 0 ? -1.0 : 1.0);
}

// The nearest float16, ties to even. A double holds sums, differences and products of two of them
// exactly, and is close enough to a quotient that rounding it again changes nothing.
uint16_t nearest_half(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 48 & 0x8000);
  const uint64_t magnitude = bits & ~(uint64_t{1} << 63);
  const double size = std::bit_cast<double>(magnitude);
  if (size != size) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 0x1p-14) return static_cast<uint16_t>(sign + std::lrint(size * 0x1p24));
  const uint64_t rounded = magnitude + (uint64_t{1} << 41) - 1 + (magnitude >> 42 & 1);
  return static_cast<uint16_t>(sign + (rounded >> 42) - ((1023 - 15) << 10));
}

double exact(RowId row, double x, double y) {
  switch (row) {
    case RowId::add:
      return x + y;
    case RowId::subtract:
      return x - y;
    case RowId::multiply:
      return x * y;
    default:
      return x / y;
  }
}

std::shared_ptr<device::Executable> kernel_of(RowId row) {
  kernel::Builder b(2);
  const std::array<Dtype, 2> dtypes = {Dtype::float16, Dtype::float16};
  std::array<kernel::EmittedValue, 2> inputs;
  for (auto& input : inputs) input = kernel::emit_load(b, b.input(Dtype::float16), Dtype::float16);
  const uint16_t out = b.output(Dtype::float16);
  const auto signature = op_table::infer(row, dtypes);
  kernel::emit_store(b, out, kernel::emit_row(b, row, inputs, signature));
  return compile_interpreted(b.finish());
}

bool is_nan(uint16_t half) { return (half & 0x7fff) > 0x7c00; }

class HalfPairs : public testing::TestWithParam<RowId> {
 protected:
  HalfPairs() {
    for (int64_t i = 0; i < kHalves; ++i) {
      halves_.push_back(static_cast<uint16_t>(i));
      values_.push_back(value_of(halves_.back()));
    }
  }

  // Every pair with one of these left operands.
  testing::AssertionResult agree(RowId row, std::span<const uint16_t> lefts) const {
    std::vector<uint16_t> expected;
    for (const uint16_t left : lefts) {
      for (const double y : values_) expected.push_back(nearest_half(exact(row, values_[left], y)));
    }
    std::vector<uint16_t> got(expected.size());
    for (const char* isa : {"scalar", "avx2", "avx512"}) {
      const ScopedSetting chosen("isa", isa);
      std::fill(got.begin(), got.end(), uint16_t{0x5555});
      run(row, lefts, got);
      if (std::memcmp(got.data(), expected.data(), 2 * got.size()) == 0) continue;
      for (size_t i = 0; i < got.size(); ++i) {
        if (got[i] == expected[i] || (is_nan(got[i]) && is_nan(expected[i]))) continue;
        return testing::AssertionFailure()
               << isa << ": " << op_table::row(row).name << " of " << lefts[i / kHalves] << " and "
               << i % kHalves << " (bits) gives " << got[i] << ", expected " << expected[i];
      }
    }
    return testing::AssertionSuccess();
  }

 private:
  void run(RowId row, std::span<const uint16_t> lefts, std::vector<uint16_t>& got) const {
    const std::array<int64_t, 2> extents = {static_cast<int64_t>(lefts.size()), kHalves};
    const std::array<int64_t, 2> left = {1, 0}, right = {0, 1}, out = {kHalves, 1};
    std::array<device::BufferArgument, 3> buffers;
    buffers[0].data = const_cast<uint16_t*>(lefts.data());
    buffers[0].strides = left.data();
    buffers[1].data = const_cast<uint16_t*>(halves_.data());
    buffers[1].strides = right.data();
    buffers[2].data = got.data();
    buffers[2].strides = out.data();
    buffers[2].written = true;
    run_interpreted(*kernel_of(row), {extents, buffers, {}});
  }

  std::vector<uint16_t> halves_;
  std::vector<double> values_;
};

TEST_P(HalfPairs, round_the_exact_result_once) {
  const char* const wanted = std::getenv("TEST_HALF_PAIRS");
  const bool all = wanted && std::string_view(wanted) == "all";
  // Zero, the least and largest subnormal and normal numbers, one and its neighbours, infinity, NaN.
  std::vector<uint16_t> lefts = {0,      1,      2,      0x3ff,  0x400,  0x401,
                                 0x3bff, 0x3c00, 0x3c01, 0x7bff, 0x7c00, 0x7e01};
  for (size_t i = 12; i-- > 0;) lefts.push_back(lefts[i] | 0x8000);
  for (uint32_t i = 0; i < kHalves; i += 4099) lefts.push_back(static_cast<uint16_t>(i));
  if (all) {
    lefts.resize(kHalves);
    for (size_t i = 0; i < lefts.size(); ++i) lefts[i] = static_cast<uint16_t>(i);
  }
  for (size_t i = 0; i < lefts.size(); i += kSlab) {
    const size_t count = std::min(kSlab, lefts.size() - i);
    ASSERT_TRUE(agree(GetParam(), std::span(lefts).subspan(i, count)));
  }
}

TEST_P(HalfPairs, notice_a_wrong_rounding) {
  kernel::plant(kernel::Defect::round_f16_truncates);
  const std::array<uint16_t, 1> left = {0x3c01};
  const auto outcome = agree(GetParam(), left);
  kernel::plant(kernel::Defect::none);
  EXPECT_FALSE(outcome);
}

INSTANTIATE_TEST_SUITE_P(Rows, HalfPairs, testing::ValuesIn(kRows), [](const auto& row) {
  return std::string(op_table::row(row.param).name);
});

}  // namespace
}  // namespace tandem::backends::common
