// What ops give: dtypes, creation, reductions against float64 loops, views against index
// arithmetic, products.
#include "values.h"

namespace tandem {
namespace {

TEST(Promotion, of_arrays_is_the_table) {
  for (int i = 0; i < kDtypeCount; ++i) {
    for (int j = 0; j < kDtypeCount; ++j) {
      const auto a = static_cast<Dtype>(i), b = static_cast<Dtype>(j);
      const array sum_of = add(zeros(Shape{1}, a), ones(Shape{1}, b));
      EXPECT_EQ(sum_of.dtype(), promote(a, b));
      EXPECT_EQ(doubles(sum_of), std::vector<double>{1.0}) << name_of(a) << " " << name_of(b);
      EXPECT_EQ(less(zeros(Shape{1}, a), ones(Shape{1}, b)).dtype(), Dtype::bool_);
    }
  }
}

TEST(Promotion, scalars_are_weak) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const array a = ones(Shape{2}, dtype);
    EXPECT_EQ(add(a, true).dtype(), dtype);
    EXPECT_EQ(add(a, int64_t{2}).dtype(), dtype == Dtype::bool_ ? Dtype::int32 : dtype);
    EXPECT_EQ(add(a, 2.5).dtype(), is_inexact(dtype) ? dtype : Dtype::float32);
    EXPECT_EQ(add(a, std::complex<float>(0, 1)).dtype(), Dtype::complex64);
    EXPECT_EQ(add(2.5, a).dtype(), add(a, 2.5).dtype());
    EXPECT_EQ(doubles(add(a, 2.5))[1], 3.5);
  }
  EXPECT_EQ(where(ones(Shape{2}, Dtype::bool_), ones(Shape{2}, Dtype::float16), 2.0).dtype(),
            Dtype::float16);
  EXPECT_EQ(divide(ones(Shape{1}, Dtype::int32), int64_t{2}).dtype(), Dtype::float32);
  // Of two scalars alone each has its own dtype.
  EXPECT_EQ(add(int64_t{1}, int64_t{2}).dtype(), Dtype::int32);
  EXPECT_EQ(add(int64_t{1} << 40, int64_t{2}).dtype(), Dtype::int64);
  EXPECT_EQ(add(int64_t{1}, 0.5).dtype(), Dtype::float32);
}

TEST(Creation, values) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    EXPECT_EQ(doubles(ones(Shape{2, 1}, dtype)), (std::vector<double>{1, 1}));
    EXPECT_EQ(doubles(zeros_like(ones(Shape{3}, dtype))), (std::vector<double>{0, 0, 0}));
    EXPECT_EQ(full_like(ones(Shape{3}, dtype), Scalar(int64_t{1})).dtype(), dtype);
    EXPECT_EQ(doubles(eye(2, 3, 1, dtype)), (std::vector<double>{0, 1, 0, 0, 0, 1}));
    if (dtype == Dtype::bool_ || is_complex(dtype)) continue;
    const array steps = arange(Scalar(int64_t{1}), Scalar(int64_t{8}), Scalar(int64_t{3}), dtype);
    EXPECT_EQ(steps.dtype(), dtype);
    EXPECT_EQ(doubles(steps), (std::vector<double>{1, 4, 7}));
  }
  EXPECT_EQ(doubles(full(Shape{2}, array({3, 4}))), (std::vector<double>{3, 4}));
  EXPECT_EQ(doubles(full(Shape{2}, 0.5)), (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(full(Shape{2}, 7).dtype(), Dtype::int32);
  EXPECT_EQ(full(Shape{2}, true).dtype(), Dtype::bool_);
  EXPECT_EQ(full(Shape{1}, Scalar(2.5), Dtype::int8).item<int>(), 2);
  EXPECT_EQ(doubles(identity(2)), (std::vector<double>{1, 0, 0, 1}));
  EXPECT_EQ(doubles(eye(3, 2, -1)), (std::vector<double>{0, 0, 1, 0, 0, 1}));
}

TEST(Creation, ranges) {
  const auto whole = [](int64_t from, int64_t to, int64_t step) {
    return arange(Scalar(from), Scalar(to), Scalar(step));
  };
  EXPECT_EQ(doubles(whole(5, 0, -2)), (std::vector<double>{5, 3, 1}));
  EXPECT_EQ(whole(0, -3, 1).size(), 0);
  EXPECT_EQ(whole(0, 3, 1).dtype(), Dtype::int32);
  EXPECT_EQ(whole(0, int64_t{1} << 33, int64_t{1} << 32).dtype(), Dtype::int64);
  EXPECT_EQ(doubles(whole(0, int64_t{1} << 33, int64_t{1} << 32))[1], 0x1p32);
  const array fractions = arange(Scalar(0.0), Scalar(1.0), Scalar(0.25));
  EXPECT_EQ(fractions.dtype(), Dtype::float32);
  EXPECT_EQ(doubles(fractions), (std::vector<double>{0, 0.25, 0.5, 0.75}));
  const std::vector<double> points = doubles(linspace(-1, 3, 9));
  for (size_t i = 0; i < 9; ++i) EXPECT_EQ(points[i], -1 + 0.5 * static_cast<double>(i));
  EXPECT_EQ(doubles(linspace(2, 9, 1)), std::vector<double>{2});
}

// ---- reductions

struct Loop {
  double sum = 0, product = 1, low = std::numeric_limits<double>::infinity(), high = -low;
  bool all = true, any = false;
  int64_t count = 0, first_low = 0, first_high = 0;
  std::vector<double> seen;

  void take(double value) {
    sum += value;
    product *= value;
    if (value < low) first_low = count;
    if (value > high) first_high = count;
    low = std::min(low, value);
    high = std::max(high, value);
    all = all && value != 0;
    any = any || value != 0;
    seen.push_back(value);
    ++count;
  }
  double variance() const {
    double total = 0;
    for (const double value : seen)
      total +=
          (value - sum / static_cast<double>(count)) * (value - sum / static_cast<double>(count));
    return total / static_cast<double>(count);
  }
};

// One loop per result, elements in row-major order of the reduced axes.
std::vector<Loop> loops(const std::vector<double>& values, Dims shape, uint64_t mask) {
  int64_t results = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if ((mask >> i & 1) == 0) results *= shape[i];
  }
  std::vector<Loop> result(static_cast<size_t>(results));
  for (int64_t linear = 0; linear < static_cast<int64_t>(values.size()); ++linear) {
    int64_t rest = linear, target = 0, scale = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      const int64_t index = rest % shape[i];
      rest /= shape[i];
      if (mask >> i & 1) continue;
      target += index * scale;
      scale *= shape[i];
    }
    result[static_cast<size_t>(target)].take(values[static_cast<size_t>(linear)]);
  }
  return result;
}

