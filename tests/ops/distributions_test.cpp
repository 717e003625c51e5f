// Random numbers of further distributions: ranges, shapes, dtypes and errors.
#include <algorithm>

#include "values.h"

namespace tandem {
namespace {

TEST(Distributions, of_every_dtype_they_offer) {
  const array key = random::key(3);
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    if (is_integer(dtype)) {
      const array drawn = random::randint(2, 6, Shape{500}, dtype, key);
      EXPECT_EQ(drawn.dtype(), dtype);
      const std::vector<double> values = doubles(drawn);
      EXPECT_EQ(*std::min_element(values.begin(), values.end()), 2);
      EXPECT_EQ(*std::max_element(values.begin(), values.end()), 5);
    } else if (is_floating(dtype)) {
      for (const double value :
           doubles(random::truncated_normal(-1.0, 0.5, Shape{500}, dtype, key))) {
        EXPECT_TRUE(value >= -1 && value <= 0.5) << value;
      }
      for (const array& drawn : {random::gumbel(Shape{500}, dtype, key),
                                 random::laplace(Shape{500}, dtype, 0, 1, key)}) {
        EXPECT_EQ(drawn.dtype(), dtype);
        for (const double value : doubles(drawn)) EXPECT_FALSE(std::isnan(value));
      }
    }
  }
  EXPECT_EQ(random::randint(0, 2, Shape{3}, Dtype::bool_, key).dtype(), Dtype::bool_);
}

TEST(Distributions, parameters_broadcast) {
  const array key = random::key(4);
  const array p = array({0.0f, 1.0f});
  EXPECT_EQ(doubles(random::bernoulli(p, {}, key)), (std::vector<double>{0, 1}));
  EXPECT_EQ(random::bernoulli(p, Shape{7, 2}, key).size(), 14);
  EXPECT_EQ(doubles(random::randint(array({1, 5}), array({2, 6}), Shape{2, 2}, Dtype::int32, key)),
            (std::vector<double>{1, 5, 1, 5}));
  const array certain = array({-INFINITY, 0.0f, -INFINITY});
  EXPECT_EQ(doubles(random::categorical(certain, -1, Shape{3}, key)),
            (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(doubles(random::categorical_samples(certain, 0, 2, key)), (std::vector<double>{1, 1}));
}

TEST(Distributions, permutations_keep_every_element) {
  const array key = random::key(5);
  EXPECT_EQ(doubles(sort(random::permutation(100, key))), doubles(range(Shape{100})));
  const array a = range(Shape{3, 50});
  EXPECT_EQ(doubles(sort(random::permutation(a, 1, key))), doubles(a));
  EXPECT_EQ(random::permutation(zeros(Shape{0})).size(), 0);
}

TEST(Distributions, errors) {
  EXPECT_ERROR(DTypeError, "[randint] expects an integer dtype or bool: got float16",
               random::randint(0, 1, Shape{1}, Dtype::float16));
  EXPECT_ERROR(ShapeError, "[randint] parameters of shape (2,) do not broadcast to (1,)",
               random::randint(array({1, 2}), 3, Shape{1}));
  EXPECT_ERROR(DTypeError, "[bernoulli] expects a floating probability: got bool",
               random::bernoulli(true));
  EXPECT_ERROR(DTypeError, "[gumbel] expects a floating dtype: got complex64",
               random::gumbel(Shape{1}, Dtype::complex64));
  EXPECT_ERROR(ArgumentError, "[permutation] the count must not be negative: got -1",
               random::permutation(-1));
  EXPECT_ERROR(ShapeError,
               "[multivariate_normal] the covariance is not square of the mean's size: got (2, 3) "
               "for (2,)",
               random::multivariate_normal(zeros(Shape{2}), zeros(Shape{2, 3})));
}

}  // namespace
}  // namespace tandem
