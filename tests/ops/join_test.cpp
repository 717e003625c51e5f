// Joining, cutting, repeating, padding and rolling against index arithmetic.
#include <algorithm>
#include <functional>

#include "values.h"

namespace tandem {
namespace {

using Index = std::vector<int64_t>;

// The array of this shape whose element at an index is f(index).
std::vector<double> generated(Dims shape, const std::function<double(const Index&)>& f) {
  std::vector<double> result;
  for (int64_t linear = 0; linear < element_count(shape); ++linear) {
    Index index(shape.size());
    int64_t rest = linear;
    for (size_t i = shape.size(); i-- > 0; rest /= shape[i]) index[i] = rest % shape[i];
    result.push_back(f(index));
  }
  return result;
}

double at(const array& a, const Index& index) {
  Shape starts(index.size(), 0);
  std::copy(index.begin(), index.end(), starts.begin());
  const Shape ones(index.size(), 1);
  return doubles(slice(a, starts, ones, ones))[0];
}

std::vector<double> joined(const std::vector<array>& parts, size_t axis, Dims shape) {
  return generated(shape, [&](const Index& index) {
    Index inner = index;
    for (const array& part : parts) {
      if (inner[axis] < part.shape()[axis]) return at(part, inner);
      inner[axis] -= part.shape()[axis];
    }
    return std::numeric_limits<double>::quiet_NaN();
  });
}

TEST(Concatenate, every_dtype) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const array a = from_doubles({1, 0, 1}, Shape{3}, dtype);
    const array both[] = {a, flip(a), zeros(Shape{0}, dtype), ones(Shape{2}, dtype)};
    const array result = concatenate(both);
    EXPECT_EQ(result.dtype(), dtype);
    EXPECT_EQ(doubles(result), (std::vector<double>{1, 0, 1, 1, 0, 1, 1, 1}));
  }
  const array mixed[] = {array({1, 2}), array({0.5f})};
  EXPECT_EQ(concatenate(mixed).dtype(), Dtype::float32);
  EXPECT_EQ(doubles(concatenate(mixed)), (std::vector<double>{1, 2, 0.5}));
}

TEST(Concatenate, views_along_any_axis) {
  for (const Dtype dtype : {Dtype::uint8, Dtype::float16, Dtype::float32, Dtype::int64}) {
    const array a = range(Shape{5, 40, 37}, dtype);
    const std::vector<array> parts = {
        a, transpose(range(Shape{37, 40, 5}, dtype)), flip(a),
        broadcast_to(range(Shape{40, 1}, dtype), Shape{5, 40, 37}),
        slice(range(Shape{10, 80, 74}, dtype), Shape{9, 0, 1}, Shape{5, 40, 37}, Shape{-2, 2, 2})};
    for (int64_t axis = 0; axis < 3; ++axis) {
      Shape shape(a.shape());
      shape[static_cast<size_t>(axis)] *= 5;
      const array result = concatenate(parts, axis);
      EXPECT_TRUE(std::ranges::equal(result.shape(), shape));
      // Each part stands where it should.
      std::vector<array> seen = split(result, 5, axis);
      for (size_t p = 0; p < parts.size(); ++p) EXPECT_EQ(doubles(seen[p]), doubles(parts[p]));
      EXPECT_EQ(doubles(concatenate(parts, axis - 3)), doubles(result));
    }
  }
  const array small = range(Shape{2, 3});
  const std::vector<array> uneven = {small, slice(small, Shape{0, 0}, Shape{2, 1}, Shape{1, 1})};
  EXPECT_EQ(doubles(concatenate(uneven, 1)), joined(uneven, 1, Shape{2, 4}));
}

TEST(Concatenate, many_large_and_pending) {
  std::vector<array> parts;
  std::vector<double> expected;
  for (int i = 0; i < 700; ++i) {
    parts.push_back(full(Shape{1, 1}, Scalar(int64_t{i})));
    expected.push_back(i);
  }
  EXPECT_EQ(doubles(concatenate(parts)), expected);
  const array big = range(Shape{1'000'003}, Dtype::int32);
  const array twice[] = {add(big, big), big};
  const array sum_of = sum(concatenate(twice));
  EXPECT_EQ(doubles(sum_of), doubles(sum(multiply(big, Scalar(int64_t{3})))));
}

