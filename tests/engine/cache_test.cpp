// The plan cache: what hits, what rebinds and what must miss.
#include "helpers.h"

namespace tandem {
namespace {

// Scalars, slice starts and keys are parameters: they change without a new plan.
TEST(PlanCache, scalar_step_hits_cache) {
  const array weights = ramp({32, 8}), gradient = ramp({32, 8}, 1.0, 0.5);
  const auto step = [&](int i) {
    const double rate = 0.1 / (1 + i);
    const array row = slice(weights, Shape{i % 32, 0}, Shape{1, 8}, Shape{1, 1});
    const array pending = weights + array(0.0f);
    const array window = slice(pending, Shape{i % 31, 0}, Shape{2, 8}, Shape{1, 1});
    const array noise = random::uniform(Scalar(0.0), Scalar(1.0), Shape{2, 8});
    return multiply(gradient, Scalar(rate)) + row + sum(window * noise);
  };
  eval(step(0));
  eval(step(1));
  const Gain gain;
  for (int i = 2; i < 1000; ++i) eval(step(i));
  EXPECT_EQ(gain.plans_built(), 0u);
  EXPECT_EQ(gain.kernels_built(), 0u);
  EXPECT_EQ(gain.rebinds(), 0u);  // no dimension changed
}

TEST(PlanCache, scalars_reach_the_kernel) {
  const array x = ramp({5});
  for (const double factor : {2.0, 3.0, -1.5}) {
    EXPECT_EQ(values<float>(multiply(x, Scalar(factor)))[4], static_cast<float>(4 * factor));
  }
}

// A loop whose shape grows each step uses one plan.
TEST(PlanCache, decode_growing_shape) {
  const array x = ramp({4096, 4});
  const auto step = [&](int64_t length) {
    const array cache = slice(x, Shape{0, 0}, Shape{length, 4}, Shape{1, 1});
    return sum(exp(cache * array(-0.001f)) + cache, std::vector<int64_t>{0});
  };
  eval(step(2));
  eval(step(3));
  const Gain gain;
  for (int64_t length = 4; length < 4096; ++length) eval(step(length));
  EXPECT_EQ(gain.plans_built(), 0u);
  EXPECT_EQ(gain.rebinds(), 4092u);
}

TEST(PlanCache, broadcasting_is_structure) {
  const array a = ramp({4, 1}), b = ramp({1, 4}), c = ramp({4, 4});
  EXPECT_EQ(values<float>(c + c)[15], 30.0f);
  EXPECT_EQ(values<float>(a + b)[15], 6.0f);
  EXPECT_EQ(values<float>(a + c)[15], 18.0f);
  EXPECT_EQ(values<float>(c + b)[15], 18.0f);
}

TEST(PlanCache, hash_collision_is_miss) {
  engine::PlanCache& cache = engine::Engine::instance().plan_cache();
  cache.clear();
  cache.collide(true);
  const array x = ramp({6}), y = ramp({6}, 1.0);
  EXPECT_EQ(values<float>(x + y)[5], 11.0f);
  EXPECT_EQ(values<float>(x * y)[5], 30.0f);
  EXPECT_EQ(values<float>(x - y)[5], -1.0f);
  EXPECT_EQ(values<float>(x + y)[5], 11.0f);
  EXPECT_EQ(values<float>(exp(x - x))[5], 1.0f);
  cache.clear();
  cache.collide(false);
}

TEST(PlanCache, reshape_of_a_transposed_input_is_guarded) {
  // The same structure with strides that can and that cannot express the reshape.
  const array dense = ramp({4, 6});
  const array turned = transpose(ramp({6, 4}));
  const auto flat = [](const array& a) {
    return reshape(a + a, Shape{24}) + reshape(a, Shape{24});
  };
  const auto first = values<float>(flat(dense));
  const auto second = values<float>(flat(turned));
  const auto third = values<float>(flat(dense));
  EXPECT_EQ(first, third);
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 6; ++j) {
      EXPECT_EQ(first[static_cast<size_t>(i * 6 + j)], 3.0f * static_cast<float>(i * 6 + j));
      EXPECT_EQ(second[static_cast<size_t>(i * 6 + j)], 3.0f * static_cast<float>(j * 4 + i));
    }
  }
}

}  // namespace
}  // namespace tandem
