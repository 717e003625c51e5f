#include "tandem/base/dtype.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tandem/base/error.h"

namespace tandem {
namespace {

TEST(Half, every_bit_pattern_survives_a_round_trip) {
  for (uint32_t i = 0; i < 65536; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    const float half = half_bits_to_float(bits);
    const float bfloat = bfloat_bits_to_float(bits);
    if (std::isnan(half)) {
      EXPECT_TRUE(std::isnan(half_bits_to_float(float_to_half_bits(half))));
    } else {
      EXPECT_EQ(float_to_half_bits(half), bits);
    }
    if (!std::isnan(bfloat)) {
      EXPECT_EQ(float_to_bfloat_bits(bfloat), bits);
    }
  }
}

TEST(Half, rounds_to_nearest_even) {
  EXPECT_EQ(float_to_half_bits(2049.0f), float_to_half_bits(2048.0f));
  EXPECT_EQ(float_to_half_bits(2051.0f), float_to_half_bits(2052.0f));
  EXPECT_EQ(float_to_half_bits(65519.0f), 0x7bff);
  EXPECT_EQ(float_to_half_bits(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_half_bits(0x1p-25f), 0);
  EXPECT_EQ(float_to_half_bits(0x1.8p-25f), 1);
  EXPECT_EQ(float_to_bfloat_bits(std::bit_cast<float>(0x3f808000u)), 0x3f80);
  EXPECT_EQ(float_to_bfloat_bits(std::bit_cast<float>(0x3f818000u)), 0x3f82);
}

TEST(Promote, follows_the_rules_users_know) {
  EXPECT_EQ(promote(Dtype::int8, Dtype::uint8), Dtype::int16);
  EXPECT_EQ(promote(Dtype::int64, Dtype::uint64), Dtype::float32);
  EXPECT_EQ(promote(Dtype::uint32, Dtype::int8), Dtype::int64);
  EXPECT_EQ(promote(Dtype::float16, Dtype::bfloat16), Dtype::float32);
  EXPECT_EQ(promote(Dtype::float16, Dtype::int64), Dtype::float16);
  EXPECT_EQ(promote(Dtype::float64, Dtype::complex64), Dtype::complex64);
  EXPECT_EQ(promote(Dtype::bool_, Dtype::uint8), Dtype::uint8);
}

TEST(Promote, commutes) {
  for (int a = 0; a < kDtypeCount; ++a) {
    for (int b = 0; b < kDtypeCount; ++b) {
      EXPECT_EQ(promote(Dtype(a), Dtype(b)), promote(Dtype(b), Dtype(a)));
    }
  }
}

TEST(DtypeName, unknown_name_is_a_dtype_error) {
  EXPECT_EQ(dtype_from_name("bfloat16"), Dtype::bfloat16);
  try {
    dtype_from_name("float8");
    FAIL();
  } catch (const DTypeError& error) {
    EXPECT_STREQ(error.what(), "[dtype] unknown dtype name 'float8'");
  }
}

}  // namespace
}  // namespace tandem
