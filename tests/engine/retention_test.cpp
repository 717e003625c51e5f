// What exists after eval: outputs, held values and nothing else.
#include "helpers.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

TEST(Engine, adds) {
  const array x({1.0f, 2.0f, 3.0f}), y({10.0f, 20.0f, 30.0f});
  EXPECT_EQ(values<float>(x + y), (std::vector<float>{11, 22, 33}));
}

TEST(Engine, held_interior_is_output) {
  const ScopedSetting fusion("fusion", "on");  // kernels are counted
  const array x = ramp({100});
  const array y = exp(x * array(0.01f));
  const array z = y + y;
  const Gain gain;
  eval(z);
  EXPECT_TRUE(y.evaluated());
  EXPECT_EQ(gain.kernels_launched(), 1u);
  const auto expected = values<float>(y);
  EXPECT_EQ(gain.kernels_launched(), 1u);  // its producer ran once, with z
  const auto doubled = values<float>(z);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(doubled[i], 2 * expected[i]);
}

TEST(Engine, an_interior_that_nobody_holds_is_not_kept) {
  const ScopedSetting fusion("fusion", "on");  // kernels are counted
  const array x = ramp({1000});
  const Gain gain;
  const array z = (x + x) * (x + x);
  eval(z);
  EXPECT_EQ(gain.kernels_launched(), 1u);
  EXPECT_EQ(z.node()->inputs().size(), 0u);
}

TEST(Engine, a_held_view_keeps_its_elements) {
  const array x = ramp({4, 3});
  const array y = exp(x);
  const array turned = transpose(y);
  const array z = turned + array(1.0f);
  const Gain gain;
  eval(z);
  EXPECT_TRUE(turned.evaluated());
  EXPECT_TRUE(y.evaluated());
  EXPECT_EQ(gain.kernels_launched(), 2u);
  EXPECT_EQ(turned.data(), y.data());
}

TEST(Engine, a_small_view_does_not_keep_the_whole_value) {
  const array x = ramp({64, 1000});
  array row = slice(exp(x * array(1e-6f)), Shape{3, 0}, Shape{1, 1000}, Shape{1, 1});
  eval(row);
  EXPECT_EQ(row.node()->storage()->buffer->bytes(), 4000u);
  EXPECT_NEAR(values<float>(row)[0], 1.003f, 1e-4);
  const array whole = exp(x * array(1e-6f));
  const array part = slice(whole, Shape{3, 0}, Shape{1, 1000}, Shape{1, 1});
  eval({whole, part});
  EXPECT_EQ(part.node()->storage()->buffer, whole.node()->storage()->buffer);
}

TEST(Engine, running_total_does_not_grow) {
  const array step = ramp({64}, 1.0, 0.0);
  array total = zeros(Shape{64});
  int64_t nodes_after_warm_up = 0;
  uint64_t bytes_after_warm_up = 0;
  for (int i = 0; i < 10000; ++i) {
    const array loss = step * array(0.5f);
    total = total + loss;
    if (i % 10 == 9) eval(total);
    if (i == 99) {
      nodes_after_warm_up = inspect::live_nodes();
      bytes_after_warm_up = inspect::memory(kCpu).active;
    }
  }
  EXPECT_LE(inspect::live_nodes(), nodes_after_warm_up);
  EXPECT_LE(inspect::memory(kCpu).active, bytes_after_warm_up);
  EXPECT_EQ(values<float>(total)[63], 5000.0f);
}

TEST(Engine, random_key_chains_do_not_grow) {
  array key = random::key(3);
  int64_t nodes = 0;
  for (int i = 0; i < 500; ++i) {
    const array keys = random::split(key);
    key = reshape(slice(keys, Shape{0, 0}, Shape{1, 2}, Shape{1, 1}), Shape{2});
    eval(key);
    if (i == 50) nodes = inspect::live_nodes();
  }
  EXPECT_LE(inspect::live_nodes(), nodes);
}

// Build, eval and drop without recursion.
TEST(Engine, deep_million) {
  array x = ramp({8});
  const array one(1.0f);
  for (int i = 0; i < 1000000; ++i) x = x + one;
  EXPECT_EQ(values<float>(x)[3], 1000003.0f);
  array y = ramp({8});
  for (int i = 0; i < 1000000; ++i) y = y + one;
  y = one;  // dropped without being evaluated
  EXPECT_NE(to_string(x).find("1e+06"), std::string::npos);
}

}  // namespace
}  // namespace tandem
