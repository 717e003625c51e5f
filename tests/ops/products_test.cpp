// einsum, tensordot, inner, outer, kron, vecdot and the products of integers against loops.
#include "values.h"

namespace tandem {
namespace {

TEST(Einsum, is_what_other_products_give) {
  const array a = range(Shape{2, 3, 4}), b = range(Shape{2, 4, 5});
  const array both[] = {a, b};
  EXPECT_EQ(doubles(einsum("bij,bjk->bik", both)), doubles(matmul(a, b)));
  EXPECT_EQ(doubles(einsum("bij,bjk->kbi", both)), doubles(transpose(matmul(a, b), {{2, 0, 1}})));
  EXPECT_EQ(doubles(einsum("...->...", std::span(&a, 1))), doubles(a));
  EXPECT_EQ(doubles(einsum("ijk->k", std::span(&a, 1))),
            doubles(sum(a, std::vector<int64_t>{0, 1})));
  const array square = range(Shape{3, 3});
  EXPECT_EQ(doubles(einsum("ii->i", std::span(&square, 1))), (std::vector<double>{0, 4, 8}));
  EXPECT_EQ(einsum("ii", std::span(&square, 1)).item<double>(), 12);
}

TEST(Einsum, order_of_steps) {
  const array operands[] = {ones(Shape{2, 3}), ones(Shape{3, 4}), ones(Shape{4, 5})};
  const auto [path, text] = einsum_path("ij,jk,kl", operands);
  EXPECT_EQ(path, (std::vector<std::vector<int>>{{1, 2}, {0, 1}}));
  EXPECT_NE(text.find("Optimized FLOP count:  180"), text.npos);
  EXPECT_EQ(doubles(sum(einsum("ij,jk,kl", operands)))[0], 10 * 12);
}

TEST(Products, of_integers) {
  const array a = range(Shape{2, 3}, Dtype::int16), b = range(Shape{3, 2}, Dtype::int16);
  const array c = array({1, 2});
  EXPECT_EQ(addmm(c, a, b).dtype(), Dtype::int32);
  EXPECT_EQ(doubles(addmm(c, a, b, 2, -1)), (std::vector<double>{19, 24, 55, 78}));
  EXPECT_EQ(doubles(tensordot(a, b, 1)), doubles(matmul(a, b)));
  EXPECT_EQ(doubles(tensordot(a, a, {0, 1}, {0, 1})), std::vector<double>{55});
  EXPECT_EQ(doubles(inner(a, a)), (std::vector<double>{5, 14, 14, 50}));
  EXPECT_EQ(doubles(outer(array({1, 2}), array({3, 4}))), (std::vector<double>{3, 4, 6, 8}));
  EXPECT_EQ(doubles(kron(array({1, 2}), array({3, 4}))), (std::vector<double>{3, 4, 6, 8}));
  EXPECT_EQ(doubles(vecdot(a, a)), (std::vector<double>{5, 50}));
  EXPECT_EQ(vecdot(a, a).dtype(), Dtype::int16);
}

TEST(Products, errors) {
  const array a = range(Shape{2, 3});
  EXPECT_ERROR(ShapeError, "[inner] last extents differ: got (2, 3) x (2,)",
               inner(a, range(Shape{2})));
  EXPECT_ERROR(ArgumentError, "[tensordot] cannot sum over 3 axes of (2, 3) x (2, 3)",
               tensordot(a, a, 3));
  EXPECT_ERROR(ShapeError,
               "[tensordot] summed extents differ: got axis 1 of (2, 3) x axis 0 of (2, 3)",
               tensordot(a, a, 1));
  EXPECT_ERROR(ArgumentError, "[tensordot] axis -1 is named twice",
               tensordot(a, a, {1, -1}, {0, 1}));
  EXPECT_ERROR(ShapeError, "[vecdot] summed extents differ: got axis -1 of (2, 3) x (2,)",
               vecdot(a, range(Shape{2})));
  EXPECT_ERROR(ArgumentError, "[einsum] expects one operand per term: got 1 operands for 'ij,jk'",
               einsum("ij,jk", std::span(&a, 1)));
  EXPECT_ERROR(ArgumentError, "[einsum] subscripts are letters: got '?'",
               einsum("i?", std::span(&a, 1)));
}

}  // namespace
}  // namespace tandem
