#include "tandem/kernel/reference/reference.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>

#include "launch_helper.h"
#include "tandem/base/error.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/float_environment.h"
#include "tandem/kernel/reference/reduce_tree.h"

namespace tandem::kernel {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Reference, maps_over_strided_transposed_and_broadcast_buffers) {
  Builder b(2);
  const auto x = b.input(Dtype::float32);
  const auto y = b.input(Dtype::float32);
  const auto out = b.output(Dtype::float32);
  b.store(out, b.binary(Op::sub, b.load(x), b.load(y)));
  const Kernel kernel = b.finish();
  std::vector<float> a = {1, 2, 3, 4, 5, 6};  // 3 x 2, read transposed
  std::vector<float> c = {10, 20, 30};        // a row, read backwards
  std::vector<float> result(6);
  TestLaunch({2, 3}).buffer(a, {1, 2}).buffer(c, {0, -1}, 0, 2).buffer(result, {3, 1}).run(kernel);
  EXPECT_EQ(result, (std::vector<float>{1 - 30, 3 - 20, 5 - 10, 2 - 30, 4 - 20, 6 - 10}));
}

Kernel reduction_kernel(Reduction reduction, Dtype in, Dtype out) {
  Builder b(1, 1);
  const auto x = b.input(in);
  const auto y = b.output(out);
  const auto stage = b.reduce(reduction, b.load(x));
  b.begin_map(Extent::row);
  b.store(y, b.stage_result(stage));
  return b.finish();
}

// The tree of ir.h written once more, by recursion on ranges instead of a stack.
float tree_sum(std::span<const float> x) {
  std::vector<float> chunks;
  for (size_t begin = 0; begin < x.size(); begin += 1024) {
    const auto chunk = x.subspan(begin, std::min<size_t>(1024, x.size() - begin));
    std::vector<float> lanes(chunk.begin(), chunk.begin() + std::min<size_t>(64, chunk.size()));
    for (size_t j = 64; j < chunk.size(); ++j) lanes[j % 64] += chunk[j];
    for (size_t width = 32; width > 0; width /= 2) {
      for (size_t i = 0; i < width && i + width < lanes.size(); ++i) lanes[i] += lanes[i + width];
      if (lanes.size() > width) lanes.resize(width);
    }
    chunks.push_back(lanes[0]);
  }
  // Complete groups of the largest power of two come first; what is left folds from the end.
  const auto fold = [&](auto&& self, size_t begin, size_t count) -> float {
    if (count == 1) return chunks[begin];
    size_t power = 1;
    while (power * 2 <= count) power *= 2;
    if (power == count) power /= 2;
    return self(self, begin, power) + self(self, begin + power, count - power);
  };
  return chunks.empty() ? 0.0f : fold(fold, 0, chunks.size());
}

TEST(Reference, sums_in_the_order_of_the_tree) {
  const Kernel kernel = reduction_kernel(Reduction::sum, Dtype::float32, Dtype::float32);
  for (int64_t n : {0, 1, 2, 63, 64, 65, 100, 1023, 1024, 1025, 3000, 7 * 1024 + 5}) {
    std::vector<float> x(n);
    for (int64_t i = 0; i < n; ++i) x[i] = std::sin(static_cast<float>(i)) * 1e3f + 1e-3f;
    std::vector<float> result(1);
    TestLaunch({1, n}).buffer(x, {0, 1}).buffer(result, {1, 0}).run(kernel);
    EXPECT_EQ(result[0], tree_sum(x)) << n;
  }
}

TEST(Reference, an_absent_element_is_not_added_as_zero) {
  std::vector<float> x = {-0.0f, -0.0f};
  std::vector<float> result(1);
  const Kernel kernel = reduction_kernel(Reduction::sum, Dtype::float32, Dtype::float32);
  TestLaunch({1, 2}).buffer(x, {0, 1}).buffer(result, {1, 0}).run(kernel);
  EXPECT_TRUE(std::signbit(result[0]));
}

TEST(Reference, min_and_max_propagate_nan_and_keep_the_newer_tie) {
  const auto run = [](Reduction reduction, std::vector<float> x) {
    std::vector<float> result(1);
    const Kernel kernel = reduction_kernel(reduction, Dtype::float32, Dtype::float32);
    TestLaunch({1, static_cast<int64_t>(x.size())})
        .buffer(x, {0, 1})
        .buffer(result, {1, 0})
        .run(kernel);
    return result[0];
  };
  EXPECT_TRUE(std::isnan(run(Reduction::max, {1, kNan, 3})));
  EXPECT_TRUE(std::isnan(run(Reduction::min, {kNan, 1})));
  EXPECT_TRUE(std::signbit(run(Reduction::max, {0.0f, -0.0f})));
  EXPECT_FALSE(std::signbit(run(Reduction::min, {-0.0f, 0.0f})));
  EXPECT_EQ(run(Reduction::max, {}), -kInf);
  EXPECT_EQ(run(Reduction::min, {}), kInf);
}

