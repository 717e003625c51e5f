// Arrays as text.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tandem/tandem.h"

namespace tandem {
namespace {

array range(int64_t count, Dtype dtype = Dtype::int32) {
  return arange(Scalar(int64_t{0}), Scalar(count), Scalar(int64_t{1}), dtype);
}

TEST(Print, as_the_documents_show_it) {
  EXPECT_EQ(to_string(array({2, 3, 4})), "array([2, 3, 4], dtype=int32)");
  EXPECT_EQ(to_string(array({0.5f, 1.0f, -2.25f})), "array([0.5, 1, -2.25], dtype=float32)");
  EXPECT_EQ(to_string(array(true)), "array(True, dtype=bool)");
  EXPECT_EQ(to_string(reshape(range(6), Shape{2, 3})),
            "array([[0, 1, 2],\n       [3, 4, 5]], dtype=int32)");
  EXPECT_EQ(to_string(zeros(Shape{0})), "array([], dtype=float32)");
}

TEST(Print, blocks_are_indented_by_their_depth) {
  EXPECT_EQ(to_string(reshape(range(8), Shape{2, 2, 2})),
            "array([[[0, 1],\n        [2, 3]],\n       [[4, 5],\n        [6, 7]]], dtype=int32)");
}

TEST(Print, options_set_the_decimals) {
  const PrintOptions before = get_printoptions();
  EXPECT_LT(before.precision, 0);
  set_printoptions({3});
  EXPECT_EQ(get_printoptions().precision, 3);
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(to_string(array({3.14159f, 1e-7f, 123456.789f, infinity})),
            "array([3.142, 0.000, 123456.789, inf], dtype=float32)");
  EXPECT_EQ(to_string(array(std::complex<float>(0.5f, -1.0f))),
            "array(0.500-1.000j, dtype=complex64)");
  EXPECT_EQ(to_string(array({1, 2})), "array([1, 2], dtype=int32)");
  set_printoptions(before);
  EXPECT_EQ(to_string(array({0.5f})), "array([0.5], dtype=float32)");
}

TEST(Print, long_axes_are_shortened) {
  EXPECT_EQ(to_string(range(6)), "array([0, 1, 2, 3, 4, 5], dtype=int32)");
  EXPECT_EQ(to_string(range(7)), "array([0, 1, 2, ..., 4, 5, 6], dtype=int32)");
  EXPECT_EQ(to_string(broadcast_to(range(1), Shape{8, 1})),
            "array([[0],\n       [0],\n       [0],\n       ...,\n       [0],\n       [0],\n       "
            "[0]], dtype=int32)");
}

TEST(Print, special_values) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(to_string(array({infinity, -infinity, std::numeric_limits<float>::quiet_NaN(), -0.0f,
                             1e-20f, 1e20f})),
            "array([inf, -inf, nan, -0, 1e-20, 1e+20], dtype=float32)");
  EXPECT_EQ(to_string(array(Scalar(int64_t{-1}), Dtype::uint64)),
            "array(18446744073709551615, dtype=uint64)");
  EXPECT_EQ(to_string(array(std::complex<float>(1.5f, -2.0f))), "array(1.5-2j, dtype=complex64)");
}

TEST(Print, every_dtype_and_any_layout) {
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const std::string text = to_string(zeros(Shape{2}, dtype));
    EXPECT_NE(text.find("dtype=" + std::string(name_of(dtype)) + ")"), std::string::npos) << text;
  }
  EXPECT_EQ(to_string(transpose(reshape(range(6), Shape{2, 3}))),
            "array([[0, 3],\n       [1, 4],\n       [2, 5]], dtype=int32)");
  EXPECT_EQ(to_string(slice(range(6), Shape{5}, Shape{3}, Shape{-2})),
            "array([5, 3, 1], dtype=int32)");
}

TEST(Array, item_and_properties) {
  const array a = reshape(range(6), Shape{2, 3});
  EXPECT_EQ(a.ndim(), 2);
  EXPECT_EQ(a.size(), 6);
  EXPECT_EQ(a.nbytes(), 24u);
  EXPECT_EQ(a.shape(-1), 3);
  EXPECT_THROW(a.shape(2), AxisError);
  try {
    a.item();
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(), "[item] expects an array with one element: got shape (2, 3)");
  }
  EXPECT_EQ(slice(a, Shape{1, 2}, Shape{1, 1}, Shape{1, 1}).item<int>(), 5);
  EXPECT_EQ(array(3.5f).item<float>(), 3.5f);
}

TEST(Array, memory_of_others_is_read_in_place_and_let_go) {
  auto memory = std::make_shared<std::vector<float>>(std::vector<float>{0, 1, 2, 3, 4, 5});
  const std::weak_ptr<std::vector<float>> watch = memory;
  {
    // Backwards, every second element.
    const array a =
        array::from_foreign(memory->data() + 5, Shape{3}, Strides{-2}, Dtype::float32, memory);
    memory.reset();
    EXPECT_EQ(to_string(a), "array([5, 3, 1], dtype=float32)");
    EXPECT_EQ(to_string(add(a, a)), "array([10, 6, 2], dtype=float32)");
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_FALSE(watch.expired());  // owners are let go where it is asked for
  EXPECT_EQ(release_foreign_owners(), 1u);
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace tandem