// Unit in the last place of a dtype at 1.
double epsilon(Dtype dtype) {
  switch (dtype) {
    case Dtype::float16:
      return 0x1p-10;
    case Dtype::bfloat16:
      return 0x1p-7;
    case Dtype::float64:
      return 0x1p-52;
    default:
      return 0x1p-23;
  }
}

void check_reductions(Dtype dtype, const Shape& shape, uint64_t mask) {
  std::mt19937 random(static_cast<unsigned>(mask) + 31 * static_cast<unsigned>(dtype));
  std::vector<double> values;
  const bool is_signed = is_complex(dtype) || info(dtype).is_signed;
  for (int64_t i = 0; i < element_count(shape); ++i) {
    values.push_back(dtype == Dtype::bool_
                         ? random() % 2
                         : static_cast<double>(random() % 6) - (is_signed ? 2 : 0));
  }
  const array a = from_doubles(values, shape, dtype);
  std::vector<int64_t> axes;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (mask >> i & 1)
      axes.push_back(random() % 2 ? static_cast<int64_t>(i)
                                  : static_cast<int64_t>(i) - static_cast<int64_t>(shape.size()));
  }
  const auto expected = loops(values, shape, mask);
  const auto sums = doubles(sum(a, axes)), means = doubles(mean(a, axes));
  const std::string what =
      std::string(name_of(dtype)) + " " + to_string(shape) + " axes " + std::to_string(mask);
  ASSERT_EQ(sums.size(), expected.size()) << what;
  EXPECT_EQ(sum(a, axes, true).ndim(), static_cast<int>(shape.size()));
  for (size_t i = 0; i < expected.size(); ++i) {
    const Loop& loop = expected[i];
    EXPECT_EQ(sums[i], loop.sum) << what;  // small whole numbers: exact in every dtype
    const double mean_of = loop.sum / static_cast<double>(loop.count);
    EXPECT_NEAR(means[i], mean_of, std::abs(mean_of) * epsilon(dtype)) << what;
    EXPECT_EQ(doubles(all(a, axes))[i], loop.all) << what;
    EXPECT_EQ(doubles(any(a, axes))[i], loop.any) << what;
    if (is_complex(dtype)) continue;
    EXPECT_EQ(doubles(min(a, axes))[i], loop.low) << what;
    EXPECT_EQ(doubles(max(a, axes))[i], loop.high) << what;
    // Deviations of up to 3 are rounded a few times in float32, squared and summed.
    EXPECT_NEAR(doubles(var(a, axes))[i], loop.variance(), 9 * epsilon(dtype) + 40 * 0x1p-23)
        << what;
    if (axes.size() == 1) {
      EXPECT_EQ(doubles(argmin(a, axes[0]))[i], static_cast<double>(loop.first_low)) << what;
      EXPECT_EQ(doubles(argmax(a, axes[0]))[i], static_cast<double>(loop.first_high)) << what;
    }
  }
}