TEST(Reference, arg_reductions_take_the_first_nan_else_the_lowest_position) {
  const auto run = [](Reduction reduction, std::vector<float> x) {
    std::vector<int64_t> result(1);
    const Kernel kernel = reduction_kernel(reduction, Dtype::float32, Dtype::int64);
    TestLaunch({1, static_cast<int64_t>(x.size())})
        .buffer(x, {0, 1})
        .buffer(result, {1, 0})
        .run(kernel);
    return result[0];
  };
  EXPECT_EQ(run(Reduction::argmax, {1, 7, 7, 2}), 1);
  EXPECT_EQ(run(Reduction::argmin, {3, 1, 1}), 1);
  EXPECT_EQ(run(Reduction::argmax, {1, kInf, kNan, 9, kNan}), 2);
  EXPECT_EQ(run(Reduction::argmin, {0.0f, -0.0f}), 0);
  EXPECT_EQ(run(Reduction::argmax, {}), 0);
}

TEST(Reference, unsigned_order_is_the_stage_s_choice) {
  for (const bool is_unsigned : {false, true}) {
    Builder b(1, 1);
    const auto x = b.input(Dtype::uint32);
    const auto y = b.output(Dtype::uint32);
    const auto stage = b.reduce(Reduction::max, b.load(x), is_unsigned);
    b.begin_map(Extent::row);
    b.store(y, b.stage_result(stage));
    std::vector<uint32_t> values = {5, 0xfffffff0u, 7};
    std::vector<uint32_t> result(1);
    TestLaunch({1, 3}).buffer(values, {0, 1}).buffer(result, {1, 0}).run(b.finish());
    EXPECT_EQ(result[0], is_unsigned ? 0xfffffff0u : 7u);
  }
}

TEST(Reference, softmax_in_stages) {
  Builder b(1, 1);
  const auto x = b.input(Dtype::float32);
  const auto y = b.output(Dtype::float32);
  const auto largest = b.reduce(Reduction::max, b.load(x));
  const NodeId shifted = b.binary(Op::sub, b.load(x), b.stage_result(largest));
  const NodeId square = b.binary(Op::mul, shifted, shifted);
  const auto sum = b.reduce(Reduction::sum, square);
  b.begin_map();
  b.store(y, b.binary(Op::div, square, b.stage_result(sum)));
  std::vector<float> values = {1, 2, 4, 3, 3, 5};
  std::vector<float> result(6);
  TestLaunch({2, 3}).buffer(values, {3, 1}).buffer(result, {3, 1}).run(b.finish());
  EXPECT_EQ(result, (std::vector<float>{9.f / 13, 4.f / 13, 0, 4.f / 8, 4.f / 8, 0}));
}

TEST(Reference, scans_forward_reverse_and_exclusive) {
  const auto run = [](bool reverse, bool exclusive, int64_t n) {
    Builder b(0, 1);
    const auto x = b.input(Dtype::int32);
    const auto y = b.output(Dtype::int32);
    const auto stage = b.scan(Reduction::sum, b.load(x), false, reverse, exclusive);
    b.begin_map();
    b.store(y, b.stage_result(stage));
    std::vector<int32_t> values(n);
    std::iota(values.begin(), values.end(), 1);
    std::vector<int32_t> result(n);
    TestLaunch({n}).buffer(values, {1}).buffer(result, {1}).run(b.finish());
    return result;
  };
  EXPECT_EQ(run(false, false, 4), (std::vector<int32_t>{1, 3, 6, 10}));
  EXPECT_EQ(run(false, true, 4), (std::vector<int32_t>{0, 1, 3, 6}));
  EXPECT_EQ(run(true, false, 4), (std::vector<int32_t>{10, 9, 7, 4}));
  EXPECT_EQ(run(true, true, 4), (std::vector<int32_t>{9, 7, 4, 0}));
  const auto large = run(false, false, 3000);
  for (int32_t i = 0; i < 3000; ++i) ASSERT_EQ(large[i], (i + 1) * (i + 2) / 2);
}

