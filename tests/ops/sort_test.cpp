// sort, argsort and what is made of them, against std::stable_sort on doubles.
#include <algorithm>
#include <numeric>

#include "tandem/backends/common/thread_pool.h"
#include "values.h"

namespace tandem {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool before(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
  if (a == 0 && b == 0) return std::signbit(a) && !std::signbit(b);
  return a < b;
}

// Positions that sort the values.
std::vector<double> order_of(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) {
    if (std::isnan(values[i]) && std::isnan(values[j])) return false;
    return before(values[i], values[j]);
  });
  return {order.begin(), order.end()};
}

std::vector<double> taken(const std::vector<double>& values, const std::vector<double>& order) {
  std::vector<double> result;
  for (const double i : order) result.push_back(values[static_cast<size_t>(i)]);
  return result;
}

void expect_same(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(expected[i])) {
      ASSERT_TRUE(std::isnan(actual[i])) << i;
    } else {
      ASSERT_EQ(actual[i], expected[i]) << i;
      ASSERT_EQ(std::signbit(actual[i]), std::signbit(expected[i])) << i;
    }
  }
}

// Values with many ties, and of floats with every special one.
array random_values(Dims shape, Dtype dtype, uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<double> special = {0.0, -0.0, kNan, kInfinity, -kInfinity, 1e-7, -1e-7};
  std::vector<double> values(static_cast<size_t>(element_count(shape)));
  for (double& value : values) {
    const uint64_t draw = random();
    if (is_inexact(dtype)) {
      value = draw % 10 == 0 ? special[draw / 16 % special.size()]
                             : static_cast<double>(static_cast<int64_t>(draw % 4001) - 2000) / 8;
    } else if (dtype == Dtype::bool_) {
      value = draw % 2 == 0 ? 0 : 1;
    } else if (info(dtype).is_signed) {
      value = static_cast<double>(static_cast<int64_t>(draw % 255) - 127);
    } else {
      value = static_cast<double>(draw % 255);
    }
  }
  return from_doubles(values, shape, dtype);
}

void check_rows(const array& a) {
  const int64_t length = a.shape(-1);
  const std::vector<double> values = doubles(a), sorted = doubles(sort(a)),
                            positions = doubles(argsort(a));
  for (size_t first = 0; first < values.size(); first += static_cast<size_t>(length)) {
    const auto row = [&](const std::vector<double>& all) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
      return std::vector<double>(begin, begin + length);
    };
    const std::vector<double> order = order_of(row(values));
    expect_same(row(positions), order);
    expect_same(row(sorted), taken(row(values), order));
  }
}

TEST(Sort, every_dtype_and_many_lengths) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    SCOPED_TRACE(name_of(dtype));
    for (const int64_t length : {1, 2, 3, 7, 15, 16, 17, 63, 64, 65, 255, 1000, 4097}) {
      check_rows(random_values(Shape{3, length}, dtype, static_cast<uint64_t>(length)));
    }
    const array a = random_values(Shape{5}, dtype, 1);
    EXPECT_EQ(sort(a).dtype(), dtype);
    EXPECT_EQ(argsort(a).dtype(), Dtype::uint32);
    EXPECT_EQ(sort(zeros(Shape{2, 0}, dtype)).size(), 0);
    EXPECT_EQ(argsort(zeros(Shape{0}, dtype)).dtype(), Dtype::uint32);
  }
}

