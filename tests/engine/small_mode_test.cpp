// Small mode: plans whose memory does not fit run one segment at a time, with the same bits.
#include <gmock/gmock.h>

#include "limits.h"
#include "random_program.h"

namespace tandem {
namespace {

using inspect::Counters;

// Values that cross the devices 400 times: all of them together are 50 times the device.
TEST(SmallMode, alternations_of_devices_fit_a_small_device) {
  const ScopedLimit limit(kGpu, 8 * kUnit);
  const array start = unit_array(1);
  array x = start;
  for (int i = 0; i < 200; ++i) x = multiply(add(x, Scalar(1.0), kCpu), Scalar(0.5), kGpu);
  const MemoryGain gain;
  eval(x);
  EXPECT_EQ(gain(&Counters::small_runs), 1u);
  EXPECT_LE(inspect::memory(kGpu).peak, get_memory_limit(kGpu));
  array y = start;
  for (int i = 0; i < 200; ++i) y = multiply(add(y, Scalar(1.0), kCpu), Scalar(0.5), kCpu);
  EXPECT_EQ(bytes(x), bytes(y));
}

// Sixteen inputs and eight kept results, read in several orders, on a device for eight.
std::vector<array> twice_the_device(Device device, std::vector<array>& results) {
  std::vector<array> inputs;
  for (int i = 0; i < 16; ++i) inputs.push_back(unit_array(i));
  for (size_t round = 0; round < 8; ++round) {
    array total = inputs[round];
    for (size_t i = 0; i < 16; ++i) {
      const array& other = inputs[(i * 5 + round) % 16];
      total = i % 4 == 3 ? matmul(total, multiply(other, Scalar(0.01), device), device)
                         : add(total, other, device);
    }
    results.push_back(total);
  }
  return results;
}

TEST(SmallMode, a_working_set_of_twice_the_device) {
  std::vector<array> expected_arrays, results;
  twice_the_device(kCpu, expected_arrays);
  eval(expected_arrays);
  const ScopedLimit limit(kGpu, 12 * kUnit);
  twice_the_device(kGpu, results);
  const MemoryGain gain;
  eval(results);
  EXPECT_EQ(gain(&Counters::small_runs), 1u);
  EXPECT_GT(gain(&Counters::evictions), 0u);
  EXPECT_GT(gain(&Counters::redundant_copies_dropped), 0u);
  EXPECT_GT(gain(&Counters::prefetches), 0u);
  for (size_t i = 0; i < results.size(); ++i)
    EXPECT_EQ(bytes(results[i]), bytes(expected_arrays[i]));
}

// A kernel with more operands than the device holds is planned again without fusion.
TEST(SmallMode, kernels_with_too_many_operands_are_split) {
  const ScopedSetting fusion("fusion", "on");
  std::vector<array> inputs;
  for (int i = 0; i < 12; ++i) inputs.push_back(unit_array(i));
  const auto build = [&](Device device) {
    array total = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) {
      total = multiply(add(total, inputs[i], device), Scalar(0.75), device);
    }
    return total;
  };
  const auto expected = reference_bytes(build);
  const ScopedLimit limit(kGpu, 6 * kUnit);
  const MemoryGain gain;
  EXPECT_EQ(bytes(build(kGpu)), expected);
  EXPECT_EQ(gain(&Counters::small_replans), 1u);
  EXPECT_EQ(bytes(build(kGpu)), expected);
  EXPECT_EQ(gain(&Counters::small_replans), 1u);  // the second plan is kept
}

TEST(SmallMode, deep_chains_of_held_values) {
  const ScopedLimit limit(kGpu, 8 * kUnit);
  std::vector<array> kept{unit_array(3)};
  for (int i = 0; i < 30; ++i) kept.push_back(add(kept.back(), kept[kept.size() / 2], kGpu));
  eval(kept.back());
  std::vector<array> expected{kept[0]};
  for (int i = 0; i < 30; ++i) {
    expected.push_back(add(expected.back(), expected[expected.size() / 2], kCpu));
  }
  for (size_t i = 0; i < kept.size(); ++i) {
    EXPECT_TRUE(kept[i].evaluated());
    EXPECT_EQ(bytes(kept[i]), bytes(expected[i])) << i;
  }
}

TEST(SmallMode, what_does_not_fit_in_pieces_is_an_error_with_the_numbers) {
  const ScopedLimit limit(kGpu, 2 * kUnit);
  const array x = unit_array(1), y = unit_array(2);
  const array z = add(x, y, kGpu);
  const MemoryGain gain;
  try {
    eval(z);
    FAIL() << "three operands fit where two have room";
  } catch (const OutOfMemory& error) {
    EXPECT_THAT(error.what(),
                testing::MatchesRegex(".memory. Device\\(gpu, 0\\) has no room for 1048576 bytes: "
                                      "[0-9]+ bytes are in use and [0-9]+ cached of a limit of "
                                      "[0-9]+"));
  }
  EXPECT_EQ(gain(&Counters::out_of_memory), 1u);
  EXPECT_FALSE(z.evaluated());
  set_memory_limit(get_memory_limit(kGpu) + kUnit, kGpu);
  EXPECT_EQ(bytes(z), bytes(add(x, y, kCpu)));
}

TEST(SmallMode, left_out_is_out_of_memory) {
  const ScopedSetting mode("small_mode", "auto");
  const ScopedSetting off("pressure_off", "small");
  const ScopedLimit limit(kGpu, 6 * kUnit);
  array x = unit_array(1);
  for (int i = 0; i < 20; ++i) x = multiply(add(x, Scalar(1.0), kCpu), Scalar(0.5), kGpu);
  EXPECT_THROW(eval(x), OutOfMemory);
}

TEST(SmallMode, an_unknown_step_is_refused) {
  const ScopedSetting off("pressure_off", "evict,smal");
  const ScopedLimit limit(kGpu, kUnit / 2);
  EXPECT_THROW(eval(exp(unit_array(1), kGpu)), ArgumentError);
}

// Every program, piece by piece: same bits.
TEST(SmallMode, random_programs_have_the_same_bits) {
  const std::vector<Stream> streams = {new_stream(kCpu), new_stream(kCpu), new_stream(kGpu),
                                       new_stream(kGpu), new_stream({DeviceType::gpu, 1})};
  const MemoryGain gain;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const Outcome expected = run_program(seed, {}, {});
    const ScopedSetting small("small_mode", "always");
    const Outcome got =
        run_program(seed, {}, {.streams = streams, .drop = true, .partial = true, .seed = seed});
    ASSERT_EQ(difference(expected, got), "") << seed;
  }
  EXPECT_GT(gain(&Counters::small_runs), 60u);
}

}  // namespace
}  // namespace tandem
