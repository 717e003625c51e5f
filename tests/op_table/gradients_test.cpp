// Gradients of every row against central differences of its own text in double precision, their
// linearity in g, and stated values where the difference quotient says nothing.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tandem/op_table/op.h"
#include "tests/op_table/carriers.h"

namespace tandem::op_table {
namespace {

using testing_carrier::Reference;
using Point = std::array<double, 3>;

template <class R>
double value_at(Point at) {
  if constexpr (R::arity == 1) return R::real_text(Reference{at[0]}).v;
  if constexpr (R::arity == 2) return R::real_text(Reference{at[0]}, Reference{at[1]}).v;
  if constexpr (R::arity == 3) {
    return R::real_text(B1{at[0] != 0}, Reference{at[1]}, Reference{at[2]}).v;
  }
}

template <class R, size_t operand>
double gradient_at(double g, Point at) {
  const auto text = std::get<operand>(R::gradients);
  if constexpr (!kIsText<std::remove_const_t<decltype(text)>>) {
    return 0;
  } else {
    const Reference out = {value_at<R>(at)}, x = {at[0]}, y = {at[1]}, z = {at[2]};
    if constexpr (R::arity == 1) return text(Reference{g}, out, x).v;
    if constexpr (R::arity == 2) return text(Reference{g}, out, x, y).v;
    if constexpr (R::arity == 3) return text(Reference{g}, out, B1{at[0] != 0}, y, z).v;
  }
}

template <class R>
inline constexpr bool kDifferentiable =
    R::info.rule(ComputeClass::real) == ClassRule::present &&
    R::info.result != ResultRule::boolean && R::id != RowId::stop_gradient;

template <class R, size_t operand>
void check_against_differences(Point at) {
  const double h = 1e-5 * std::max(1.0, std::fabs(at[operand]));
  Point above = at, below = at;
  above[operand] += h;
  below[operand] -= h;
  const double high = value_at<R>(above), middle = value_at<R>(at), low = value_at<R>(below);
  const double slope = (high - low) / (2 * h);
  // A step or a kink within h: no derivative to compare with.
  if (std::fabs(high - 2 * middle + low) > 1e-3 * h * (1 + std::fabs(slope))) return;
  const double gradient = gradient_at<R, operand>(1, at);
  EXPECT_NEAR(gradient, slope, 1e-6 * (1 + std::fabs(slope)))
      << R::info.name << " operand " << operand << " at " << at[0] << ", " << at[1];
  EXPECT_DOUBLE_EQ((gradient_at<R, operand>(-3, at)), -3 * gradient) << R::info.name;
}

template <class R, size_t operand>
void check_operand() {
  if constexpr (operand < R::arity && !(R::info.first_is_mask && operand == 0)) {
    std::mt19937_64 engine(5 + operand);
    for (int i = 0; i < 300; ++i) {
      Point at{};
      for (size_t k = 0; k < R::arity; ++k) {
        const Interval range = R::info.domain.operand[k];
        at[k] = std::uniform_real_distribution<double>(range.low, range.high)(engine);
      }
      if (R::info.first_is_mask) at[0] = i % 2;
      check_against_differences<R, operand>(at);
    }
  }
}

TEST(Gradients, AgreeWithCentralDifferences) {
  for_each_row([](auto r) {
    using R = decltype(r);
    if constexpr (kDifferentiable<R>) {
      check_operand<R, 0>();
      check_operand<R, 1>();
      check_operand<R, 2>();
    }
  });
}

TEST(Gradients, StatedValuesAtEdges) {
  const double inf = kInfinity;
  using Power = Row<RowId::power>;
  EXPECT_EQ((gradient_at<Power, 0>(1, {0, 0, 0})), 0);
  EXPECT_EQ((gradient_at<Power, 0>(1, {0, 2, 0})), 0);
  EXPECT_EQ((gradient_at<Power, 1>(1, {0, 2, 0})), 0);
  EXPECT_EQ((gradient_at<Power, 1>(1, {-2, 3, 0})), 0);
  EXPECT_EQ((gradient_at<Row<RowId::abs>, 0>(1, {0, 0, 0})), 0);
  EXPECT_EQ((gradient_at<Row<RowId::sqrt>, 0>(1, {0, 0, 0})), inf);
  EXPECT_EQ((gradient_at<Row<RowId::logaddexp>, 0>(1, {-inf, -inf, 0})), 0.5);
}

// Linear maps by selection: an infinite or NaN operand that is not chosen leaves no NaN behind.
TEST(Gradients, UnchosenOperandsDoNotContaminate) {
  const double nan = std::nan(""), inf = kInfinity;
  EXPECT_EQ((gradient_at<Row<RowId::where>, 1>(inf, {0, nan, 1})), 0);
  EXPECT_EQ((gradient_at<Row<RowId::where>, 2>(inf, {1, 1, nan})), 0);
  EXPECT_EQ((gradient_at<Row<RowId::maximum>, 0>(inf, {1, 2, 0})), 0);
  EXPECT_EQ((gradient_at<Row<RowId::maximum>, 1>(inf, {1, 2, 0})), inf);
  // A tie gives all to y, in both.
  EXPECT_EQ((gradient_at<Row<RowId::maximum>, 0>(1, {2, 2, 0})), 0);
  EXPECT_EQ((gradient_at<Row<RowId::minimum>, 1>(1, {2, 2, 0})), 1);
}

// The trait says exactly whether a text calls a leaf.
TEST(Gradients, LeafTraitIsWhatTheTextDoes) {
  for_each_row([](auto r) {
    using R = decltype(r);
    if constexpr (kDifferentiable<R>) {
      Reference::leaf_called = false;
      value_at<R>({0.5, 0.5, 0.5});
      EXPECT_EQ(Reference::leaf_called, R::info.has(kLeaf)) << r.info.name;
    } else {
      EXPECT_FALSE(R::info.has(kLeaf)) << r.info.name;
    }
  });
}

}  // namespace
}  // namespace tandem::op_table
