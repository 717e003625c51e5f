// Every mistake a caller of ops/ can make, by type and text.
#include "values.h"

namespace tandem {
namespace {

using List = std::vector<int64_t>;

TEST(OpErrors, elementwise) {
  EXPECT_ERROR(ShapeError,
               error_of<ShapeError>([] { broadcast_shapes(Shape{2, 3}, Shape{4}, "add"); }),
               add(zeros(Shape{2, 3}), zeros(Shape{4})));
  EXPECT_EQ(error_of<ShapeError>([] { add(zeros(Shape{2, 3}), zeros(Shape{4})); }).substr(0, 5),
            "[add]");
  for (const auto& text :
       {error_of<DTypeError>([] { bitwise_and(zeros(Shape{2}), zeros(Shape{2})); }),
        error_of<DTypeError>([] { floor(zeros(Shape{2}, Dtype::complex64)); }),
        error_of<DTypeError>([] { negative(zeros(Shape{2}, Dtype::bool_)); })}) {
    EXPECT_EQ(text[0], '[') << text;
    EXPECT_EQ(text.find("another type"), std::string::npos) << text;
  }
  EXPECT_ERROR(ArgumentError, "[add] 300 does not fit uint8",
               add(zeros(Shape{2}, Dtype::uint8), int64_t{300}));
  EXPECT_ERROR(ArgumentError, "[less] -1 does not fit uint64",
               less(int64_t{-1}, zeros(Shape{2}, Dtype::uint64)));
  EXPECT_ERROR(ArgumentError, "[full] 128 does not fit int8",
               full(Shape{2}, Scalar(int64_t{128}), Dtype::int8));
}

TEST(OpErrors, creation) {
  const auto whole = [](int64_t v) { return Scalar(v); };
  EXPECT_ERROR(ArgumentError, "[arange] the step must not be zero",
               arange(whole(0), whole(3), whole(0)));
  EXPECT_ERROR(ArgumentError,
               "[arange] start and stop must be finite and the step not zero: got 0, inf, 1",
               arange(Scalar(0.0), Scalar(std::numeric_limits<double>::infinity()), Scalar(1.0)));
  EXPECT_ERROR(DTypeError, "[arange] expects numbers: got dtype bool",
               arange(whole(0), whole(3), whole(1), Dtype::bool_));
  EXPECT_ERROR(DTypeError, "[arange] expects real numbers: got a complex one",
               arange(Scalar(std::complex<float>(1)), Scalar(2.0), Scalar(1.0)));
  EXPECT_ERROR(ArgumentError, "[linspace] the number of values must not be negative: got -1",
               linspace(0, 1, -1));
  EXPECT_ERROR(ShapeError, "[eye] extents must not be negative: got -1 x 2", eye(-1, 2));
  EXPECT_EQ(error_of<ShapeError>([] { zeros(Shape{-2}); }).substr(0, 6), "[full]");
  EXPECT_EQ(
      error_of<ShapeError>([] { zeros(Shape{int64_t{1} << 40, int64_t{1} << 40}); }).substr(0, 6),
      "[full]");
}

TEST(OpErrors, matmul) {
  const array a = zeros(Shape{4, 3}), b = zeros(Shape{5, 2});
  EXPECT_ERROR(ShapeError, "[matmul] inner sizes differ: got (4, 3) x (5, 2)", matmul(a, b));
  EXPECT_ERROR(ShapeError, "[matmul] operands need at least one dimension: got () x (4, 3)",
               matmul(zeros(Shape{}), a));
  EXPECT_ERROR(DTypeError, "[matmul] expects numbers: got bool x bool",
               matmul(zeros(Shape{2, 2}, Dtype::bool_), zeros(Shape{2, 2}, Dtype::bool_)));
  EXPECT_ERROR(ShapeError, "[addmm] inner sizes differ: got (4, 3) x (5, 2)", addmm(a, a, b));
  EXPECT_ERROR(ShapeError, "[addmm] c does not broadcast to the product: got (4, 3) for (4,)",
               addmm(a, zeros(Shape{4, 2}), zeros(Shape{2})));
  const array whole = zeros(Shape{2, 2}, Dtype::int32);
  EXPECT_ERROR(ArgumentError, "[addmm] alpha and beta of integers must be whole: got 0.5 and 1",
               addmm(whole, whole, whole, 0.5f));
  EXPECT_EQ(error_of<ShapeError>([] {
              matmul(zeros(Shape{2, 3, 4}), zeros(Shape{5, 4, 2}));
            }).substr(0, 8),
            "[matmul]");
}

TEST(OpErrors, random) {
  EXPECT_ERROR(ArgumentError,
               "[random] expects a key of dtype uint32 and shape (2,): got float32 (2,)",
               random::bits(Shape{3}, zeros(Shape{2})));
  EXPECT_ERROR(ArgumentError,
               "[random] expects a key of dtype uint32 and shape (2,): got uint32 (3,)",
               random::split(zeros(Shape{3}, Dtype::uint32)));
  EXPECT_ERROR(ArgumentError, "[split] the number of keys must not be negative: got -1",
               random::split(random::key(0), -1));
  EXPECT_ERROR(DTypeError, "[uniform] expects a floating dtype: got int32",
               random::uniform(0.0, 1.0, Shape{2}, Dtype::int32));
  EXPECT_ERROR(DTypeError, "[normal] expects a floating dtype: got bool",
               random::normal(Shape{2}, Dtype::bool_));
  EXPECT_ERROR(ShapeError, "[random] one key gives at most 2^33 words: got shape (8589934593,)",
               random::bits(Shape{(int64_t{1} << 33) + 1}));
}

TEST(OpErrors, reductions) {
  const array a = zeros(Shape{2, 0});
  using Reduce = array (*)(const array&, const Axes&, bool, StreamOrDevice);
  const std::pair<const char*, Reduce> all_of_them[] = {{"sum", sum}, {"prod", prod}, {"min", min},
                                                        {"max", max}, {"mean", mean}, {"all", all},
                                                        {"any", any}};
  for (const auto& [name, reduce] : all_of_them) {
    EXPECT_EQ(error_of<AxisError>([&] { reduce(a, List{2}, false, {}); }),
              error_of<AxisError>([&] { normalize_axis(2, 2, name); }));
    EXPECT_ERROR(ArgumentError, std::string("[") + name + "] axis 1 is named twice",
                 reduce(a, List{1, -1}, false, {}));
  }
  EXPECT_ERROR(ArgumentError, "[max] an empty extent has no extreme: got shape (2, 0)", max(a));
  EXPECT_ERROR(ArgumentError, "[argmin] an empty extent has no extreme: got shape (2, 0)",
               argmin(a, 1));
}

TEST(OpErrors, views) {
  const array a = zeros(Shape{2, 3});
  EXPECT_ERROR(ShapeError, "[reshape] cannot reshape 6 elements of shape (2, 3) to (4,)",
               reshape(a, Shape{4}));
  EXPECT_ERROR(ShapeError, "[reshape] cannot reshape 6 elements of shape (2, 3) to (-1, 4)",
               reshape(a, Shape{-1, 4}));
  EXPECT_ERROR(ShapeError, "[reshape] only one extent may be -1: got (-1, -1)",
               reshape(a, Shape{-1, -1}));
  EXPECT_ERROR(ArgumentError, "[flatten] the first axis lies behind the last: got 1 and 0",
               flatten(a, 1, 0));
  EXPECT_ERROR(ShapeError, "[squeeze] axis 1 has extent 3, only 1 can be removed",
               squeeze(a, List{1}));
  EXPECT_ERROR(ArgumentError, "[squeeze] axis 0 is named twice",
               squeeze(zeros(Shape{1}), List{0, 0}));
  EXPECT_ERROR(ArgumentError, "[expand_dims] axis 0 is named twice", expand_dims(a, {0, 0}));
  EXPECT_ERROR(ArgumentError,
               "[transpose] expects one axis per dimension: got 1 axes for 2 dimensions",
               transpose(a, List{0}));
  EXPECT_ERROR(ArgumentError, "[transpose] axis -1 is named twice", transpose(a, List{1, -1}));
  EXPECT_ERROR(ShapeError, "[broadcast_to] cannot broadcast (2, 3) to (3,)",
               broadcast_to(a, Shape{3}));
  EXPECT_ERROR(ShapeError, "[slice] axis 1 of extent 3 has no elements 2 to 3",
               slice(a, Shape{0, 2}, Shape{2, 2}, Shape{1, 1}));
  EXPECT_ERROR(ArgumentError,
               "[slice] expects one start, extent and step per dimension: got 1, 1, 1 for 2",
               slice(a, Shape{0}, Shape{1}, Shape{1}));
  for (const char* op :
       {"swapaxes", "moveaxis", "flatten", "squeeze", "expand_dims", "transpose"}) {
    const std::string name = op;
    const std::string text = error_of<AxisError>([&] {
      if (name == "swapaxes") swapaxes(a, 0, 5);
      if (name == "moveaxis") moveaxis(a, 5, 0);
      if (name == "flatten") flatten(a, 0, 5);
      if (name == "squeeze") squeeze(a, List{5});
      if (name == "expand_dims") expand_dims(a, {5});
      if (name == "transpose") transpose(a, List{0, 5});
    });
    EXPECT_EQ(text,
              error_of<AxisError>([&] { normalize_axis(5, name == "expand_dims" ? 3 : 2, name); }));
  }
}

TEST(OpErrors, arrays) {
  const float data[] = {1, 2};
  EXPECT_ERROR(DTypeError, "[array] elements of 4 bytes cannot be float64",
               array(data, Shape{2}, Dtype::float64));
}

}  // namespace
}  // namespace tandem