TEST(Sort, long_rows_on_any_number_of_threads) {
  for (const Dtype dtype : {Dtype::int8, Dtype::bfloat16, Dtype::float32, Dtype::float64}) {
    for (const int threads : {1, 2, 3, 7, 64}) {
      const backends::common::ScopedThreadCount scope(threads);
      check_rows(random_values(Shape{200'003}, dtype, 7));
    }
  }
}

TEST(Sort, sorted_and_equal_rows) {
  for (const int64_t length : {100, 100'000}) {
    const array up = arange(Scalar(int64_t{0}), Scalar(length), Scalar(int64_t{1}), Dtype::float32);
    EXPECT_EQ(doubles(sort(flip(up))), doubles(up));
    EXPECT_EQ(doubles(argsort(up)), doubles(up));
    EXPECT_EQ(doubles(argsort(zeros(Shape{length}))), doubles(up));
  }
}

TEST(Sort, along_any_axis_and_flattened) {
  const array a = random_values(Shape{5, 37, 4}, Dtype::float32, 3);
  for (int axis = -3; axis < 3; ++axis) {
    const array last = moveaxis(a, axis, -1);
    expect_same(doubles(moveaxis(sort(a, axis), axis, -1)), doubles(sort(contiguous(last))));
    expect_same(doubles(moveaxis(argsort(a, axis), axis, -1)), doubles(argsort(contiguous(last))));
  }
  EXPECT_TRUE(std::ranges::equal(sort(a, std::nullopt).shape(), Shape{740}));
  expect_same(doubles(sort(a, std::nullopt)), doubles(sort(flatten(a))));
  EXPECT_EQ(doubles(sort(array(5), std::nullopt)), std::vector<double>{5});
}

TEST(Sort, views_and_pending_values) {
  const array a = random_values(Shape{40, 300}, Dtype::int16, 5);
  const std::vector<array> views = {
      transpose(a),
      flip(a),
      slice(a, Shape{1, 2}, Shape{13, 99}, Shape{3, 3}),
      broadcast_to(slice(a, Shape{0, 0}, Shape{40, 1}, Shape{1, 1}), Shape{40, 9}),
      add(a, a),
      full(Shape{3, 4}, Scalar(int64_t{2}))};
  for (const array& view : views) {
    expect_same(doubles(sort(view)), doubles(sort(contiguous(view))));
    expect_same(doubles(argsort(view)), doubles(argsort(contiguous(view))));
  }
  const array doubled = multiply(sort(a), Scalar(int64_t{2}));
  EXPECT_EQ(doubles(doubled), doubles(sort(multiply(a, Scalar(int64_t{2})))));
}

TEST(Sort, complex_numbers_by_part_with_nans_last) {
  using C = std::complex<float>;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<C> values = {{nan, nan}, {1, 2}, {nan, -1},  {1, -3},
                                 {2, nan},   {0, 5}, {-0.0f, 9}, {-7, nan}};
  const array a(values.data(), Shape{8}, Dtype::complex64);
  EXPECT_EQ(doubles(argsort(a)), (std::vector<double>{6, 5, 3, 1, 7, 4, 2, 0}));
  const array sorted = sort(a);
  const C* const data = sorted.data<C>();
  EXPECT_EQ(data[2], C(1, -3));
  EXPECT_EQ(data[4].real(), -7);
  EXPECT_TRUE(std::isnan(data[4].imag()));
  EXPECT_TRUE(std::isnan(data[6].real()));
  EXPECT_EQ(data[6].imag(), -1);
}

TEST(Partition, has_the_element_in_its_place) {
  const array a = random_values(Shape{6, 50}, Dtype::float32, 9);
  for (const int64_t kth : {0, 7, 49, -1, -50}) {
    const int64_t place = kth < 0 ? kth + 50 : kth;
    const std::vector<double> sorted = doubles(sort(a)), parted = doubles(partition(a, kth));
    const std::vector<double> values = doubles(a), positions = doubles(argpartition(a, kth));
    for (size_t row = 0; row < 6; ++row) {
      for (int64_t i = 0; i < 50; ++i) {
        const size_t here = row * 50 + static_cast<size_t>(i);
        const double pivot = sorted[row * 50 + static_cast<size_t>(place)];
        EXPECT_FALSE(i < place ? before(pivot, parted[here]) : before(parted[here], pivot));
        const double taken_here = values[row * 50 + static_cast<size_t>(positions[here])];
        EXPECT_FALSE(i < place ? before(pivot, taken_here) : before(taken_here, pivot));
      }
    }
  }
}

TEST(Topk, gives_the_greatest) {
  const array a = array({5, 3, 1, 4});
  EXPECT_EQ(doubles(sort(topk(a, 2))), (std::vector<double>{4, 5}));
  EXPECT_EQ(topk(a, 0).size(), 0);
  EXPECT_EQ(doubles(sort(topk(a, 4))), (std::vector<double>{1, 3, 4, 5}));
  EXPECT_EQ(doubles(topk(reshape(a, Shape{2, 2}), 1, 0)), (std::vector<double>{5, 4}));
  EXPECT_TRUE(std::ranges::equal(topk(reshape(a, Shape{2, 2}), 3, std::nullopt).shape(), Shape{3}));
}

TEST(SearchSorted, is_the_place_of_each_value) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const array sorted = sort(random_values(Shape{77}, dtype, 11));
    const array values = random_values(Shape{3, 40}, dtype, 12);
    const std::vector<double> sequence = doubles(sorted), wanted = doubles(values);
    const std::vector<double> left = doubles(searchsorted(sorted, values));
    const std::vector<double> right = doubles(searchsorted(sorted, values, Side::right));
    const auto less = [](double a, double b) {
      return std::isnan(b) ? !std::isnan(a) : a < b;  // -0 and +0 are equal
    };
    for (size_t v = 0; v < wanted.size(); ++v) {
      const auto low = std::lower_bound(sequence.begin(), sequence.end(), wanted[v], less);
      const auto high = std::upper_bound(sequence.begin(), sequence.end(), wanted[v], less);
      EXPECT_EQ(left[v], static_cast<double>(low - sequence.begin())) << name_of(dtype);
      EXPECT_EQ(right[v], static_cast<double>(high - sequence.begin())) << name_of(dtype);
    }
  }
  EXPECT_EQ(doubles(searchsorted(flip(array({3, 2, 1})), array({0.5f, 2.0f}))),
            (std::vector<double>{0, 1}));
  EXPECT_EQ(doubles(searchsorted(zeros(Shape{0}), array({1, 2}))), (std::vector<double>{0, 0}));
  EXPECT_EQ(searchsorted(array({1}), zeros(Shape{0, 3})).size(), 0);
}

TEST(Median, of_axes) {
  EXPECT_EQ(median(array({3, 1, 2, 4})).item<double>(), 2.5);
  EXPECT_EQ(median(array({3, 1, 2, 4})).dtype(), Dtype::float32);
  const array a = from_doubles({3, 1, 2, 4, 5, kNan}, Shape{2, 3}, Dtype::float16);
  EXPECT_EQ(median(a).dtype(), Dtype::float16);
  expect_same(doubles(median(a, std::vector<int64_t>{1}, true)), {2, kNan});
  expect_same(doubles(median(a, std::vector<int64_t>{0})), {3.5, 3, kNan});
  expect_same(doubles(median(a)), {kNan});
  const array cube = range(Shape{3, 4, 5});
  EXPECT_EQ(doubles(median(cube, std::vector<int64_t>{0, 2})),
            (std::vector<double>{22, 27, 32, 37}));
  EXPECT_TRUE(
      std::ranges::equal(median(cube, std::vector<int64_t>{-1, 0}, true).shape(), Shape{1, 4, 1}));
}

TEST(Sort, errors) {
  const array a = array({3, 1, 2});
  EXPECT_ERROR(AxisError, "[sort] axis 1 is out of range for an array with 1 dimensions",
               sort(a, 1));
  EXPECT_ERROR(AxisError, "[argsort] axis -1 is out of range for an array with 0 dimensions",
               argsort(array(1)));
  EXPECT_ERROR(ArgumentError, "[partition] kth is out of range: got 3, expected -3 to 2",
               partition(a, 3));
  EXPECT_ERROR(ArgumentError, "[argpartition] kth is out of range: got -4, expected -3 to 2",
               argpartition(a, -4));
  EXPECT_ERROR(ArgumentError, "[topk] k is out of range: got 4, expected 0 to 3", topk(a, 4));
  EXPECT_ERROR(ArgumentError, "[topk] k is out of range: got -1, expected 0 to 3", topk(a, -1));
  EXPECT_ERROR(ShapeError,
               "[searchsorted] expects a sorted sequence of one dimension: got shape (1, 3)",
               searchsorted(reshape(a, Shape{1, 3}), a));
  EXPECT_ERROR(ArgumentError, "[median] an empty extent has no median: got shape (0,)",
               median(zeros(Shape{0})));
  EXPECT_ERROR(ArgumentError, "[argsort] positions are uint32: got 4294967297 elements",
               argsort(broadcast_to(array(1), Shape{(int64_t{1} << 32) + 1})));
}

}  // namespace
}  // namespace tandem
