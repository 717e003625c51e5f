// Random numbers: what a key determines, statistics, bounds.
#include <set>

#include "values.h"

namespace tandem {
namespace {

TEST(Random, known_words) {
  // Threefry-2x32 with 20 rounds, key 0 and counters 0: the first word of the published vector.
  EXPECT_EQ(doubles(random::bits(Shape{1}, random::key(0))),
            std::vector<double>{double(0x6b200159)});
  EXPECT_EQ(doubles(random::split(random::key(0))),
            (std::vector<double>{4146024105, 967050713, 2718843009, 1272950319}));
}

TEST(Random, a_key_determines_the_values) {
  const array key = random::key(42);
  for (const int64_t count : {1, 2, 3, 7, 64, 1025}) {
    EXPECT_EQ(doubles(random::bits(Shape{count}, key)), doubles(random::bits(Shape{count}, key)));
    EXPECT_NE(doubles(random::bits(Shape{count}, key)),
              doubles(random::bits(Shape{count}, random::key(43))));
    EXPECT_EQ(doubles(random::bits(Shape{count, 1}, key)),
              doubles(random::bits(Shape{count}, key)));
    EXPECT_EQ(doubles(random::bits(Shape{count}, key, Device{DeviceType::gpu, 0})),
              doubles(random::bits(Shape{count}, key)));
  }
  EXPECT_EQ(random::bits(Shape{0}, key).size(), 0);
}

TEST(Random, seed_starts_again) {
  random::seed(7);
  const auto first = doubles(random::bits(Shape{5})), second = doubles(random::bits(Shape{5}));
  EXPECT_NE(first, second);
  random::seed(7);
  EXPECT_EQ(doubles(random::bits(Shape{5})), first);
  EXPECT_EQ(doubles(random::bits(Shape{5})), second);
}

TEST(Random, split_gives_keys_that_differ) {
  const array keys = random::split(random::key(1), 50);
  EXPECT_EQ(Shape(keys.shape()), (Shape{50, 2}));
  const auto words = doubles(keys);
  std::set<std::pair<double, double>> seen;
  for (size_t i = 0; i < 50; ++i) seen.insert({words[2 * i], words[2 * i + 1]});
  EXPECT_EQ(seen.size(), 50u);
  // A key that is computed, not given.
  const array third = reshape(slice(keys, Shape{3, 0}, Shape{1, 2}, Shape{1, 1}), Shape{2});
  const array given = from_doubles({words[6], words[7]}, Shape{2}, Dtype::uint32);
  EXPECT_EQ(doubles(random::bits(Shape{9}, third)), doubles(random::bits(Shape{9}, given)));
}

TEST(Random, fused_is_materialised) {
  const array key = random::key(9);
  const array shape_of_it = ones(Shape{999});
  const array fused =
      add(multiply(random::uniform(-2.0, 3.0, Shape{999}, Dtype::float32, key), 2.0), shape_of_it);
  const array drawn = random::uniform(-2.0, 3.0, Shape{999}, Dtype::float32, key);
  drawn.eval();
  EXPECT_EQ(doubles(fused), doubles(add(multiply(drawn, 2.0), shape_of_it)));
}

TEST(Random, uniform_fills_its_range) {
  for (const Dtype dtype : {Dtype::float16, Dtype::bfloat16, Dtype::float32, Dtype::float64}) {
    const auto values = doubles(random::uniform(0.0, 1.0, Shape{100000}, dtype, random::key(5)));
    double total = 0, squares = 0;
    for (const double value : values) {
      ASSERT_GE(value, 0.0);
      ASSERT_LT(value, 1.0) << name_of(dtype);
      total += value;
      squares += value * value;
    }
    // Standard errors of the mean 0.0009 and of the mean square 0.0009; the bound is five of them
    // and a rounding.
    const double bound = 0.005 + (dtype == Dtype::bfloat16 ? 0x1p-9 : 0);
    EXPECT_NEAR(total / 1e5, 0.5, bound) << name_of(dtype);
    EXPECT_NEAR(squares / 1e5, 1.0 / 3, bound) << name_of(dtype);
  }
}

TEST(Random, normal_has_its_moments_and_tails) {
  const auto values =
      doubles(random::normal(Shape{200000}, Dtype::float32, 1.0, 2.0, random::key(8)));
  double total = 0, squares = 0;
  int beyond_two = 0;
  for (const double value : values) {
    ASSERT_TRUE(std::isfinite(value));
    const double unit = (value - 1) / 2;
    total += unit;
    squares += unit * unit;
    beyond_two += std::abs(unit) > 2;
  }
  EXPECT_NEAR(total / 2e5, 0.0, 5 / std::sqrt(2e5));
  EXPECT_NEAR(squares / 2e5, 1.0, 5 * std::sqrt(2 / 2e5));
  EXPECT_NEAR(beyond_two / 2e5, 0.0455, 5 * std::sqrt(0.0455 / 2e5));
}

TEST(Random, bits_are_balanced) {
  const auto words = doubles(random::bits(Shape{20000}, random::key(77)));
  for (int bit = 0; bit < 32; ++bit) {
    int set = 0;
    for (const double word : words) set += static_cast<uint32_t>(word) >> bit & 1;
    EXPECT_NEAR(set, 10000, 5 * std::sqrt(5000.0)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace tandem
