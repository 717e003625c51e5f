#include "tandem/kernel/fuzz/fuzz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tandem/kernel/fuzz/generator.h"
#include "tandem/kernel/fuzz/mutate.h"
#include "tandem/kernel/reference/reference.h"
#include "tandem/kernel/rows/expand_calls.h"
#include "tandem/kernel/text/printer.h"
#include "tandem/kernel/verify/verifier.h"
#include "tandem/kernel/verify/verify_launch.h"

namespace tandem::kernel::fuzz {
namespace {

using ::testing::HasSubstr;

TEST(Generator, makes_verified_kernels_and_launches_that_survive_their_text) {
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    Case fuzz_case = random_case(seed);
    ASSERT_THAT(verify(fuzz_case.kernel), ::testing::IsEmpty()) << seed;
    ASSERT_THAT(verify_launch(fuzz_case.kernel, Launch(fuzz_case, fuzz_case.blocks).arguments()),
                ::testing::IsEmpty())
        << seed << "\n"
        << describe(fuzz_case);
    ASSERT_EQ(find_fault(fuzz_case.kernel), std::nullopt) << seed;
    ASSERT_EQ(parse(print(fuzz_case.kernel)), fuzz_case.kernel) << seed;
  }
}

TEST(Generator, reaches_every_operation_type_dtype_and_stage) {
  std::set<std::pair<Op, Type>> operations;
  std::set<std::pair<Dtype, bool>> dtypes;
  std::set<std::tuple<StageKind, Reduction, Extent>> stages;
  std::set<int64_t> extents;
  int aliased = 0;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    const RandomKernel kernel = random_kernel(random);
    for (const Node& node : kernel.kernel.nodes) operations.emplace(node.op, node.type);
    for (const BufferParam& buffer : kernel.kernel.buffers) {
      dtypes.emplace(buffer.dtype, buffer.written);
    }
    for (const Stage& stage : kernel.kernel.stages) {
      stages.emplace(stage.kind, stage.reduction, stage.extent);
    }
    if (seed % 8 != 0) continue;
    const Case fuzz_case = random_launch(random, kernel);
    extents.insert(fuzz_case.extents.begin(), fuzz_case.extents.end());
    for (size_t i = 0; i < fuzz_case.layouts.size(); ++i) {
      aliased += fuzz_case.layouts[i].block != i;
    }
  }
  std::set<Op> ops;
  for (const auto& [op, type] : operations) ops.insert(op);
  EXPECT_EQ(ops.size(), static_cast<size_t>(kOpCount));
  EXPECT_TRUE(
      operations.contains({Op::fma, Type::f64}) && operations.contains({Op::imulhi_u, Type::i64}) &&
      operations.contains({Op::select, Type::b1}) && operations.contains({Op::ftoi_u, Type::i64}));
  EXPECT_EQ(dtypes.size(), static_cast<size_t>(2 * kDtypeCount));
  // Two kinds of map, eight reductions, six scans.
  EXPECT_EQ(stages.size(), 16u);
  for (int64_t extent : {0, 1, 63, 64, 65, 1023, 1024, 1025}) EXPECT_TRUE(extents.contains(extent));
  EXPECT_GT(aliased, 0);
}

TEST(Fuzz, expanded_leaves_agree_and_corrupted_kernels_are_caught) {
  const auto expanded = [](const Kernel& kernel, const device::LaunchArguments& launch) {
    const Kernel primitives = expand_calls(kernel);
    check_kernel(primitives);
    run_reference(primitives, launch);
  };
  const std::vector<Evaluator> evaluators = {{"leaves expanded", expanded}};
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const auto failure = fuzz_evaluators(seed, evaluators);
    ASSERT_FALSE(failure.has_value()) << failure->describe();
    const auto accepted = fuzz_verifier(seed, evaluators);
    ASSERT_FALSE(accepted.has_value()) << accepted->describe();
  }
}

// An evaluator that gets one operation wrong is found, and the case shrinks to little more than
// that operation.
TEST(Fuzz, finds_and_shrinks_a_wrong_evaluator) {
  const Evaluator wrong = {"wrong",
                           [](const Kernel& kernel, const device::LaunchArguments& launch) {
                             Kernel changed = kernel;
                             for (Node& node : changed.nodes) {
                               if (node.op == Op::sub) std::swap(node.in[0], node.in[1]);
                             }
                             run_reference(changed, launch);
                           }};
  std::optional<Failure> failure;
  for (uint64_t seed = 0; !failure && seed < 500; ++seed) failure = fuzz_evaluators(seed, {wrong});
  ASSERT_TRUE(failure.has_value());
  EXPECT_THAT(failure->describe(), HasSubstr("expected"));
  ASSERT_TRUE(failure->shrunk.has_value());
  EXPECT_LE(failure->shrunk->kernel.nodes.size(), 6u) << failure->describe();
  EXPECT_THAT(print(failure->shrunk->kernel), HasSubstr(" sub "));
  EXPECT_TRUE(disagreement(*failure->shrunk, wrong).has_value());
}

TEST(Fuzz, a_dropped_element_and_a_stray_store_are_seen) {
  Case fuzz_case;
  uint64_t seed = 0;
  std::vector<Block> expected;
  do {
    fuzz_case = random_case(seed++);
    expected = expected_blocks(fuzz_case);
  } while (first_difference(fuzz_case, expected, fuzz_case.blocks) == std::nullopt);
  EXPECT_EQ(first_difference(fuzz_case, expected, expected), std::nullopt);
  for (size_t i = 0; i < fuzz_case.layouts.size(); ++i) {
    if (fuzz_case.layouts[i].margin == 0) continue;
    std::vector<Block> stray = expected;
    stray[fuzz_case.layouts[i].block].back() ^= std::byte{0x40};
    EXPECT_NE(first_difference(fuzz_case, expected, stray), std::nullopt);
  }
}

class VerifierDefects : public ::testing::TestWithParam<Defect> {};

TEST_P(VerifierDefects, are_found_by_corrupted_kernels) {
  const DefectResult result = find_defect(GetParam(), {}, 1, 60);
  EXPECT_TRUE(result.found) << result.cases << " cases";
  EXPECT_FALSE(planted(GetParam())) << "the defect is removed";
}

INSTANTIATE_TEST_SUITE_P(
    All, VerifierDefects,
    ::testing::Values(Defect::verify_skips_types, Defect::verify_skips_order,
                      Defect::verify_skips_visibility, Defect::verify_skips_slots,
                      Defect::verify_skips_stage_cover, Defect::verify_skips_rounding,
                      Defect::verify_skips_store_count, Defect::verify_skips_written),
    [](const auto& test) { return std::string(name_of(test.param)); });

}  // namespace
}  // namespace tandem::kernel::fuzz
