#include "tandem/kernel/verify/verify_launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <span>

#include "launch_helper.h"
#include "tandem/base/error.h"
#include "tandem/kernel/builder.h"

namespace tandem::kernel {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Kernel copy_kernel(int rank, Access access = Access::general) {
  Builder b(rank);
  const auto x = b.input(Dtype::float32, access);
  b.store(b.output(Dtype::float32), b.load(x));
  return b.finish();
}

auto rule(std::string_view name) { return Contains(StartsWith(std::string(name) + ": ")); }

TEST(VerifyLaunch, counts_and_extents) {
  const Kernel kernel = copy_kernel(1);
  std::vector<float> x(4), y(4);
  EXPECT_THAT(
      verify_launch(kernel, TestLaunch({4}).buffer(x, {1}).buffer(y, {1}).arguments(kernel)),
      IsEmpty());
  TestLaunch two_axes({4, 1});
  EXPECT_THAT(verify_launch(kernel, two_axes.buffer(x, {1, 1}).buffer(y, {1, 1}).arguments(kernel)),
              rule("launch_counts"));
  TestLaunch negative({-1});
  EXPECT_THAT(verify_launch(kernel, negative.buffer(x, {1}).buffer(y, {1}).arguments(kernel)),
              rule("launch_counts"));
  TestLaunch with_param({4});
  const auto arguments = with_param.buffer(x, {1}).buffer(y, {1}).param(1).arguments(kernel);
  EXPECT_THAT(verify_launch(kernel, arguments), rule("launch_counts"));
  EXPECT_THROW(check_launch(kernel, arguments), InternalError);
}

TEST(VerifyLaunch, ranges_of_strided_and_indexed_buffers) {
  const Kernel kernel = copy_kernel(1);
  std::vector<float> x(7), y(4);
  const auto check = [&](int64_t stride, int64_t offset) {
    TestLaunch launch({4});
    launch.buffer(x, {stride}, 0, offset).buffer(y, {1});
    return verify_launch(kernel, launch.arguments(kernel));
  };
  EXPECT_THAT(check(2, 0), IsEmpty());
  EXPECT_THAT(check(-2, 6), IsEmpty());
  EXPECT_THAT(check(2, 1), rule("launch_range"));
  EXPECT_THAT(check(-2, 5), rule("launch_range"));

  Builder b(1);
  const auto table = b.input(Dtype::float32);
  b.store(b.output(Dtype::float32), b.load_at(table, b.index(0)));
  const Kernel gather = b.finish();
  for (int64_t entries : {7, 8}) {
    TestLaunch launch({4});
    launch.buffer(x, {0}, entries).buffer(y, {1});
    EXPECT_EQ(verify_launch(gather, launch.arguments(gather)).empty(), entries == 7);
  }
}

TEST(VerifyLaunch, an_empty_domain_touches_nothing) {
  const Kernel kernel = copy_kernel(2);
  std::vector<float> nothing;
  TestLaunch launch({0, 5});
  launch.buffer(nothing, {5, 1}).buffer(nothing, {5, 1});
  EXPECT_THAT(verify_launch(kernel, launch.arguments(kernel)), IsEmpty());
}

TEST(VerifyLaunch, access_classes_are_promises) {
  std::vector<float> x(6), y(6);
  const auto check = [&](Access access, std::vector<int64_t> strides,
                         std::vector<int64_t> extents) {
    const Kernel kernel = copy_kernel(2, access);
    TestLaunch launch(extents);
    launch.buffer(x, strides).buffer(y, {3, 1});
    return verify_launch(kernel, launch.arguments(kernel));
  };
  EXPECT_THAT(check(Access::contiguous, {3, 1}, {2, 3}), IsEmpty());
  EXPECT_THAT(check(Access::contiguous, {77, 1}, {1, 3}), IsEmpty());
  EXPECT_THAT(check(Access::contiguous, {1, 2}, {2, 3}), rule("launch_access"));
  EXPECT_THAT(check(Access::scalar, {0, 0}, {2, 3}), IsEmpty());
  EXPECT_THAT(check(Access::scalar, {0, 1}, {2, 3}), rule("launch_access"));
}

// A row stage loads the buffer at reduced coordinates 0 though the rows have no elements.
TEST(VerifyLaunch, access_classes_hold_for_rows_without_elements) {
  Builder b(1, 1);
  const auto x = b.input(Dtype::float32, Access::scalar);
  const auto stage = b.reduce(Reduction::sum, b.load(x));
  b.begin_map(Extent::row);
  const NodeId total = b.binary(Op::add, b.load(x), b.stage_result(stage));
  b.store(b.output(Dtype::float32), total);
  const Kernel kernel = b.finish();
  std::vector<float> values(4), out(4);
  const auto check = [&](int64_t stride) {
    TestLaunch launch({4, 0});
    launch.buffer(values, {stride, 0}).buffer(out, {1, 0});
    return verify_launch(kernel, launch.arguments(kernel));
  };
  EXPECT_THAT(check(0), IsEmpty());
  EXPECT_THAT(check(1), rule("launch_access"));
}

TEST(VerifyLaunch, stores_reach_an_address_once) {
  const Kernel kernel = copy_kernel(2);
  std::vector<float> x(6), y(6);
  const auto check = [&](std::vector<int64_t> strides) {
    TestLaunch launch({2, 3});
    launch.buffer(x, {0, 0}).buffer(y, strides);
    return verify_launch(kernel, launch.arguments(kernel));
  };
  EXPECT_THAT(check({3, 1}), IsEmpty());
  EXPECT_THAT(check({1, 2}), IsEmpty());
  EXPECT_THAT(check({0, 1}), rule("launch_stores"));
  EXPECT_THAT(check({1, 1}), rule("launch_stores"));
}

TEST(VerifyLaunch, written_flags_agree) {
  const Kernel kernel = copy_kernel(1);
  std::vector<float> x(4), y(4);
  TestLaunch launch({4});
  launch.buffer(x, {1}).buffer(y, {1});
  const auto arguments = launch.arguments(kernel);
  std::vector<device::BufferArgument> buffers(arguments.buffers.begin(), arguments.buffers.end());
  buffers[0].written = true;
  EXPECT_THAT(verify_launch(kernel, {arguments.extents, buffers, arguments.params}),
              rule("launch_written"));
}

TEST(VerifyLaunch, a_store_may_alias_a_load_of_the_same_map) {
  const Kernel kernel = copy_kernel(1);
  std::vector<float> x(8);
  const auto check = [&](int64_t stride, int64_t offset, int64_t out_stride) {
    TestLaunch launch({4});
    launch.buffer(x, {stride}, 0, offset).buffer(x, {out_stride});
    return verify_launch(kernel, launch.arguments(kernel));
  };
  EXPECT_THAT(check(1, 0, 1), IsEmpty());
  EXPECT_THAT(check(2, 0, 2), IsEmpty());
  EXPECT_THAT(check(1, 4, 1), IsEmpty()) << "disjoint";
  EXPECT_THAT(check(1, 1, 1), rule("launch_aliases"));
  EXPECT_THAT(check(2, 0, 1), rule("launch_aliases"));
}

TEST(VerifyLaunch, two_outputs_never_share_memory) {
  Builder b(1);
  const NodeId x = b.load(b.input(Dtype::float32));
  b.store(b.output(Dtype::float32), x);
  b.store(b.output(Dtype::float32), x);
  const Kernel kernel = b.finish();
  std::vector<float> in(4), out(4);
  TestLaunch launch({4});
  launch.buffer(in, {1}).buffer(out, {1}).buffer(out, {1});
  EXPECT_THAT(verify_launch(kernel, launch.arguments(kernel)), rule("launch_aliases"));
}

TEST(MayAlias, not_when_the_load_is_used_after_the_store) {
  Builder b(1);
  const auto x = b.input(Dtype::float32);
  const auto first = b.output(Dtype::float32);
  const auto second = b.output(Dtype::float32);
  const NodeId value = b.load(x);
  b.store(first, b.unary(Op::neg, value));
  b.store(second, b.unary(Op::abs, value));
  const Kernel kernel = b.finish();
  EXPECT_FALSE(may_alias(kernel, x, first));
  EXPECT_TRUE(may_alias(kernel, x, second));
}

TEST(MayAlias, not_when_a_later_stage_depends_on_the_load) {
  Builder b(1, 1);
  const auto x = b.input(Dtype::float32);
  const auto out = b.output(Dtype::float32);
  const auto total = b.output(Dtype::float32);
  const NodeId value = b.unary(Op::neg, b.load(x));
  b.store(out, value);
  b.begin_map();
  const auto sum = b.reduce(Reduction::sum, value);
  b.begin_map(Extent::row);
  b.store(total, b.stage_result(sum));
  const Kernel kernel = b.finish();
  EXPECT_FALSE(may_alias(kernel, x, out));
}

TEST(MayAlias, parts_of_complex_numbers_are_apart) {
  Builder b(1);
  const auto x = b.input(Dtype::complex64);
  const auto out = b.output(Dtype::complex64);
  const NodeId re = b.load(x, 0), im = b.load(x, 1);
  b.store(out, re, 0);
  b.store(out, im, 1);
  EXPECT_TRUE(may_alias(b.finish(), x, out));
  Builder swapped(1);
  const auto y = swapped.input(Dtype::complex64);
  const auto target = swapped.output(Dtype::complex64);
  const NodeId first = swapped.load(y, 0), second = swapped.load(y, 1);
  swapped.store(target, second, 0);
  swapped.store(target, first, 1);
  EXPECT_FALSE(may_alias(swapped.finish(), y, target));
}

TEST(MayAlias, never_with_gathers_and_scatters) {
  Builder b(1);
  const auto x = b.input(Dtype::float32);
  const auto out = b.output(Dtype::float32);
  b.store(out, b.load_at(x, b.index(0)));
  EXPECT_FALSE(may_alias(b.finish(), x, out));
}

}  // namespace
}  // namespace tandem::kernel