TEST(Concatenate, flattened_and_empty) {
  const array parts[] = {range(Shape{2, 2}), array(7.0f)};
  EXPECT_EQ(doubles(concatenate(parts, std::nullopt)), (std::vector<double>{0, 1, 2, 3, 7}));
  const array none[] = {zeros(Shape{2, 0}), zeros(Shape{3, 0}, Dtype::float16)};
  EXPECT_TRUE(std::ranges::equal(concatenate(none).shape(), Shape{5, 0}));
  EXPECT_EQ(doubles(concatenate(std::span(parts, 1))), (std::vector<double>{0, 1, 2, 3}));
}

TEST(Stack, along_a_new_axis) {
  const std::vector<array> parts = {range(Shape{2, 3}), flip(range(Shape{2, 3}))};
  for (int axis = 0; axis < 3; ++axis) {
    const array result = stack(parts, axis);
    EXPECT_EQ(result.shape(axis), 2);
    const std::vector<array> seen = unstack(result, axis);
    for (size_t p = 0; p < 2; ++p) EXPECT_EQ(doubles(seen[p]), doubles(parts[p]));
    EXPECT_EQ(doubles(stack(parts, axis - 3)), doubles(result));
  }
  EXPECT_TRUE(std::ranges::equal(stack(parts, std::nullopt).shape(), Shape{2, 6}));
}

TEST(Split, into_parts) {
  const array a = range(Shape{2, 6});
  const std::vector<array> equal_parts = split(a, 3, 1);
  ASSERT_EQ(equal_parts.size(), 3U);
  EXPECT_EQ(doubles(equal_parts[1]), (std::vector<double>{2, 3, 8, 9}));
  const std::vector<array> parts = split(a, std::vector<int64_t>{2, 1, -1, 9}, -1);
  ASSERT_EQ(parts.size(), 5U);
  const int64_t counts[] = {2, 0, 4, 1, 0};
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(parts[i].shape(1), counts[i]);
  EXPECT_EQ(doubles(parts[3]), (std::vector<double>{5, 11}));
  EXPECT_EQ(split(a, std::vector<int64_t>{}, 0).size(), 1U);
  EXPECT_EQ(unstack(zeros(Shape{0, 2})).size(), 0U);
}

TEST(Repeat, elements_and_arrays) {
  const array a = range(Shape{2, 3});
  EXPECT_EQ(doubles(repeat(a, 2, 1)),
            generated(Shape{2, 6}, [&](const Index& i) { return at(a, {i[0], i[1] / 2}); }));
  EXPECT_EQ(doubles(repeat(a, 3, -2)),
            generated(Shape{6, 3}, [&](const Index& i) { return at(a, {i[0] / 3, i[1]}); }));
  EXPECT_EQ(doubles(repeat(array({1, 2}), 2)), (std::vector<double>{1, 1, 2, 2}));
  EXPECT_EQ(doubles(repeat(array(3), 2)), (std::vector<double>{3, 3}));
  EXPECT_TRUE(std::ranges::equal(repeat(a, 0, 1).shape(), Shape{2, 0}));
  EXPECT_EQ(doubles(tile(a, {2, 1, 2})),
            generated(Shape{2, 2, 6}, [&](const Index& i) { return at(a, {i[1], i[2] % 3}); }));
  EXPECT_EQ(doubles(tile(a, {2})), doubles(concatenate(std::vector<array>{a, a}, 1)));
  EXPECT_EQ(doubles(tile(a, {})), doubles(a));
  EXPECT_TRUE(std::ranges::equal(tile(a, {0, 1}).shape(), Shape{0, 3}));
  EXPECT_EQ(doubles(tile(array(2), {3})), (std::vector<double>{2, 2, 2}));
}

