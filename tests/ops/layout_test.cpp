// Views of bytes, further arrangements, triangles and windows.
#include <algorithm>
#include <numbers>

#include "values.h"

namespace tandem {
namespace {

bool has_shape(const array& a, Dims shape) { return std::ranges::equal(a.shape(), shape); }

TEST(View, shares_the_memory_of_evaluated_arrays) {
  const array a = array({1.0f, -2.0f, 0.0f, 3.0f});
  const array words = view(a, Dtype::uint32);
  EXPECT_EQ(words.data(), a.data());
  EXPECT_EQ(words.data<uint32_t>()[1], 0xc0000000U);
  EXPECT_EQ(view(a, Dtype::uint64).size(), 2);
  EXPECT_EQ(view(a, Dtype::uint8).size(), 16);
  // From an odd element on the larger elements have no address of their own.
  const array odd = slice(a, Shape{1}, Shape{2}, Shape{1});
  EXPECT_EQ(view(odd, Dtype::uint64).data<uint64_t>()[0], 0xc0000000U);
}

TEST(View, of_pending_and_strided_values) {
  const array a = transpose(range(Shape{40, 33}, Dtype::int32));
  EXPECT_EQ(doubles(view(add(a, a), Dtype::int32)), doubles(add(a, a)));
  const array halves = view(view(negative(a), Dtype::int16), Dtype::int32);
  EXPECT_EQ(doubles(halves), doubles(negative(a)));
  EXPECT_EQ(doubles(view(full(Shape{2}, Scalar(1.0)), Dtype::uint32)),
            (std::vector<double>{0x3f800000, 0x3f800000}));
  EXPECT_TRUE(has_shape(view(zeros(Shape{3, 0}), Dtype::int64), Shape{3, 0}));
}

TEST(Layout, arrangements) {
  const array a = range(Shape{2, 6});
  EXPECT_TRUE(has_shape(unflatten(a, -1, Shape{3, -1}), Shape{2, 3, 2}));
  EXPECT_TRUE(has_shape(atleast_3d(a), Shape{2, 6, 1}));
  EXPECT_TRUE(has_shape(atleast_3d(array({1, 2})), Shape{1, 2, 1}));
  EXPECT_TRUE(has_shape(atleast_2d(array(1)), Shape{1, 1}));
  const array both[] = {a, range(Shape{2, 1})};
  EXPECT_EQ(doubles(broadcast_arrays(both)[1]),
            (std::vector<double>{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}));
  const array axes[] = {array({1, 2}), array({3, 4, 5})};
  EXPECT_EQ(doubles(meshgrid(axes)[0]), (std::vector<double>{1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(doubles(meshgrid(axes, false, Grid::ij)[1]), (std::vector<double>{3, 4, 5, 3, 4, 5}));
  EXPECT_TRUE(has_shape(meshgrid(axes, true)[1], Shape{3, 1}));
}

TEST(Triangle, of_every_dtype) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const array a = ones(Shape{2, 3}, dtype);
    EXPECT_EQ(tril(a).dtype(), dtype);
    EXPECT_EQ(doubles(tril(a)), (std::vector<double>{1, 0, 0, 1, 1, 0}));
    EXPECT_EQ(doubles(triu(a, 1)), (std::vector<double>{0, 1, 1, 0, 0, 1}));
    EXPECT_EQ(doubles(tri(2, 3, 1, dtype)), (std::vector<double>{1, 1, 0, 1, 1, 1}));
  }
}

TEST(Windows, near_their_formulas) {
  constexpr double pi = std::numbers::pi;
  const std::vector<double> hann = doubles(hanning(9)), triangle = doubles(bartlett(9)),
                            black = doubles(blackman(9)), ham = doubles(hamming(9));
  for (int i = 0; i < 9; ++i) {
    const auto at = static_cast<size_t>(i);
    const double turn = 2 * pi * i / 8;
    EXPECT_NEAR(hann[at], 0.5 - 0.5 * std::cos(turn), 3e-7);
    EXPECT_NEAR(ham[at], 0.54 - 0.46 * std::cos(turn), 3e-7);
    EXPECT_NEAR(black[at], 0.42 - 0.5 * std::cos(turn) + 0.08 * std::cos(2 * turn), 3e-7);
    EXPECT_NEAR(triangle[at], 1 - std::abs(i / 4.0 - 1), 3e-7);
  }
  EXPECT_EQ(doubles(hanning(1)), std::vector<double>{1});
  EXPECT_EQ(hamming(0).size(), 0);
}

TEST(Layout, errors) {
  const array a = range(Shape{2, 3});
  EXPECT_ERROR(
      ShapeError,
      "[view] the last axis of shape (2, 3) has 12 bytes, which is no multiple of the 8 of int64",
      view(a, Dtype::int64));
  EXPECT_ERROR(ShapeError,
               "[view] a scalar keeps its size: got float32 as int8, expected a dtype of 4 bytes",
               view(array(1.0f), Dtype::int8));
  EXPECT_ERROR(ShapeError, "[unflatten] axis 1 of shape (2, 3) cannot become (2, 2)",
               unflatten(a, 1, Shape{2, 2}));
  EXPECT_ERROR(ShapeError, "[triu] expects at least two dimensions: got shape (3,)",
               triu(range(Shape{3})));
}

}  // namespace
}  // namespace tandem