TEST(Reference, load_at_wraps_once_then_clamps_and_store_at_drops) {
  Builder b(1);
  const auto table = b.input(Dtype::float32);
  const auto indices = b.input(Dtype::int64);
  const auto out = b.output(Dtype::float32);
  const auto scattered = b.output(Dtype::float32);
  const NodeId index = b.load(indices);
  const NodeId value = b.load_at(table, index);
  b.store(out, value);
  b.store_at(scattered, index, b.float_constant(Type::f32, 5));
  std::vector<float> values = {10, 11, 12};
  std::vector<int64_t> positions = {0, 2, -1, -3, -4, 3, INT64_MIN, INT64_MAX};
  std::vector<float> result(8);
  std::vector<float> target(4, 1);
  TestLaunch({8})
      .buffer(values, {0}, 3)
      .buffer(positions, {1})
      .buffer(result, {1})
      .buffer(target, {0}, 2, 1)
      .run(b.finish());
  EXPECT_EQ(result, (std::vector<float>{10, 12, 12, 10, 10, 12, 10, 12}));
  EXPECT_EQ(target, (std::vector<float>{1, 5, 5, 1}));
}

TEST(Reference, an_empty_gathered_axis_reads_zero) {
  Builder b(1);
  const auto table = b.input(Dtype::int32);
  const auto out = b.output(Dtype::int32);
  b.store(out, b.load_at(table, b.index(0)));
  std::vector<int32_t> nothing, result(2, 9);
  TestLaunch({2}).buffer(nothing, {0}, 0).buffer(result, {1}).run(b.finish());
  EXPECT_EQ(result, (std::vector<int32_t>{0, 0}));
}

TEST(Reference, an_access_outside_the_range_is_refused) {
  Builder b(1);
  const auto x = b.input(Dtype::int32);
  const auto out = b.output(Dtype::int32);
  b.store(out, b.load(x));
  const Kernel kernel = b.finish();
  std::vector<int32_t> values(3), result(4);
  TestLaunch launch({4});
  launch.buffer(values, {1}).buffer(result, {1});
  EXPECT_THROW(launch.run(kernel), InternalError);
}

TEST(Reference, parameters_and_complex_parts) {
  Builder b(1);
  const auto z = b.input(Dtype::complex64);
  const auto out = b.output(Dtype::complex64);
  const auto scale = b.add_param(Type::f32);
  b.store(out, b.binary(Op::mul, b.load(z, 1), b.param(scale)), 0);
  b.store(out, b.load(z, 0), 1);
  std::vector<std::complex<float>> values = {{1, 2}, {3, 4}}, result(2);
  TestLaunch({2})
      .buffer(values, {1})
      .buffer(result, {1})
      .param(std::bit_cast<uint32_t>(10.0f))
      .run(b.finish());
  EXPECT_EQ(result[0], (std::complex<float>{20, 1}));
  EXPECT_EQ(result[1], (std::complex<float>{40, 3}));
}

TEST(Reference, keeps_subnormals_whatever_the_caller_set) {
#if defined(__x86_64__)
  Builder b(1);
  const auto x = b.input(Dtype::float32);
  const auto out = b.output(Dtype::float32);
  b.store(out, b.binary(Op::add, b.load(x), b.load(x)));
  const Kernel kernel = b.finish();
  std::vector<float> values = {0x1p-149f}, result(1);
  const unsigned saved = _mm_getcsr();
  const unsigned flushing = saved | 0x8040u;
  _mm_setcsr(flushing);
  TestLaunch({1}).buffer(values, {1}).buffer(result, {1}).run(kernel);
  EXPECT_EQ(_mm_getcsr(), flushing);
  _mm_setcsr(saved);
  EXPECT_EQ(std::bit_cast<uint32_t>(result[0]), 2u);
#endif
}

TEST(Reference, multiplication_and_addition_are_not_contracted) {
  Builder b(1);
  const auto x = b.input(Dtype::float32);
  const auto out = b.output(Dtype::float32);
  const NodeId a = b.load(x);
  b.store(out,
          b.binary(Op::sub, b.binary(Op::mul, a, a), b.float_constant(Type::f32, 1 + 0x1p-11)));
  std::vector<float> values = {1 + 0x1p-12f}, result(1);  // the square loses 2^-24
  TestLaunch({1}).buffer(values, {1}).buffer(result, {1}).run(b.finish());
  EXPECT_EQ(result[0], 0.0f);
}

}  // namespace
}  // namespace tandem::kernel