TEST(Pad, with_a_value) {
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const array a = ones(Shape{2, 1, 2}, dtype);
    const PadWidth widths[] = {{1, 0}, {0, 2}, {1, 1}};
    const array result = pad(a, widths, PadMode::constant, 0);
    EXPECT_EQ(result.dtype(), dtype);
    EXPECT_EQ(doubles(result), generated(Shape{3, 3, 4}, [&](const Index& at) {
                return at[0] >= 1 && at[1] < 1 && at[2] >= 1 && at[2] < 3 ? 1.0 : 0.0;
              }));
  }
  const PadWidth widths[] = {{2, 1}, {0, 3}};
  const array a = transpose(range(Shape{70, 130}, Dtype::int32));
  const array result = pad(a, widths, PadMode::constant, array(7.0f));
  EXPECT_EQ(doubles(slice(result, Shape{2, 0}, a.shape(), Shape{1, 1})), doubles(a));
  EXPECT_EQ(doubles(sum(result)), doubles(add(sum(a), int64_t{7} * (133 * 73 - 130 * 70))));
  EXPECT_EQ(doubles(pad(zeros(Shape{0}), std::vector<PadWidth>{{1, 2}}, PadMode::constant, 4)),
            (std::vector<double>{4, 4, 4}));
  EXPECT_EQ(pad(array(1), {}).size(), 1);
  const PadWidth uneven[] = {{0, 0}, {0, 1}};
  EXPECT_EQ(pad(zeros(Shape{0, 0}), uneven).shape(1), 1);
  // The widths are parameters of one plan.
  for (int64_t before = 0; before < 4; ++before) {
    const array moved = pad(array({1, 2}), std::vector<PadWidth>{{before, 3 - before}});
    std::vector<double> expected(5, 0);
    expected[static_cast<size_t>(before)] = 1;
    expected[static_cast<size_t>(before) + 1] = 2;
    EXPECT_EQ(doubles(moved), expected);
  }
}

TEST(Pad, with_its_own_elements) {
  const array a = array({1, 2, 3});
  const auto padded = [&](int64_t before, int64_t after, PadMode mode) {
    return doubles(pad(a, std::vector<PadWidth>{{before, after}}, mode));
  };
  EXPECT_EQ(padded(2, 1, PadMode::edge), (std::vector<double>{1, 1, 1, 2, 3, 3}));
  EXPECT_EQ(padded(2, 1, PadMode::reflect), (std::vector<double>{3, 2, 1, 2, 3, 2}));
  EXPECT_EQ(padded(2, 1, PadMode::symmetric), (std::vector<double>{2, 1, 1, 2, 3, 3}));
  EXPECT_EQ(padded(5, 0, PadMode::reflect), (std::vector<double>{2, 1, 2, 3, 2, 1, 2, 3}));
  EXPECT_EQ(padded(0, 5, PadMode::symmetric), (std::vector<double>{1, 2, 3, 3, 2, 1, 1, 2}));
  const PadWidth widths[] = {{1, 0}, {0, 1}};
  EXPECT_EQ(doubles(pad(range(Shape{2, 2}), widths, PadMode::reflect)),
            (std::vector<double>{2, 3, 2, 0, 1, 0, 2, 3, 2}));
  EXPECT_EQ(doubles(pad(array({9}), std::vector<PadWidth>{{2, 1}}, PadMode::reflect)),
            (std::vector<double>{9, 9, 9, 9}));
}

TEST(Roll, along_axes) {
  const array a = range(Shape{2, 3});
  const auto rolled = [&](int64_t rows, int64_t columns) {
    return generated(Shape{2, 3}, [&](const Index& i) {
      return at(a, {((i[0] - rows) % 2 + 2) % 2, ((i[1] - columns) % 3 + 3) % 3});
    });
  };
  using Axes = std::vector<int64_t>;
  EXPECT_EQ(doubles(roll(a, {1}, Axes{1})), rolled(0, 1));
  EXPECT_EQ(doubles(roll(a, {1, -1}, Axes{0, 1})), rolled(1, -1));
  EXPECT_EQ(doubles(roll(a, {7}, Axes{0, -1})), rolled(7, 7));
  EXPECT_EQ(doubles(roll(a, {1, 1}, Axes{1})), rolled(0, 2));
  EXPECT_EQ(doubles(roll(a, {1})), (std::vector<double>{5, 0, 1, 2, 3, 4}));
  EXPECT_EQ(doubles(roll(array(1), {2})), std::vector<double>{1});
  EXPECT_EQ(roll(zeros(Shape{0, 2}), {1}, Axes{0}).size(), 0);
}

