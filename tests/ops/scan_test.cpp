// Running sums, products and extremes against loops, softmax and logsumexp against float64.
#include "tandem/ops/reductions/scan.h"

#include <algorithm>
#include <functional>

#include "values.h"

namespace tandem {
namespace {

using Step = std::function<double(double, double)>;

// The scan of each line of `a` along an axis, in doubles.
std::vector<double> loop(const array& a, int axis, bool reverse, bool inclusive, double identity,
                         const Step& step) {
  std::vector<double> values = doubles(a);
  int64_t inner = 1;
  for (int i = axis + 1; i < a.ndim(); ++i) inner *= a.shape(i);
  const int64_t length = a.shape(axis);
  std::vector<double> result(values.size());
  for (int64_t line = 0; length > 0 && line < a.size() / length; ++line) {
    double carry = identity;
    for (int64_t j = 0; j < length; ++j) {
      const int64_t position = reverse ? length - 1 - j : j;
      const auto i = static_cast<size_t>((line / inner * length + position) * inner + line % inner);
      const double next = step(carry, values[i]);
      result[i] = inclusive ? next : carry;
      carry = next;
    }
  }
  return result;
}

// Small whole numbers: every order of summation gives the same.
array whole_numbers(Dims shape, Dtype dtype) {
  std::mt19937 random(7);
  std::vector<double> values(static_cast<size_t>(element_count(shape)));
  for (double& value : values) value = static_cast<double>(random() % 3);
  return from_doubles(values, shape, dtype);
}

TEST(Scan, sums_and_extremes_of_every_dtype) {
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    for (const Shape& shape : {Shape{31}, Shape{3, 40}, Shape{2, 33, 3}}) {
      const array a = whole_numbers(shape, dtype);
      for (int axis = 0; axis < a.ndim(); ++axis) {
        for (const bool reverse : {false, true}) {
          const array sums = cumsum(a, axis, reverse);
          EXPECT_EQ(sums.dtype(), dtype == Dtype::bool_ ? Dtype::int32 : dtype);
          EXPECT_EQ(doubles(sums), loop(a, axis, reverse, true, 0, std::plus<>()));
          EXPECT_EQ(doubles(cumsum(a, axis, reverse, false)),
                    loop(a, axis, reverse, false, 0, std::plus<>()));
          const auto low = [](double x, double y) { return std::min(x, y); };
          const auto high = [](double x, double y) { return std::max(x, y); };
          const array least = cummin(a, axis, reverse), most = cummax(a, axis, reverse);
          EXPECT_EQ(least.dtype(), dtype);
          EXPECT_EQ(doubles(least), loop(a, axis, reverse, true, 3, low));
          EXPECT_EQ(doubles(most), loop(a, axis, reverse, true, 0, high)) << name_of(dtype);
        }
      }
    }
  }
}

TEST(Scan, products_wrap_and_zero_stays) {
  const array a = from_doubles({1, 2, 100, 3, 0, 5}, Shape{6}, Dtype::int8);
  EXPECT_EQ(doubles(cumprod(a)), (std::vector<double>{1, 2, -56, 88, 0, 0}));
  EXPECT_EQ(cumprod(a).dtype(), Dtype::int8);
  const array truth = from_doubles({1, 1, 0, 1}, Shape{4}, Dtype::bool_);
  EXPECT_EQ(cumprod(truth).dtype(), Dtype::bool_);
  EXPECT_EQ(doubles(cumprod(truth)), (std::vector<double>{1, 1, 0, 0}));
  EXPECT_EQ(doubles(cumprod(from_doubles({2, 3, 4}, Shape{3}, Dtype::float64), 0, true)),
            (std::vector<double>{24, 12, 4}));
}

// Without the element itself the first is what changes nothing: of extremes the last of its dtype.
TEST(Scan, exclusive_scans_begin_with_the_identity) {
  const auto first = [](const array& a) { return doubles(a)[0]; };
  const auto infinity = std::numeric_limits<double>::infinity();
  const auto of = [](Dtype dtype) { return ones(Shape{3}, dtype); };
  EXPECT_EQ(first(cummax(of(Dtype::float32), 0, false, false)), -infinity);
  EXPECT_EQ(first(cummin(of(Dtype::float16), 0, false, false)), infinity);
  EXPECT_EQ(first(cummax(of(Dtype::int8), 0, false, false)), -128);
  EXPECT_EQ(first(cummin(of(Dtype::int8), 0, false, false)), 127);
  EXPECT_EQ(first(cummax(of(Dtype::int16), 0, false, false)), -32768);
  EXPECT_EQ(first(cummin(of(Dtype::uint8), 0, false, false)), 255);
  EXPECT_EQ(first(cummax(of(Dtype::uint16), 0, false, false)), 0);
  EXPECT_EQ(first(cummin(of(Dtype::int32), 0, false, false)), 2147483647);
  EXPECT_EQ(first(cumprod(of(Dtype::int16), 0, false, false)), 1);
  EXPECT_EQ(first(cummin(of(Dtype::bool_), 0, false, false)), 1);
  EXPECT_EQ(doubles(cumsum(of(Dtype::int32), 0, true, false)), (std::vector<double>{2, 1, 0}));
}

TEST(Scan, views_empty_arrays_and_scalars) {
  const array a = range(Shape{5, 7});
  EXPECT_EQ(doubles(cumsum(transpose(a), 0)), doubles(transpose(cumsum(a, 1))));
  EXPECT_EQ(doubles(cumsum(flip(a), 1)), doubles(flip(cumsum(a, 1, true))));
  EXPECT_EQ(Shape(cumsum(a).shape()), Shape{35});
  EXPECT_EQ(doubles(cumsum(a)).back(), 34 * 35 / 2.0);
  for (const Shape& shape : {Shape{0}, Shape{0, 3}, Shape{3, 0}}) {
    EXPECT_EQ(Shape(cumsum(zeros(shape), -1).shape()), shape);
    EXPECT_EQ(doubles(logcumsumexp(zeros(shape), 0)).size(), 0u);
  }
  EXPECT_EQ(Shape(cumsum(array(3.0f)).shape()), Shape{1});
}

TEST(Scan, nan_wins_from_where_it_stands) {
  const double nan = std::nan("");
  const std::vector<double> most =
      doubles(cummax(from_doubles({1, 3, nan, 7}, Shape{4}, Dtype::float32)));
  EXPECT_EQ(most[1], 3);
  EXPECT_TRUE(std::isnan(most[2]) && std::isnan(most[3]));
}

TEST(Scan, long_rows) {
  const array a = range(Shape{2, 5000}, Dtype::int64);
  EXPECT_EQ(doubles(cumsum(a, 1)), loop(a, 1, false, true, 0, std::plus<>()));
  EXPECT_EQ(doubles(cumsum(a, 1, true, false)), loop(a, 1, true, false, 0, std::plus<>()));
}

TEST(Scan, log_cumulative_sum_exp) {
  std::mt19937 random(3);
  std::vector<double> values(2 * 37);
  for (double& value : values) value = static_cast<double>(random() % 2001) / 10 - 100;
  const array a = from_doubles(values, Shape{2, 37}, Dtype::float32);
  const auto step = [](double x, double y) {
    const double high = std::max(x, y);
    return std::isinf(high) ? high : high + std::log(std::exp(x - high) + std::exp(y - high));
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const bool reverse : {false, true}) {
    for (const bool inclusive : {false, true}) {
      for (int axis = 0; axis < 2; ++axis) {
        const auto actual = doubles(logcumsumexp(a, axis, reverse, inclusive));
        const auto expected = loop(a, axis, reverse, inclusive, -infinity, step);
        for (size_t i = 0; i < actual.size(); ++i) {
          if (std::isinf(expected[i])) {
            EXPECT_EQ(actual[i], expected[i]);
          } else {
            EXPECT_NEAR(actual[i], expected[i], 1e-6 * (std::abs(expected[i]) + 8));
          }
        }
      }
    }
  }
  EXPECT_EQ(logcumsumexp(ones(Shape{2}, Dtype::int32)).dtype(), Dtype::float32);
  EXPECT_EQ(logcumsumexp(ones(Shape{2}, Dtype::float16)).dtype(), Dtype::float16);
}

TEST(Scan, errors) {
  EXPECT_EQ(error_of<AxisError>([] { cumsum(zeros(Shape{2}), 1); }).substr(0, 8), "[cumsum]");
  EXPECT_EQ(error_of<AxisError>([] { cumsum(array(1.0f), 0); }).substr(0, 8), "[cumsum]");
}

// ---- softmax and logsumexp

TEST(Softmax, rows_of_every_axis_add_up_to_one) {
  const array a = from_doubles({1, 2, 3, -1, 0.5, 10}, Shape{2, 3}, Dtype::float32);
  const auto actual = doubles(softmax(a, std::vector<int64_t>{-1}));
  const auto values = doubles(a);
  for (size_t row = 0; row < 2; ++row) {
    double total = 0;
    for (size_t i = 0; i < 3; ++i) total += std::exp(values[3 * row + i] - values[3 * row + 2]);
    for (size_t i = 0; i < 3; ++i) {
      const double expected = std::exp(values[3 * row + i] - values[3 * row + 2]) / total;
      EXPECT_NEAR(actual[3 * row + i], expected, 3e-7 * expected);
    }
  }
  for (const Axes& axes :
       {Axes(), Axes(std::vector<int64_t>{0}), Axes(std::vector<int64_t>{0, 1})}) {
    for (const double total : doubles(sum(softmax(a, axes), axes))) EXPECT_NEAR(total, 1, 1e-6);
  }
  EXPECT_EQ(Shape(softmax(a, std::vector<int64_t>{0}).shape()), Shape(a.shape()));
  EXPECT_EQ(doubles(softmax(array(2.0f))), std::vector<double>{1});
  EXPECT_EQ(Shape(softmax(zeros(Shape{0, 3})).shape()), (Shape{0, 3}));
  EXPECT_EQ(softmax(ones(Shape{2}, Dtype::uint8)).dtype(), Dtype::float32);
}

// One rounding at the end: what float32 gives, rounded.
TEST(Softmax, narrow_dtypes_are_computed_in_float32) {
  for (const Dtype dtype : {Dtype::float16, Dtype::bfloat16}) {
    const array a = from_doubles({0.1, 2, 3.3, -1, 5, 6.1, 7}, Shape{7}, dtype);
    EXPECT_EQ(softmax(a).dtype(), dtype);
    EXPECT_EQ(doubles(softmax(a)), doubles(astype(softmax(astype(a, Dtype::float32)), dtype)));
    EXPECT_EQ(doubles(logsumexp(a)), doubles(astype(logsumexp(astype(a, Dtype::float32)), dtype)));
  }
}

TEST(Softmax, log_sum_exp) {
  const double infinity = std::numeric_limits<double>::infinity();
  const array a =
      from_doubles({1000, 1000, -infinity, -infinity, infinity, 1}, Shape{3, 2}, Dtype::float32);
  const auto rows = doubles(logsumexp(a, std::vector<int64_t>{1}));
  EXPECT_NEAR(rows[0], 1000 + std::log(2.0), 1e-4);
  EXPECT_EQ(rows[1], -infinity);
  EXPECT_EQ(rows[2], infinity);
  EXPECT_EQ(Shape(logsumexp(a).shape()), Shape{});
  EXPECT_EQ(Shape(logsumexp(a, std::vector<int64_t>{0}, true).shape()), (Shape{1, 2}));
  EXPECT_EQ(Shape(logsumexp(a, std::vector<int64_t>{-1}).shape()), Shape{3});
}

TEST(Softmax, errors) {
  EXPECT_ERROR(ArgumentError, "[logsumexp] there is nothing to sum: got shape (0,)",
               logsumexp(zeros(Shape{0})));
  EXPECT_EQ(
      error_of<AxisError>([] { softmax(zeros(Shape{2}), std::vector<int64_t>{3}); }).substr(0, 9),
      "[softmax]");
}

}  // namespace
}  // namespace tandem