TEST(Reductions, every_dtype_over_every_subset_of_axes) {
  for (int d = 0; d < kDtypeCount; ++d) {
    for (const Shape& shape : {Shape{7}, Shape{3, 5}, Shape{2, 3, 4}, Shape{2, 1, 3, 2}}) {
      for (uint64_t mask = 0; mask < (uint64_t{1} << shape.size()); ++mask) {
        check_reductions(static_cast<Dtype>(d), shape, mask);
      }
    }
  }
}

TEST(Reductions, dtypes_of_results) {
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const array a = ones(Shape{2}, dtype);
    const bool small = !is_inexact(dtype) && size_of(dtype) < 4;
    const bool is_unsigned = dtype == Dtype::uint8 || dtype == Dtype::uint16;
    EXPECT_EQ(sum(a).dtype(), !small ? dtype : is_unsigned ? Dtype::uint32 : Dtype::int32);
    EXPECT_EQ(mean(a).dtype(), is_inexact(dtype) ? dtype : Dtype::float32);
    EXPECT_EQ(all(a).dtype(), Dtype::bool_);
    if (is_complex(dtype)) continue;
    EXPECT_EQ(max(a).dtype(), dtype);
    EXPECT_EQ(argmax(a).dtype(), Dtype::uint32);
    EXPECT_EQ(prod(a).dtype(), sum(a).dtype());
  }
}

TEST(Reductions, products_and_integers_wrap) {
  EXPECT_EQ(doubles(prod(array({2, 3, -4}))), std::vector<double>{-24});
  EXPECT_EQ(prod(full(Shape{40}, Scalar(int64_t{2}), Dtype::int32)).item<int64_t>(), 0);
  EXPECT_EQ(sum(full(Shape{3}, Scalar(int64_t{200}), Dtype::uint8)).item<int64_t>(), 600);
}

TEST(Reductions, half_precision_adds_in_float32) {
  EXPECT_EQ(doubles(sum(full(Shape{5000}, Scalar(1.0), Dtype::float16))),
            std::vector<double>{5000});
  EXPECT_EQ(doubles(sum(full(Shape{1000}, Scalar(1.0), Dtype::bfloat16))),
            std::vector<double>{1000});
}

TEST(Reductions, deviations) {
  const array a({1.0f, 2.0f, 4.0f, 9.0f});
  EXPECT_FLOAT_EQ(var(a).item<float>(), 9.5f);
  EXPECT_FLOAT_EQ(var(a, Axes(), false, 1).item<float>(), 38.0f / 3);
  EXPECT_FLOAT_EQ(tandem::std(a).item<float>(), std::sqrt(9.5f));
  EXPECT_TRUE(std::isinf(var(a, Axes(), false, 7).item<float>()));  // no degrees of freedom
}

// ---- views

// Every element of `view` against the element of `base` that `source` names.
template <class F>
void check_view(const array& view, const std::vector<double>& base, F&& source) {
  const std::vector<double> found = doubles(view);
  std::vector<int64_t> index(static_cast<size_t>(view.ndim()));
  for (int64_t linear = 0; linear < view.size(); ++linear) {
    int64_t rest = linear;
    for (size_t i = index.size(); i-- > 0;) {
      index[i] = rest % view.shape()[i];
      rest /= view.shape()[i];
    }
    ASSERT_EQ(found[static_cast<size_t>(linear)], base[static_cast<size_t>(source(index))]);
  }
}