TEST(Diff, of_neighbours) {
  EXPECT_EQ(doubles(diff(array({3, 1, 2}))), (std::vector<double>{-2, 1}));
  EXPECT_EQ(doubles(diff(array({3, 1, 2}), 2)), std::vector<double>{3});
  EXPECT_EQ(diff(array({3, 1, 2}), 5).size(), 0);
  EXPECT_EQ(doubles(diff(array({true, false, false}))), (std::vector<double>{1, 0}));
  EXPECT_EQ(doubles(diff(range(Shape{2, 2}), 1, 0)), (std::vector<double>{2, 2}));
  EXPECT_EQ(doubles(diff(from_doubles({3, 1}, Shape{2}, Dtype::uint8))), std::vector<double>{254});
}

TEST(Join, errors) {
  const array a = range(Shape{2, 3});
  const array misfit[] = {a, range(Shape{2, 2})}, flat[] = {a, range(Shape{3})};
  EXPECT_ERROR(ArgumentError, "[concatenate] expects at least one array: got none",
               concatenate({}));
  EXPECT_ERROR(ShapeError, "[concatenate] shapes must agree but for axis 0: got (2, 3) and (2, 2)",
               concatenate(misfit));
  EXPECT_ERROR(ShapeError, "[concatenate] shapes must agree but for axis 1: got (2, 3) and (3,)",
               concatenate(flat, 1));
  EXPECT_ERROR(AxisError, "[concatenate] axis 2 is out of range for an array with 2 dimensions",
               concatenate(std::span(&a, 1), 2));
  EXPECT_ERROR(ShapeError, "[stack] shapes must agree: got (2, 3) and (2, 2)", stack(misfit));
  EXPECT_ERROR(ArgumentError, "[stack] expects at least one array: got none", stack({}));
  EXPECT_ERROR(AxisError, "[stack] axis 3 is out of range for an array with 3 dimensions",
               stack(std::span(&a, 1), 3));
  EXPECT_ERROR(ArgumentError, "[split] axis 1 of shape (2, 3) has no 2 equal parts",
               split(a, 2, 1));
  EXPECT_ERROR(ArgumentError, "[split] the number of parts must be positive: got 0", split(a, 0));
  EXPECT_ERROR(ArgumentError, "[repeat] the number of repeats must not be negative: got -1",
               repeat(a, -1));
  EXPECT_ERROR(ArgumentError, "[tile] repetitions must not be negative: got -1", tile(a, {-1}));
  EXPECT_ERROR(ArgumentError, "[pad] expects one width per dimension: got 1 for shape (2, 3)",
               pad(a, std::vector<PadWidth>{{1, 1}}));
  EXPECT_ERROR(ArgumentError, "[pad] widths must not be negative: got (0, -1) for axis 1",
               pad(a, std::vector<PadWidth>{{1, 1}, {0, -1}}));
  EXPECT_ERROR(ShapeError, "[pad] expects one value to pad with: got shape (2, 3)",
               pad(a, std::vector<PadWidth>{{1, 1}, {0, 1}}, PadMode::constant, a));
  EXPECT_ERROR(ArgumentError,
               "[pad] axis 0 is empty and has no elements to pad with: got shape (0,)",
               pad(zeros(Shape{0}), std::vector<PadWidth>{{1, 0}}, PadMode::edge));
  EXPECT_ERROR(ArgumentError, "[roll] expects one shift per axis: got 3 shifts for 2 axes",
               roll(a, {1, 2, 3}, std::vector<int64_t>{0, 1}));
  EXPECT_ERROR(AxisError, "[flip] axis 2 is out of range for an array with 2 dimensions",
               flip(a, std::vector<int64_t>{2}));
  EXPECT_ERROR(ArgumentError, "[diff] the order must not be negative: got -1", diff(a, -1));
}

}  // namespace
}  // namespace tandem
