// Reading and writing at positions: values against loops, in every dtype, and what is raised.
#include "values.h"

namespace tandem {
namespace {

constexpr Update kUpdates[] = {Update::set,    Update::add,     Update::subtract, Update::multiply,
                               Update::divide, Update::maximum, Update::minimum};

array indices(std::initializer_list<int32_t> values) { return array(values); }

TEST(Take, every_dtype) {
  const std::vector<double> values = {0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0};
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    const array a = from_doubles(values, Shape{3, 4}, dtype);
    const array rows = take(a, indices({2, 0, -1}), 0);
    EXPECT_EQ(rows.dtype(), dtype);
    EXPECT_EQ(doubles(rows), (std::vector<double>{0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0}));
    EXPECT_EQ(doubles(take(a, indices({1, 3}), 1)), (std::vector<double>{1, 0, 0, 1, 1, 0}));
    EXPECT_EQ(doubles(take(a, indices({11, 6}))), (std::vector<double>{0, 1}));
    EXPECT_EQ(doubles(take(a, int64_t{-1}, 0)), (std::vector<double>{0, 1, 1, 0}));
  }
}

TEST(Take, every_index_dtype_and_shape) {
  const array a = range(Shape{5, 3});
  for (const Dtype dtype : {Dtype::uint8, Dtype::uint16, Dtype::uint32, Dtype::uint64, Dtype::int8,
                            Dtype::int16, Dtype::int32, Dtype::int64}) {
    const array index = from_doubles({4, 1}, Shape{2, 1}, dtype);
    const array rows = take(a, index, 0);
    EXPECT_EQ(to_string(rows.shape()), "(2, 1, 3)");
    EXPECT_EQ(doubles(rows), (std::vector<double>{12, 13, 14, 3, 4, 5}));
    EXPECT_EQ(doubles(index_update(a, {index}, 0.5))[12], 0.5);
  }
  EXPECT_EQ(to_string(take(a, indices({}), 1).shape()), "(5, 0)");
  EXPECT_TRUE(doubles(take(a, indices({}), 1)).empty());
  EXPECT_EQ(to_string(take(a, array(2), 1).shape()), "(5,)");
}

TEST(Take, moves_what_is_out_of_range_to_the_nearest_end) {
  const array a = range(Shape{4});
  EXPECT_EQ(doubles(take(a, indices({-5, -4, 3, 4, 1 << 30, -(1 << 30)}))),
            (std::vector<double>{0, 0, 3, 3, 3, 0}));
}

TEST(Take, views_and_generators) {
  const array a = transpose(range(Shape{3, 4}) + array(1.0f));
  EXPECT_EQ(doubles(take(a, indices({3, 1}), 0)), (std::vector<double>{4, 8, 12, 2, 6, 10}));
  const array range_source = arange(Scalar(int64_t{5}), Scalar(int64_t{50}), Scalar(int64_t{5}));
  EXPECT_EQ(doubles(take(range_source, indices({0, 8}))), (std::vector<double>{5, 45}));
  EXPECT_EQ(doubles(take(broadcast_to(array(3.0f), Shape{4, 2}), indices({3}), 0)),
            (std::vector<double>{3, 3}));
  // The index a result of the same graph, the gathered elements used twice.
  const array index = take(array({2, 0, 1}), indices({1, 2, 0}));
  const array picked = take(a, index, 0);
  EXPECT_EQ(doubles(sum(picked * picked, std::vector<int64_t>{1})),
            (std::vector<double>{107, 140, 179}));
}

TEST(TakeAlongAxis, against_loops) {
  const array a = range(Shape{2, 3, 4});
  const array index = array({2, 0, 1, 1, 0, 0, 2, 2});
  const std::vector<double> found = doubles(take_along_axis(a, reshape(index, Shape{2, 1, 4}), 1));
  const int at[] = {2, 0, 1, 1, 0, 0, 2, 2};
  for (int p = 0; p < 2; ++p) {
    for (int q = 0; q < 4; ++q) EXPECT_EQ(found[p * 4 + q], p * 12 + at[p * 4 + q] * 4 + q);
  }
  EXPECT_EQ(doubles(take_along_axis(a, array({23, -1}), std::nullopt)),
            (std::vector<double>{23, 23}));
  EXPECT_EQ(to_string(take_along_axis(a, zeros(Shape{1, 5, 1}, Dtype::int32), 1).shape()),
            "(2, 5, 4)");
  EXPECT_EQ(to_string(take_along_axis(a, zeros(Shape{2, 0, 4}, Dtype::int32), 1).shape()),
            "(2, 0, 4)");
}

TEST(PutAlongAxis, the_last_value_stays) {
  const array a = zeros(Shape{2, 3});
  const array at = reshape(array({1, 1, 1, 2, 0, 2}), Shape{2, 3});
  const array values = reshape(array({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}), Shape{2, 3});
  EXPECT_EQ(doubles(put_along_axis(a, at, values, 1)), (std::vector<double>{0, 3, 0, 5, 0, 6}));
  EXPECT_EQ(doubles(scatter_add_axis(a, at, values, 1)), (std::vector<double>{0, 6, 0, 5, 0, 10}));
  EXPECT_EQ(doubles(put_along_axis(a, array({-1, 0}), array(7.0f))),
            (std::vector<double>{7, 0, 0, 0, 0, 7}));
}

// What the element x becomes when it takes in y.
double taken_in(double x, double y, Update how) {
  switch (how) {
    case Update::set:
      return y;
    case Update::add:
      return x + y;
    case Update::subtract:
      return x - y;
    case Update::multiply:
      return x * y;
    case Update::divide:
      return x / y;
    case Update::maximum:
      return std::max(x, y);
    case Update::minimum:
      break;
  }
  return std::min(x, y);
}

TEST(IndexUpdate, every_dtype_and_update) {
  const std::vector<int32_t> at = {1, 0, 1, 3, 1};
  for (int i = 0; i < kDtypeCount; ++i) {
    const auto dtype = static_cast<Dtype>(i);
    if (dtype == Dtype::bool_) continue;
    for (const Update how : kUpdates) {
      std::vector<double> expected = {64, 64, 64, 64};
      const std::vector<double> values = {2, 4, 1, 8, 2};
      for (size_t k = 0; k < at.size(); ++k) {
        double& element = expected[static_cast<size_t>(at[k])];
        element = taken_in(element, values[k], how);
      }
      const array a = from_doubles({64, 64, 64, 64}, Shape{4}, dtype);
      const array index(at.data(), Shape{5}, Dtype::int32);
      const array result = index_update(a, {index}, from_doubles(values, Shape{5}, dtype), how);
      EXPECT_EQ(result.dtype(), dtype);
      // Unsigned differences stay above zero, products of 8 bits wrap.
      if (how == Update::multiply && size_of(dtype) == 1) continue;
      EXPECT_EQ(doubles(result), expected) << name_of(dtype) << " " << name_of(how);
    }
  }
}

TEST(IndexUpdate, of_bool) {
  const array a = from_doubles({0, 1, 0, 1}, Shape{4}, Dtype::bool_);
  const array index = indices({0, 1, 1});
  const array values = from_doubles({1, 1, 0}, Shape{3}, Dtype::bool_);
  EXPECT_EQ(doubles(index_update(a, {index}, values, Update::set)),
            (std::vector<double>{1, 0, 0, 1}));
  EXPECT_EQ(doubles(index_update(a, {index}, values, Update::add)),
            (std::vector<double>{1, 1, 0, 1}));
  EXPECT_EQ(doubles(index_update(a, {index}, values, Update::multiply)),
            (std::vector<double>{0, 0, 0, 1}));
  EXPECT_EQ(doubles(index_update(a, {index}, values, Update::maximum)),
            (std::vector<double>{1, 1, 0, 1}));
}

TEST(IndexUpdate, nan_wins_and_order_counts) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const array a = zeros(Shape{2});
  const array values = from_doubles({nan, 1}, Shape{2}, Dtype::float32);
  EXPECT_TRUE(std::isnan(doubles(index_update(a, {indices({0, 0})}, values, Update::maximum))[0]));
  EXPECT_TRUE(std::isnan(doubles(index_update(a, {indices({0, 0})}, values, Update::minimum))[0]));
  // 1e8 + 1 - 1e8 is 0 in float32, 1e8 - 1e8 + 1 is 1.
  const array first = from_doubles({1e8, 1, -1e8}, Shape{3}, Dtype::float32);
  const array second = from_doubles({1e8, -1e8, 1}, Shape{3}, Dtype::float32);
  const array same = indices({1, 1, 1});
  EXPECT_EQ(doubles(index_update(a, {same}, first, Update::add))[1], 0);
  EXPECT_EQ(doubles(index_update(a, {same}, second, Update::add))[1], 1);
}

