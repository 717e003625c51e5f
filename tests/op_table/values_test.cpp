// Values of every row against row_references.h: floats inside the row's ULP bound on its domain and
// on special values, integers of all widths exactly, complex numbers closely, bools exhaustively.
#include <gtest/gtest.h>

#include <random>

#include "tandem/op_table/op.h"
#include "tests/op_table/operands.h"
#include "tests/op_table/row_references.h"
#include "tools/ulp_error.h"

namespace tandem::op_table {
namespace {

TEST(Values, EveryRowHasAReference) {
  for_each_row([](auto r) {
    const RowReference* reference = find_reference(r.id);
    ASSERT_NE(reference, nullptr) << r.info.name;
    const auto expect = [&](ComputeClass c, bool present) {
      EXPECT_EQ(r.info.rule(c) == ClassRule::present, present) << r.info.name;
    };
    expect(ComputeClass::real, reference->real != nullptr);
    expect(ComputeClass::integer, reference->integer != nullptr);
    expect(ComputeClass::complex, reference->complex != nullptr);
  });
  EXPECT_EQ(static_cast<int>(row_references().size()), kRowCount);
}

// The text of row R on x, y, z, as many as it takes; the first operand of three becomes a mask.
template <class R, class Text, class V>
auto apply(Text text, V x, V y, V z) {
  if constexpr (R::arity == 1) return text(x);
  if constexpr (R::arity == 2) return text(x, y);
  if constexpr (R::arity == 3) return text(is_true(x), y, z);
}
template <class T>
T number(Scalar<T> value) {
  return value.v;
}

template <class R, class T>
void check_real(T x, T y, T z, double bound) {
  const auto value = apply<R>(R::real_text, Scalar<T>{x}, Scalar<T>{y}, Scalar<T>{z});
  const Real exact = find_reference(R::id)->real(x, y, z);
  const double error = ulp_error(static_cast<T>(number(value)), exact);
  EXPECT_LE(error, bound) << R::info.name << "(" << x << ", " << y << ", " << z
                          << ") = " << number(value) << ", expected " << exact;
}

template <class R, class T>
void check_on_domain(double bound) {
  std::mt19937_64 engine(3);
  const auto draw = [&](int operand) {
    const Interval range = R::info.domain.operand[static_cast<size_t>(operand)];
    const double x = std::uniform_real_distribution<double>(range.low, range.high)(engine);
    return static_cast<T>(R::info.first_is_mask && operand == 0 ? std::round(x) : x);
  };
  for (int i = 0; i < 2000; ++i) check_real<R, T>(draw(0), draw(1), draw(2), bound);
}

TEST(Values, RealRowsStayInsideTheirBoundOnTheDomain) {
  for_each_row([](auto r) {
    using R = decltype(r);
    if constexpr (R::info.rule(ComputeClass::real) == ClassRule::present) {
      check_on_domain<R, float>(r.info.ulp.f32);
      // The references of these are no more exact than double; leaf_test.cpp measures pow.
      if constexpr (R::id != RowId::floor_divide && R::id != RowId::power) {
        check_on_domain<R, double>(r.info.ulp.f64);
      }
    }
  });
}

TEST(Values, RealRowsStayInsideTheirBoundOnSpecialValues) {
  for_each_row([](auto r) {
    using R = decltype(r);
    if constexpr (R::info.rule(ComputeClass::real) == ClassRule::present) {
      if (!find_reference(R::id)->bound_everywhere) return;
      for (F32 x : float_operands()) {
        if constexpr (R::arity == 1) {
          check_real<R, float>(x.v, 0, 0, r.info.ulp.f32);
        } else {
          for (F32 y : float_operands()) check_real<R, float>(x.v, y.v, -y.v, r.info.ulp.f32);
        }
      }
    }
  });
}

TEST(Values, StatedValues) {
  for_each_row([](auto r) {
    using R = decltype(r);
    if constexpr (R::info.rule(ComputeClass::real) == ClassRule::present) {
      for (const Stated& stated : find_reference(R::id)->stated) {
        std::array<F32, 3> in{};
        ASSERT_EQ(static_cast<int>(stated.operands.size()), R::arity);
        for (size_t i = 0; i < stated.operands.size(); ++i) in[i] = {stated.operands[i]};
        const auto value = static_cast<float>(number(apply<R>(R::real_text, in[0], in[1], in[2])));
        EXPECT_LE(ulp_error(value, static_cast<double>(stated.result)), r.info.ulp.f32)
            << r.info.name << "(" << stated.operands[0] << ", ...) = " << value;
      }
    }
  });
}

// Small integers live in 32 bits and are wrapped after the row, as the kernels do it.
template <class R, class Small>
void check_integers() {
  using Wide = std::conditional_t<sizeof(Small) == 8, Small,
                                  std::conditional_t<std::is_signed_v<Small>, int32_t, uint32_t>>;
  for (Scalar<Small> x : integer_operands<Small>()) {
    for (Scalar<Small> y : integer_operands<Small>()) {
      const Small z = static_cast<Small>(static_cast<uint64_t>(x.v) - 3);
      const auto value = apply<R>(R::integer_text, Scalar<Wide>{x.v}, Scalar<Wide>{y.v},
                                  Scalar<Wide>{static_cast<Wide>(z)});
      const auto expected = static_cast<Small>(find_reference(R::id)->integer(x.v, y.v, z));
      EXPECT_EQ(static_cast<Small>(number(value)), expected)
          << R::info.name << "(" << +x.v << ", " << +y.v << ") of " << sizeof(Small) << " bytes";
      if (R::arity == 1) break;
    }
  }
}

TEST(Values, IntegerRowsAreExactInEveryWidth) {
  for_each_row([](auto r) {
    using R = decltype(r);
    if constexpr (R::info.rule(ComputeClass::integer) == ClassRule::present) {
      check_integers<R, int8_t>();
      check_integers<R, uint8_t>();
      check_integers<R, int16_t>();
      check_integers<R, uint16_t>();
      check_integers<R, int32_t>();
      check_integers<R, uint32_t>();
      check_integers<R, int64_t>();
      check_integers<R, uint64_t>();
    }
  });
}

template <class R, class T>
Scalar<T> integer_value(T x, T y) {
  return R::integer_text(Scalar<T>{x}, Scalar<T>{y});
}

TEST(Values, IntegerCorners) {
  constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
  using Divide = Row<RowId::floor_divide>;
  using Rest = Row<RowId::remainder>;
  using Power = Row<RowId::power>;
  EXPECT_EQ((integer_value<Divide>(kMin, -1).v), kMin);
  EXPECT_EQ((integer_value<Divide>(7, 0).v), 0);
  EXPECT_EQ((integer_value<Divide>(-7, 0).v), 0);
  EXPECT_EQ((integer_value<Divide>(-7, 2).v), -4);
  EXPECT_EQ((integer_value<Rest>(kMin, -1).v), 0);
  EXPECT_EQ((integer_value<Rest>(-7, 0).v), 0);
  EXPECT_EQ((integer_value<Rest>(-7, 2).v), 1);
  EXPECT_EQ((integer_value<Rest>(7, -2).v), -1);
  EXPECT_EQ((integer_value<Power>(2, -1).v), 0);
  EXPECT_EQ((integer_value<Power>(-1, -3).v), 0);
  EXPECT_EQ((integer_value<Power>(0, 0).v), 1);
  EXPECT_EQ((integer_value<Power>(3u, 41u).v), 0x7b5fb863u);
  EXPECT_EQ((integer_value<Row<RowId::left_shift>>(1, 32).v), 0);
  EXPECT_EQ((integer_value<Row<RowId::left_shift>>(1, -1).v), 0);
  EXPECT_EQ((integer_value<Row<RowId::right_shift>>(-8, 40).v), -1);
  EXPECT_EQ((integer_value<Row<RowId::right_shift>>(0xf0000000u, 28u).v), 15u);
  EXPECT_EQ((Row<RowId::abs>::integer_text(I32{kMin}).v), kMin);
}

TEST(Values, BooleanRowsAgreeWithTheIntegers) {
  for_each_row([](auto r) {
    using R = decltype(r);
    if constexpr (R::info.rule(ComputeClass::boolean) == ClassRule::present) {
      const auto integer = find_reference(R::id)->integer;
      ASSERT_NE(integer, nullptr) << r.info.name;
      for (int i = 0; i < 8; ++i) {
        const bool x = i & 1, y = i & 2, z = i & 4;
        bool value;
        if constexpr (R::arity == 1) value = R::boolean_text(B1{x}).v;
        if constexpr (R::arity == 2) value = R::boolean_text(B1{x}, B1{y}).v;
        if constexpr (R::arity == 3) value = R::boolean_text(B1{x}, B1{y}, B1{z}).v;
        // ~0 is -1, but not True.
        const bool expected = R::id == RowId::bitwise_invert ? !x : integer(x, y, z) != 0;
        EXPECT_EQ(value, expected) << r.info.name << x << y << z;
      }
    }
  });
}

Cplx complex_number(Complex<F32> value) { return {value.re.v, value.im.v}; }
Cplx complex_number(F32 value) { return value.v; }
Cplx complex_number(B1 value) { return value.v ? 1.0 : 0.0; }

template <class R>
void check_complex(Cplx x, Cplx y, Cplx z) {
  const auto single = [](Cplx value) {
    return Complex<F32>{{static_cast<float>(value.real())}, {static_cast<float>(value.imag())}};
  };
  Cplx value;
  if constexpr (R::arity == 1) value = complex_number(R::complex_text(single(x)));
  if constexpr (R::arity == 2) value = complex_number(R::complex_text(single(x), single(y)));
  if constexpr (R::arity == 3) {
    value = complex_number(R::complex_text(B1{x != 0.0}, single(y), single(z)));
  }
  const Cplx expected = find_reference(R::id)->complex(x, y, z);
  EXPECT_LE(std::abs(value - expected), 4e-6 * (0.1 + std::abs(expected)))
      << R::info.name << "(" << x << ", " << y << ") = " << value << ", expected " << expected;
}

TEST(Values, ComplexRowsAgreeWithTheStandardLibrary) {
  // Exactly representable points, off the branch cuts and on the axes.
  const std::vector<Cplx> points = {{1, 2},   {-1.5, 0.5},     {0.25, -3}, {-2, -1},
                                    {0.5, 0}, {0, 0.75},       {0, -0.5},  {3, 0.0625},
                                    {2, 4},   {-0.125, -0.25}, {0.875, 0}, {1.25, 0.5}};
  for_each_row([&](auto r) {
    using R = decltype(r);
    if constexpr (R::info.rule(ComputeClass::complex) == ClassRule::present) {
      for (Cplx x : points) {
        for (Cplx y : points) check_complex<R>(x, y, y - x);
      }
    }
  });
}

TEST(Values, ComplexEdges) {
  const auto at = [](float re, float im) { return Complex<F32>{{re}, {im}}; };
  const auto modulus = [&](float re, float im) { return abs(at(re, im)).v; };
  EXPECT_EQ(modulus(3, 4), 5);
  EXPECT_EQ(modulus(0, 0), 0);
  EXPECT_EQ(modulus(-kInfinity, std::nanf("")), kInfinity);
  EXPECT_NEAR(modulus(1e38f, 1e38f), 1.41421356e38, 1e32);
  EXPECT_NEAR(modulus(1e-30f, 1e-30f), 1.41421356e-30, 1e-36);
  EXPECT_EQ(exp(at(kInfinity, 0)).im.v, 0);
  EXPECT_NEAR(log(at(3e38f, 3e38f)).re.v, 88.9439, 1e-3);
  EXPECT_EQ(log(at(0, 0)).re.v, -kInfinity);
  EXPECT_EQ(sqrt(at(-4, 0)).im.v, 2);
  EXPECT_EQ(sqrt(at(-4, -0.0f)).im.v, -2);
  EXPECT_EQ(tanh(at(50, 1)).re.v, 1);
  EXPECT_EQ(pow(at(0, 0), at(0, 0)).re.v, 1);
  EXPECT_EQ(pow(at(0, 0), at(2, 1)).re.v, 0);
}

}  // namespace
}  // namespace tandem::op_table
