#include "tandem/base/dtype_info.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "tandem/base/error.h"

namespace tandem {
namespace {

TEST(DtypeInfo, DtypesBelongToTheCategoriesAroundTheirOwn) {
  using C = DtypeCategory;
  const std::vector<std::pair<Dtype, std::vector<C>>> cases = {
      {Dtype::bool_, {C::generic}},
      {Dtype::uint16, {C::unsignedinteger, C::integer, C::number, C::generic}},
      {Dtype::int64, {C::signedinteger, C::integer, C::number, C::generic}},
      {Dtype::bfloat16, {C::floating, C::inexact, C::number, C::generic}},
      {Dtype::complex64, {C::complexfloating, C::inexact, C::number, C::generic}},
  };
  for (const auto& [dtype, categories] : cases) {
    for (int i = 0; i <= static_cast<int>(C::generic); ++i) {
      const C category = static_cast<C>(i);
      const bool listed = std::ranges::find(categories, category) != categories.end();
      EXPECT_EQ(issubdtype(dtype, category), listed) << name_of(dtype) << " " << i;
      EXPECT_FALSE(issubdtype(category, dtype));
    }
  }
  EXPECT_TRUE(issubdtype(C::floating, C::number));
  EXPECT_TRUE(issubdtype(C::floating, C::floating));
  EXPECT_FALSE(issubdtype(C::number, C::floating));
  EXPECT_FALSE(issubdtype(C::integer, C::inexact));
  EXPECT_TRUE(issubdtype(Dtype::int8, Dtype::int8));
  EXPECT_FALSE(issubdtype(Dtype::int8, Dtype::int16));
}

TEST(DtypeInfo, CastsFollowPromotion) {
  EXPECT_TRUE(can_cast(Dtype::int32, Dtype::float16));
  EXPECT_FALSE(can_cast(Dtype::float16, Dtype::int32));
  EXPECT_FALSE(can_cast(Dtype::float64, Dtype::float32));
  EXPECT_FALSE(can_cast(Dtype::float16, Dtype::bfloat16));
  EXPECT_EQ(promote_types(Dtype::float16, Dtype::bfloat16), Dtype::float32);
}

template <class T>
void expect_limits_of(Dtype dtype) {
  using Limits = std::numeric_limits<T>;
  const finfo limits(dtype);
  EXPECT_EQ(limits.dtype, sizeof(T) == 4 ? Dtype::float32 : Dtype::float64);
  EXPECT_EQ(limits.bits, static_cast<int>(sizeof(T)) * 8);
  EXPECT_EQ(limits.max, static_cast<double>(Limits::max()));
  EXPECT_EQ(limits.min, static_cast<double>(Limits::lowest()));
  EXPECT_EQ(limits.eps, static_cast<double>(Limits::epsilon()));
  EXPECT_EQ(limits.smallest_normal, static_cast<double>(Limits::min()));
}

TEST(DtypeInfo, FloatLimits) {
  expect_limits_of<float>(Dtype::float32);
  expect_limits_of<float>(Dtype::complex64);
  expect_limits_of<double>(Dtype::float64);
  EXPECT_EQ(finfo(Dtype::float16).max, 65504.0);
  EXPECT_EQ(finfo(Dtype::float16).smallest_normal, std::ldexp(1.0, -14));
  EXPECT_EQ(finfo(Dtype::bfloat16).eps, 0.0078125);
  EXPECT_EQ(finfo(Dtype::bfloat16).max, std::ldexp(255.0, 120));
  EXPECT_THROW(finfo{Dtype::int8}, DTypeError);
}

TEST(DtypeInfo, IntegerLimits) {
  EXPECT_EQ(iinfo(Dtype::int8).min, -128);
  EXPECT_EQ(iinfo(Dtype::int8).max, 127u);
  EXPECT_EQ(iinfo(Dtype::uint64).min, 0);
  EXPECT_EQ(iinfo(Dtype::uint64).max, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(iinfo(Dtype::int64).min, std::numeric_limits<int64_t>::min());
  EXPECT_THROW(iinfo{Dtype::bool_}, DTypeError);
  EXPECT_THROW(iinfo{Dtype::float32}, DTypeError);
}

}  // namespace
}  // namespace tandem