TEST(IndexUpdate, does_not_touch_its_source) {
  const array a = range(Shape{3, 3});
  a.eval();
  const array b = index_update(a, {Slice{1, {}, 2}, int64_t{0}}, 9.0);
  const array c = index_update(b, {indices({0})}, array({1.f, 2.f, 3.f}));
  EXPECT_EQ(doubles(c), (std::vector<double>{1, 2, 3, 9, 4, 5, 6, 7, 8}));
  EXPECT_EQ(doubles(b), (std::vector<double>{0, 1, 2, 9, 4, 5, 6, 7, 8}));
  EXPECT_EQ(doubles(a), (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(IndexUpdate, of_a_part_of_itself) {
  array a = range(Shape{6});
  a.eval();
  a = index_update(a, {Slice{1, {}}}, index(a, {Slice{{}, -1}}));
  EXPECT_EQ(doubles(a), (std::vector<double>{0, 0, 1, 2, 3, 4}));
  a = index_update(a, {Slice{{}, {}, -1}}, a);
  EXPECT_EQ(doubles(a), (std::vector<double>{4, 3, 2, 1, 0, 0}));
}

TEST(Index, masks) {
  const array a = range(Shape{2, 3});
  const array mask = greater(a, 2.0);
  EXPECT_EQ(doubles(index(a, {mask})), (std::vector<double>{3, 4, 5}));
  EXPECT_EQ(doubles(index_update(a, {mask}, array({7.f, 8.f, 9.f}))),
            (std::vector<double>{0, 1, 2, 7, 8, 9}));
  EXPECT_EQ(doubles(index_update(a, {mask}, 1.0, Update::add)),
            (std::vector<double>{0, 1, 2, 4, 5, 6}));
  const array flag(Scalar(true), Dtype::bool_);
  EXPECT_EQ(to_string(index(a, {flag}).shape()), "(1, 2, 3)");
  EXPECT_EQ(to_string(index(a, {logical_not(flag)}).shape()), "(0, 2, 3)");
  EXPECT_EQ(doubles(index_update(a, {flag}, 3.0))[0], 3);
}

TEST(Slice, with_pending_starts) {
  const array a = range(Shape{3, 4});
  const array known = array({1, 2}), pending = known + array(0);
  for (const array& start : {known, pending}) {
    EXPECT_EQ(doubles(slice(a, start, {0, 1}, Shape{2, 2})), (std::vector<double>{6, 7, 10, 11}));
    const array changed = slice_update(a, zeros(Shape{2, 1}), start, {0, 1});
    EXPECT_EQ(doubles(changed), (std::vector<double>{0, 1, 2, 3, 4, 5, 0, 7, 8, 9, 0, 11}));
  }
  const array far = array({9}) + array(0);
  EXPECT_EQ(doubles(slice(a, far, {1}, Shape{1, 2})), (std::vector<double>{2, 3}));
}

TEST(Windows, gather_and_scatter) {
  const array a = range(Shape{3, 4, 5});
  const array rows = array({2, 0}), columns = array({1, 3});
  const std::vector<array> indices = {rows, columns};
  const array near = gather(a, indices, {0, 1}, Shape{1, 1, 2});
  EXPECT_EQ(to_string(near.shape()), "(2, 1, 1, 2)");
  EXPECT_EQ(doubles(near), (std::vector<double>{45, 46, 15, 16}));
  const array apart = gather(a, indices, {0, 2}, Shape{1, 2, 1});
  EXPECT_EQ(to_string(apart.shape()), "(2, 1, 2, 1)");
  EXPECT_EQ(doubles(apart), (std::vector<double>{41, 46, 3, 8}));
  const array middle = gather(a, {columns}, {1}, Shape{2, 1, 1});
  EXPECT_EQ(doubles(middle), (std::vector<double>{5, 25, 15, 35}));

  const array zero = zeros(Shape{3, 4, 5});
  const array back = scatter(zero, indices, near, {0, 1});
  EXPECT_EQ(doubles(gather(back, indices, {0, 1}, Shape{1, 1, 2})), doubles(near));
  EXPECT_EQ(doubles(sum(back))[0], 45 + 46 + 15 + 16);
  const array other = scatter(zero, indices, apart, {0, 2}, Update::add);
  EXPECT_EQ(doubles(gather(other, indices, {0, 2}, Shape{1, 2, 1})), doubles(apart));
  const array third = scatter(zero, {columns}, middle, {1}, Update::maximum);
  EXPECT_EQ(doubles(gather(third, {columns}, {1}, Shape{2, 1, 1})), doubles(middle));
  EXPECT_ERROR(ShapeError,
               "[scatter] updates do not fit the indices: got (1, 1, 1, 2), expected "
               "(2, 1, 1, 2)",
               scatter(zero, indices, zeros(Shape{1, 1, 1, 2}), {0, 1}));
  EXPECT_ERROR(ShapeError,
               "[gather] a window is one element wide where it has an index: got 2 on "
               "axis 1",
               gather(a, indices, {0, 1}, Shape{1, 2, 2}));
}

TEST(Indexing, errors) {
  const array a = range(Shape{2, 3});
  EXPECT_ERROR(DTypeError, "[take] indices are whole numbers: got float32", take(a, array(1.5f)));
  EXPECT_ERROR(AxisError, "[take] axis 5 is out of range for an array with 2 dimensions",
               take(a, indices({0}), 5));
  EXPECT_ERROR(AxisError, "[take] index out of range on axis 1: got 3, expected -3 to 2",
               take(a, int64_t{3}, 1));
  EXPECT_ERROR(AxisError,
               "[take] nothing can be taken from an axis of extent 0: got shape (0, 3) and axis 0",
               take(zeros(Shape{0, 3}), indices({0}), 0));
  EXPECT_ERROR(ShapeError,
               "[take_along_axis] indices need as many axes as the array: got shapes (1,) and "
               "(2, 3)",
               take_along_axis(a, indices({0})));
  EXPECT_ERROR(ShapeError, "[take_along_axis] shapes do not broadcast: got (3, 1) and (2, 1)",
               take_along_axis(a, zeros(Shape{3, 1}, Dtype::int32)));
  EXPECT_ERROR(ShapeError,
               "[put_along_axis] indices need as many axes as the array: got shapes (1,) and "
               "(2, 3)",
               put_along_axis(a, indices({0}), a, 1));
  EXPECT_ERROR(ShapeError,
               "[array] the value does not fit what it is written to: got (2,), expected (3,)",
               index_update(a, {int64_t{0}}, array({1, 2})));
  EXPECT_ERROR(ShapeError, "[slice] expects one start for each axis: got shape (1,) and 2 axes",
               slice(a, indices({0}), {0, 1}, Shape{1, 1}));
  EXPECT_ERROR(ShapeError, "[slice] the slice does not fit: got (3, 1) of an array of shape (2, 3)",
               slice(a, indices({0}), {0}, Shape{3, 1}));
  EXPECT_ERROR(ShapeError, "[slice_update] axis 1 of extent 3 has no elements 2 to 3",
               slice_update(a, zeros(Shape{1, 2}), Shape{0, 2}, Shape{1, 1}));
  EXPECT_ERROR(DTypeError, "[slice] indices are whole numbers: got float32",
               slice(a, array({0.5f}), {0}, Shape{1, 1}));
}

}  // namespace
}  // namespace tandem
