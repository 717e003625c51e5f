#include "tandem/kernel/fold.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "tandem/kernel/builder.h"

namespace tandem::kernel {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

uint64_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t bits_of(double value) { return std::bit_cast<uint64_t>(value); }
uint64_t bits_of(int32_t value) { return static_cast<uint32_t>(value); }
uint64_t bits_of(int64_t value) { return static_cast<uint64_t>(value); }

template <class... Operands>
uint64_t apply(Op op, Type result, Type operand, Operands... operands) {
  const uint64_t in[] = {bits_of(operands)...};
  const ScalarFunction function = scalar_function(op, result, operand);
  EXPECT_NE(function, nullptr) << name_of(op);
  return function(in);
}

template <class... Operands>
int32_t i32(Op op, Operands... operands) {
  return static_cast<int32_t>(apply(op, Type::i32, Type::i32, static_cast<int32_t>(operands)...));
}
template <class... Operands>
int64_t i64(Op op, Operands... operands) {
  return static_cast<int64_t>(apply(op, Type::i64, Type::i64, static_cast<int64_t>(operands)...));
}
template <class... Operands>
float f32(Op op, Operands... operands) {
  return std::bit_cast<float>(
      static_cast<uint32_t>(apply(op, Type::f32, Type::f32, static_cast<float>(operands)...)));
}

TEST(Fold, division_of_integers_is_total) {
  EXPECT_EQ(i32(Op::idiv_s, INT32_MIN, -1), INT32_MIN);
  EXPECT_EQ(i32(Op::irem_s, INT32_MIN, -1), 0);
  EXPECT_EQ(i64(Op::idiv_s, INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(i64(Op::irem_s, INT64_MIN, -1), 0);
  for (const Op op : {Op::idiv_s, Op::idiv_u, Op::irem_s, Op::irem_u}) {
    EXPECT_EQ(i32(op, 7, 0), 0);
    EXPECT_EQ(i64(op, -7, 0), 0);
  }
  EXPECT_EQ(i32(Op::idiv_s, -7, 2), -3);
  EXPECT_EQ(i32(Op::irem_s, -7, 2), -1);
  EXPECT_EQ(i32(Op::idiv_u, -2, 2), INT32_MAX);
  EXPECT_EQ(i32(Op::irem_u, -1, 10), 5);
}

TEST(Fold, shifts_read_the_amount_as_unsigned_and_give_zero_or_the_sign_beyond_the_width) {
  for (const int amount : {32, 33, 64, -1, INT32_MIN}) {
    EXPECT_EQ(i32(Op::shl, -5, amount), 0);
    EXPECT_EQ(i32(Op::shr, -5, amount), 0);
    EXPECT_EQ(i32(Op::sar, -5, amount), -1);
    EXPECT_EQ(i32(Op::sar, 5, amount), 0);
  }
  EXPECT_EQ(i32(Op::shl, 1, 31), INT32_MIN);
  EXPECT_EQ(i32(Op::shr, -1, 31), 1);
  EXPECT_EQ(i64(Op::shl, 1, 32), int64_t{1} << 32);
  EXPECT_EQ(i64(Op::shr, -1, 64), 0);
  EXPECT_EQ(i64(Op::sar, INT64_MIN, 63), -1);
}

TEST(Fold, integers_wrap_and_are_signed_where_the_operation_says_so) {
  EXPECT_EQ(i32(Op::iadd, INT32_MAX, 1), INT32_MIN);
  EXPECT_EQ(i32(Op::isub, INT32_MIN, 1), INT32_MAX);
  EXPECT_EQ(i32(Op::imul, 65536, 65536), 0);
  EXPECT_EQ(i32(Op::imulhi_s, -1, -1), 0);
  EXPECT_EQ(i32(Op::imulhi_u, -1, -1), -2);
  EXPECT_EQ(i64(Op::imulhi_s, INT64_MIN, 2), -1);
  EXPECT_EQ(i64(Op::imulhi_u, INT64_MIN, 2), 1);
  EXPECT_EQ(i32(Op::imin_s, -1, 1), -1);
  EXPECT_EQ(i32(Op::imin_u, -1, 1), 1);
  EXPECT_EQ(i32(Op::imax_u, -1, 1), -1);
  EXPECT_EQ(apply(Op::ilt_u, Type::b1, Type::i32, -1, 1), 0u);
  EXPECT_EQ(apply(Op::ilt_s, Type::b1, Type::i32, -1, 1), 1u);
  EXPECT_EQ(apply(Op::ile_u, Type::b1, Type::i64, int64_t{-1}, int64_t{-1}), 1u);
}

TEST(Fold, conversions_saturate_truncate_and_extend) {
  const auto ftoi = [](Op op, Type to, float x) { return apply(op, to, Type::f32, x); };
  EXPECT_EQ(ftoi(Op::ftoi_s, Type::i32, 2147483648.0f), bits_of(INT32_MAX));
  EXPECT_EQ(ftoi(Op::ftoi_s, Type::i32, -kInf), bits_of(INT32_MIN));
  EXPECT_EQ(ftoi(Op::ftoi_s, Type::i32, kNan), 0u);
  EXPECT_EQ(ftoi(Op::ftoi_s, Type::i32, -2.9f), bits_of(-2));
  EXPECT_EQ(ftoi(Op::ftoi_u, Type::i32, 4294967040.0f), 0xffffff00u);
  EXPECT_EQ(ftoi(Op::ftoi_u, Type::i32, kInf), 0xffffffffu);
  EXPECT_EQ(ftoi(Op::ftoi_u, Type::i32, -1.0f), 0u);
  EXPECT_EQ(ftoi(Op::ftoi_s, Type::i64, 0x1p63f), bits_of(INT64_MAX));
  EXPECT_EQ(ftoi(Op::ftoi_u, Type::i64, 0x1p64f), ~uint64_t{0});
  EXPECT_EQ(apply(Op::itof_u, Type::f32, Type::i32, -1), bits_of(0x1p32f));
  EXPECT_EQ(apply(Op::itof_s, Type::f32, Type::i32, 16777217), bits_of(16777216.0f));
  EXPECT_EQ(apply(Op::itof_u, Type::f64, Type::i64, int64_t{-1}), bits_of(0x1p64));
  EXPECT_EQ(apply(Op::extend_s, Type::i64, Type::i32, -1), ~uint64_t{0});
  EXPECT_EQ(apply(Op::extend_u, Type::i64, Type::i32, -1), 0xffffffffu);
  EXPECT_EQ(apply(Op::narrow, Type::i32, Type::i64, int64_t{-2}), bits_of(-2));
  EXPECT_EQ(apply(Op::f64_to_f32, Type::f32, Type::f64, 0x1p-150), bits_of(0.0f));
  EXPECT_EQ(apply(Op::f64_to_f32, Type::f32, Type::f64, 0x1.8p-149), bits_of(0x1p-148f));
  EXPECT_EQ(i32(Op::wrap_s8, 128), -128);
  EXPECT_EQ(i32(Op::wrap_u8, -1), 255);
  EXPECT_EQ(i32(Op::wrap_s16, 0x18000), -32768);
  EXPECT_EQ(i32(Op::wrap_u16, -1), 65535);
}

TEST(Fold, extremes_of_floats_keep_nan_and_give_the_second_of_equals) {
  EXPECT_TRUE(std::isnan(f32(Op::max, kNan, 1)));
  EXPECT_TRUE(std::isnan(f32(Op::max, 1, kNan)));
  EXPECT_TRUE(std::isnan(f32(Op::min, kInf, kNan)));
  EXPECT_TRUE(std::signbit(f32(Op::max, 0.0f, -0.0f)));
  EXPECT_FALSE(std::signbit(f32(Op::max, -0.0f, 0.0f)));
  EXPECT_TRUE(std::signbit(f32(Op::min, 0.0f, -0.0f)));
  EXPECT_FALSE(std::signbit(f32(Op::min, -0.0f, 0.0f)));
}

TEST(Fold, floats_round_once) {
  const auto ldexp = [](float x, int32_t n) {
    const uint64_t in[] = {bits_of(x), bits_of(n)};
    const auto function = scalar_function(Op::ldexp, Type::f32, Type::i32);
    return std::bit_cast<float>(static_cast<uint32_t>(function(in)));
  };
  EXPECT_EQ(ldexp(0x1.8p0f, -149), 0x1p-148f);
  EXPECT_EQ(ldexp(0x1.000002p0f, -150), 0x1p-149f);
  EXPECT_EQ(ldexp(1, INT32_MIN), 0.0f);
  EXPECT_EQ(ldexp(-1, INT32_MAX), -kInf);
  EXPECT_EQ(ldexp(0x1p-149f, 276), 0x1p127f);
  const float x = 1 + 0x1p-12f;
  EXPECT_EQ(f32(Op::fma, x, x, -(1 + 0x1p-11f)), 0x1p-24f);
  EXPECT_EQ(f32(Op::rint, 2.5f), 2);
  EXPECT_EQ(f32(Op::rint, 3.5f), 4);
  EXPECT_TRUE(std::signbit(f32(Op::rint, -0.5f)));
  EXPECT_EQ(f32(Op::round_f16, 65519.0f), 65504.0f);
  EXPECT_EQ(f32(Op::round_f16, 65520.0f), kInf);
  EXPECT_EQ(f32(Op::round_f16, 0x1p-25f), 0.0f);
  EXPECT_EQ(f32(Op::round_bf16, 0x1.01p0f), 1.0f);
  EXPECT_EQ(f32(Op::round_bf16, 0x1p-133f), 0x1p-133f) << "subnormals are kept";
}

TEST(Fold, signs_are_bit_operations) {
  EXPECT_EQ(apply(Op::neg, Type::f32, Type::f32, 0.0f), 0x80000000u);
  EXPECT_EQ(apply(Op::neg, Type::f32, Type::f32, kNan), bits_of(kNan) ^ 0x80000000u);
  EXPECT_EQ(apply(Op::abs, Type::f64, Type::f64, -0.0), 0u);
  EXPECT_EQ(f32(Op::copysign, 3, -0.0f), -3);
}

TEST(Fold, unordered_is_true_on_nan_and_the_other_comparisons_false) {
  for (const Op op : {Op::lt, Op::le, Op::eq}) {
    EXPECT_EQ(apply(op, Type::b1, Type::f32, kNan, kNan), 0u);
    EXPECT_EQ(apply(op, Type::b1, Type::f32, 1.0f, kNan), 0u);
  }
  EXPECT_EQ(apply(Op::unord, Type::b1, Type::f32, 1.0f, kNan), 1u);
  EXPECT_EQ(apply(Op::unord, Type::b1, Type::f32, 1.0f, kInf), 0u);
  EXPECT_EQ(apply(Op::eq, Type::b1, Type::f32, 0.0f, -0.0f), 1u);
}

TEST(Fold, sources_and_memory_have_no_function) {
  Builder b(1);
  const NodeId x = b.load(b.input(Dtype::float32));
  const Kernel& kernel = b.kernel();
  EXPECT_EQ(function_of(kernel, kernel.nodes[x]), nullptr);
  EXPECT_EQ(fold(kernel, kernel.nodes[x], {}), std::nullopt);
  EXPECT_EQ(scalar_function(Op::add, Type::i32, Type::i32), nullptr);
  EXPECT_EQ(scalar_function(Op::iadd, Type::f32, Type::f32), nullptr);
}

TEST(Fold, identities_of_reductions) {
  EXPECT_EQ(identity_bits(Reduction::sum, Type::f32, false), bits_of(0.0f));
  EXPECT_EQ(identity_bits(Reduction::prod, Type::i64, false), 1u);
  EXPECT_EQ(identity_bits(Reduction::prod, Type::f64, false), bits_of(1.0));
  EXPECT_EQ(identity_bits(Reduction::min, Type::f32, false), bits_of(kInf));
  EXPECT_EQ(identity_bits(Reduction::max, Type::f32, false), bits_of(-kInf));
  EXPECT_EQ(identity_bits(Reduction::min, Type::i32, true), 0xffffffffu);
  EXPECT_EQ(identity_bits(Reduction::max, Type::i64, false), bits_of(INT64_MIN));
  EXPECT_EQ(identity_bits(Reduction::max, Type::i64, true), 0u);
  EXPECT_EQ(identity_bits(Reduction::all, Type::b1, false), 1u);
  EXPECT_EQ(identity_bits(Reduction::any, Type::b1, false), 0u);
}

}  // namespace
}  // namespace tandem::kernel
