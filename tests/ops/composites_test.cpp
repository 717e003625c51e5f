// Functions over rows: values of every class of dtype, shapes, errors.
#include "tandem/ops/composites.h"

#include <gmock/gmock.h>

#include "values.h"

namespace tandem {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInf = std::numeric_limits<double>::infinity();

array numbers(std::vector<double> values, Dtype dtype) {
  return from_doubles(values, Shape{static_cast<int64_t>(values.size())}, dtype);
}

TEST(Composites, round_keeps_every_dtype) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    if (dtype == Dtype::bool_) continue;
    const array x = numbers({15, 25, 14, 0}, dtype);
    EXPECT_EQ(round(x, -1).dtype(), dtype);
    EXPECT_EQ(doubles(round(x, -1)), (std::vector<double>{20, 20, 10, 0})) << name_of(dtype);
    EXPECT_EQ(doubles(round(x, 2)), (std::vector<double>{15, 25, 14, 0})) << name_of(dtype);
  }
  EXPECT_EQ(doubles(round(numbers({0.5, 1.5, -2.5}, Dtype::float64))),
            (std::vector<double>{0, 2, -2}));
}

TEST(Composites, clip_takes_either_bound) {
  const array x = numbers({1, 2, 3}, Dtype::int16);
  EXPECT_EQ(doubles(clip(x, int64_t{2}, std::nullopt)), (std::vector<double>{2, 2, 3}));
  EXPECT_EQ(doubles(clip(x, std::nullopt, int64_t{2})), (std::vector<double>{1, 2, 2}));
  EXPECT_EQ(clip(x, int64_t{1}, int64_t{2}).dtype(), Dtype::int16);
  EXPECT_EQ(clip(x, 1.5, 2.5).dtype(), Dtype::float32);
  EXPECT_THAT([&] { clip(x, std::nullopt, std::nullopt); },
              testing::ThrowsMessage<ArgumentError>(
                  "[clip] at most one of a_min and a_max may be None: got None for both"));
}

TEST(Composites, nan_to_num_uses_the_largest_finite_number) {
  const array x = numbers({kNan, kInf, -kInf, 1}, Dtype::float16);
  EXPECT_EQ(doubles(nan_to_num(x)), (std::vector<double>{0, 65504, -65504, 1}));
  EXPECT_EQ(doubles(nan_to_num(x, 2, 3.0, 4.0)), (std::vector<double>{2, 3, 4, 1}));
  EXPECT_EQ(doubles(nan_to_num(array({1, 2}), 7)), (std::vector<double>{1, 2}));
}

TEST(Composites, divmod_rounds_down) {
  const auto [quotient, rest] = divmod(numbers({7, -7}, Dtype::int32), int64_t{2});
  EXPECT_EQ(doubles(quotient), (std::vector<double>{3, -4}));
  EXPECT_EQ(doubles(rest), (std::vector<double>{1, 1}));
  EXPECT_THAT([] { divmod(zeros(Shape{1}, Dtype::complex64), int64_t{2}); },
              testing::ThrowsMessage<DTypeError>(
                  "[divmod] expects integers, booleans or floats: got complex64"));
}

TEST(Composites, isclose_and_allclose) {
  const array x = numbers({1, kInf, kNan, 1}, Dtype::float64);
  const array y = numbers({1 + 1e-6, kInf, kNan, kInf}, Dtype::float64);
  EXPECT_EQ(doubles(isclose(x, y)), (std::vector<double>{1, 1, 0, 0}));
  EXPECT_EQ(doubles(isclose(x, y, 1e-5, 1e-8, true)), (std::vector<double>{1, 1, 1, 0}));
  EXPECT_FALSE(allclose(x, y).item<bool>());
  // Unsigned operands do not wrap.
  EXPECT_TRUE(allclose(numbers({1}, Dtype::uint8), numbers({2}, Dtype::uint8), 0, 1).item<bool>());
}

TEST(Composites, array_equal_compares_shapes_first) {
  EXPECT_TRUE(array_equal(array({1, 2}), array({1.0f, 2.0f})).item<bool>());
  EXPECT_FALSE(array_equal(array({1, 2}), array({1, 2, 3})).item<bool>());
  EXPECT_FALSE(array_equal(array({1, 2}), array({1, 3})).item<bool>());
  const array nan = numbers({kNan}, Dtype::float32);
  EXPECT_FALSE(array_equal(nan, nan).item<bool>());
  EXPECT_TRUE(array_equal(nan, nan, true).item<bool>());
}

}  // namespace
}  // namespace tandem
