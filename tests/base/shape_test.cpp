#include "tandem/base/shape.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tandem/base/error.h"

namespace tandem {
namespace {

TEST(Shape, prints_like_a_tuple) {
  EXPECT_EQ(to_string(Shape{}), "()");
  EXPECT_EQ(to_string(Shape{3}), "(3,)");
  EXPECT_EQ(to_string(Shape{2, 3}), "(2, 3)");
}

TEST(Shape, counts_elements_and_refuses_overflow) {
  EXPECT_EQ(element_count(Shape{}), 1);
  EXPECT_EQ(element_count(Shape{1 << 30, 1 << 30, 0}), 0);
  EXPECT_EQ(element_count(Shape{int64_t{1} << 40, 1 << 20}), int64_t{1} << 60);
  EXPECT_THROW(element_count(Shape{int64_t{1} << 40, int64_t{1} << 40}), ShapeError);
  EXPECT_THROW(element_count(Shape{-1}), ShapeError);
}

TEST(Broadcast, follows_numpy) {
  EXPECT_EQ(broadcast_shapes(Shape{3, 1}, Shape{4}, "add"), (Shape{3, 4}));
  EXPECT_EQ(broadcast_shapes(Shape{0, 1}, Shape{1, 5}, "add"), (Shape{0, 5}));
  try {
    broadcast_shapes(Shape{3, 2}, Shape{4}, "add");
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(), "[add] shapes do not broadcast: got (3, 2) and (4,)");
  }
}

TEST(Axis, counts_from_the_end) {
  EXPECT_EQ(normalize_axis(-1, 3, "sum"), 2);
  try {
    normalize_axis(3, 3, "sum");
    FAIL();
  } catch (const AxisError& error) {
    EXPECT_STREQ(error.what(), "[sum] axis 3 is out of range for an array with 3 dimensions");
  }
}

// Every address a reshaped view visits must equal the one the original visits in row-major order.
std::vector<int64_t> addresses(Dims shape, Dims strides) {
  std::vector<int64_t> result;
  Shape index(shape.size(), 0);
  const int64_t count = element_count(shape);
  for (int64_t i = 0; i < count; ++i) {
    int64_t address = 0;
    for (size_t axis = 0; axis < shape.size(); ++axis) address += index[axis] * strides[axis];
    result.push_back(address);
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return result;
}

TEST(Reshape, strides_visit_the_same_elements) {
  std::mt19937 random(7);
  int expressible = 0;
  for (int round = 0; round < 20000; ++round) {
    const auto draw_shape = [&](int64_t count) {
      Shape shape;
      while (count > 1) {
        int64_t factor = 1 + static_cast<int64_t>(random() % static_cast<unsigned>(count));
        while (count % factor != 0) --factor;
        shape.push_back(factor);
        count /= factor;
        if (shape.size() > 5) {
          shape.push_back(count);
          break;
        }
      }
      if (random() % 3 == 0) shape.push_back(1);
      return shape;
    };
    const Shape shape = draw_shape(24), target = draw_shape(24);
    Strides strides = row_major_strides(shape);
    if (random() % 2 == 0) {
      for (auto& stride : strides) stride *= 1 + static_cast<int64_t>(random() % 2);
    }
    if (strides.size() > 1 && random() % 3 == 0) std::swap(strides[0], strides[1]);
    Strides result;
    const bool possible = reshape_strides(shape, strides, target, result);
    if (is_row_major(shape, strides)) {
      EXPECT_TRUE(possible) << to_string(shape) << to_string(target);
    }
    if (!possible) continue;
    ++expressible;
    EXPECT_EQ(addresses(shape, strides), addresses(target, result))
        << to_string(shape) << " as " << to_string(target);
  }
  EXPECT_GT(expressible, 1000);
}

}  // namespace
}  // namespace tandem
