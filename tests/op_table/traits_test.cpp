// The traits of rows are promises to passes and backends: each is checked on special values and on
// random operands of every class the row has a text for.
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "tandem/op_table/op.h"
#include "tests/op_table/operands.h"

namespace tandem::op_table {
namespace {

template <class T>
bool same_bits(Scalar<T> a, Scalar<T> b) {
  if constexpr (std::floating_point<T>) {
    return (a.v != a.v && b.v != b.v) || (a.v == b.v && std::signbit(a.v) == std::signbit(b.v));
  } else {
    return a.v == b.v;
  }
}
template <class F>
bool same_bits(Complex<F> a, Complex<F> b) {
  return same_bits(a.re, b.re) && same_bits(a.im, b.im);
}

template <class Text, class V>
void check_commutative(std::string_view name, Text text, const std::vector<V>& values) {
  for (V x : values) {
    for (V y : values) EXPECT_TRUE(same_bits(text(x, y), text(y, x))) << name;
  }
}

TEST(Traits, CommutativeRowsIgnoreTheOrder) {
  for_each_row([](auto r) {
    if constexpr (r.info.has(kCommutative)) {
      static_assert(r.arity == 2);
      for_each_class<decltype(r)>(
          [&](auto text, auto values) { check_commutative(r.info.name, text, values); });
    }
  });
}

TEST(Traits, OddAndEvenRows) {
  for_each_row([](auto r) {
    if constexpr (r.info.has(kOdd) || r.info.has(kEven)) {
      static_assert(r.arity == 1);
      for (F32 x : float_operands()) {
        const auto plus = r.real_text(x);
        const auto minus = r.real_text(-x);
        if constexpr (r.info.has(kOdd)) {
          EXPECT_TRUE(same_bits(minus, -plus)) << r.info.name << " at " << x.v;
        } else {
          EXPECT_TRUE(same_bits(minus, plus)) << r.info.name << " at " << x.v;
        }
      }
    }
  });
}

// The text of a row of two or three operands; the third is the mask.
template <class R, class Text, class V>
auto with_two(Text text, V x, V y) {
  if constexpr (R::arity == 2) {
    return text(x, y);
  } else {
    return text(x < y, x, y);
  }
}

template <class Half, class R>
void check_exact(R r) {
  const auto operands = half_operands<Half>();
  const auto exact = [](auto value) {
    if constexpr (std::same_as<decltype(value), B1>)
      return true;
    else
      return same_bits(F32{static_cast<float>(static_cast<Half>(value.v))}, value);
  };
  for (F32 x : operands) {
    if constexpr (r.arity == 1) {
      EXPECT_TRUE(exact(r.real_text(x))) << r.info.name << " at " << x.v;
    } else {
      for (F32 y : operands) {
        EXPECT_TRUE(exact(with_two<R>(R::real_text, x, y))) << r.info.name;
      }
    }
  }
}

TEST(Traits, ExactRowsNeedNoRounding) {
  for_each_row([](auto r) {
    if constexpr (r.info.has(kExact) && r.info.rule(ComputeClass::real) == ClassRule::present) {
      check_exact<float16_t>(r);
      check_exact<bfloat16_t>(r);
    }
  });
}

template <class Small, class R>
void check_bounded(R r) {
  using Wide = std::conditional_t<std::is_signed_v<Small>, I32, U32>;
  const auto bounded = [](auto value) {
    if constexpr (std::same_as<decltype(value), B1>)
      return true;
    else
      return static_cast<Small>(value.v) == value.v;
  };
  std::vector<Wide> operands;
  for (int i = std::numeric_limits<Small>::min(); i <= std::numeric_limits<Small>::max(); ++i) {
    operands.push_back({static_cast<decltype(Wide::v)>(i)});
  }
  for (Wide x : operands) {
    if constexpr (r.arity == 1) {
      EXPECT_TRUE(bounded(r.integer_text(x))) << r.info.name << " at " << x.v;
    } else {
      for (Wide y : operands) {
        EXPECT_TRUE(bounded(with_two<R>(R::integer_text, x, y))) << r.info.name;
      }
    }
  }
}

TEST(Traits, BoundedRowsNeedNoWrap) {
  for_each_row([](auto r) {
    if constexpr (r.info.has(kBounded) &&
                  r.info.rule(ComputeClass::integer) == ClassRule::present) {
      check_bounded<int8_t>(r);
      check_bounded<uint8_t>(r);
    }
  });
}

}  // namespace
}  // namespace tandem::op_table