TEST(Views, against_index_arithmetic) {
  using Index = const std::vector<int64_t>&;
  for (const bool evaluated : {true, false}) {
    array a = range(Shape{4, 5, 6});
    if (evaluated) {
      a.eval();
    } else {
      a = add(a, 0.0);
    }
    const std::vector<double> base = doubles(range(Shape{4, 5, 6}));
    const auto at = [](int64_t i, int64_t j, int64_t k) { return (i * 5 + j) * 6 + k; };
    check_view(transpose(a), base, [&](Index x) { return at(x[2], x[1], x[0]); });
    check_view(transpose(a, std::vector<int64_t>{1, -1, 0}), base,
               [&](Index x) { return at(x[2], x[0], x[1]); });
    check_view(swapaxes(a, 0, -1), base, [&](Index x) { return at(x[2], x[1], x[0]); });
    check_view(moveaxis(a, 0, 2), base, [&](Index x) { return at(x[2], x[0], x[1]); });
    check_view(reshape(a, Shape{2, -1}), base, [&](Index x) { return x[0] * 60 + x[1]; });
    check_view(flatten(a, 1), base, [&](Index x) { return x[0] * 30 + x[1]; });
    check_view(expand_dims(a, {0, -1}), base, [&](Index x) { return at(x[1], x[2], x[3]); });
    check_view(squeeze(expand_dims(a, {1})), base, [&](Index x) { return at(x[0], x[1], x[2]); });
    check_view(broadcast_to(a, Shape{2, 4, 5, 6}), base,
               [&](Index x) { return at(x[1], x[2], x[3]); });
    check_view(slice(a, Shape{3, 0, 1}, Shape{2, 5, 2}, Shape{-2, 1, 3}), base,
               [&](Index x) { return at(3 - 2 * x[0], x[1], 1 + 3 * x[2]); });
    check_view(reshape(transpose(a), Shape{30, 4}), base,
               [&](Index x) { return at(x[1], x[0] % 5, x[0] / 5); });
    const array corner = slice(a, Shape{1, 1, 1}, Shape{2, 3, 4}, Shape{1, 1, 1});
    check_view(transpose(slice(corner, Shape{1, 0, 3}, Shape{2, 2, 2}, Shape{-1, 2, -2})), base,
               [&](Index x) { return at(2 - x[2], 1 + 2 * x[1], 4 - 2 * x[0]); });
    EXPECT_EQ(slice(a, Shape{0, 0, 0}, Shape{0, 5, 6}, Shape{1, 1, 1}).size(), 0);
  }
}

TEST(Views, of_evaluated_arrays_share_memory) {
  const array a = range(Shape{4, 6});
  a.eval();
  const array part = slice(transpose(a), Shape{2, 1}, Shape{2, 2}, Shape{1, 1});
  EXPECT_TRUE(part.evaluated());
  EXPECT_EQ(part.data<float>(), a.data<float>() + 8);
  EXPECT_EQ(contiguous(a).data(), a.data());
  EXPECT_NE(contiguous(part).data(), part.data());
}

// ---- products

TEST(Matmul, against_loops) {
  std::mt19937 random(3);
  for (const Dtype dtype : {Dtype::float16, Dtype::bfloat16, Dtype::float32, Dtype::float64,
                            Dtype::int32, Dtype::int8, Dtype::uint64, Dtype::complex64}) {
    for (const auto& [m, k, n] : {std::tuple{3, 4, 5}, {1, 7, 1}, {17, 33, 9}, {2, 0, 3}}) {
      std::vector<double> x, y, expected(static_cast<size_t>(m * n), 0);
      for (int i = 0; i < m * k; ++i) x.push_back(static_cast<double>(random() % 3));
      for (int i = 0; i < k * n; ++i) y.push_back(static_cast<double>(random() % 2));
      for (int i = 0; i < m; ++i) {
        for (int j = 0; j < n; ++j) {
          for (int l = 0; l < k; ++l) {
            expected[static_cast<size_t>(i * n + j)] +=
                x[static_cast<size_t>(i * k + l)] * y[static_cast<size_t>(l * n + j)];
          }
        }
      }
      const array a = from_doubles(x, Shape{m, k}, dtype), b = from_doubles(y, Shape{k, n}, dtype);
      EXPECT_EQ(doubles(matmul(a, b)), expected) << name_of(dtype);
      EXPECT_EQ(doubles(transpose(matmul(transpose(b), transpose(a)))), expected) << name_of(dtype);
      if (!is_inexact(dtype)) continue;
      const array c = ones(Shape{n}, dtype);
      std::vector<double> shifted = expected;
      for (double& value : shifted) value = 2 * value + 3;
      EXPECT_EQ(doubles(addmm(c, a, b, 2.0f, 3.0f)), shifted) << name_of(dtype);
    }
  }
}

TEST(Matmul, vectors_and_batches) {
  const array v = range(Shape{3}), m = range(Shape{3, 2});
  EXPECT_EQ(matmul(v, v).shape().size(), 0u);
  EXPECT_EQ(doubles(matmul(v, v)), std::vector<double>{5});
  EXPECT_EQ(doubles(matmul(v, m)), (std::vector<double>{10, 13}));
  EXPECT_EQ(doubles(matmul(transpose(m), v)), (std::vector<double>{10, 13}));
  const array batch = matmul(range(Shape{2, 1, 2, 3}), range(Shape{4, 3, 2}));
  EXPECT_EQ(Shape(batch.shape()), (Shape{2, 4, 2, 2}));
  EXPECT_EQ(doubles(batch)[4 * 7 + 3], 9.0 * 19 + 10 * 21 + 11 * 23);
}

}  // namespace
}  // namespace tandem
