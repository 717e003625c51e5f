// Small mode: plans whose memory does not fit run one segment at a time, with the same bits.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "faults.h"
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

// Slices that kernels store into values which other instructions complete.
TEST(SmallMode, values_written_in_parts) {
  const array part = ramp({512, 100});
  const auto build = [&](Device device) {
    std::vector<array> results;
    for (int i = 0; i < 12; ++i) {
      const array base = i % 2 == 0 ? unit_array(i) : add(unit_array(i), Scalar(1.0), device);
      const array written = multiply(part, Scalar(static_cast<double>(i)), device);
      results.push_back(slice_update(base, written, Shape{0, 100 + i}, Shape{1, 1}, device));
    }
    return results;
  };
  std::vector<array> expected = build(kCpu);
  {
    const ScopedSetting unfused("fusion", "off");
    eval(expected);
  }
  const ScopedLimit limit(kGpu, 8 * kUnit);
  const std::vector<array> results = build(kGpu);
  const MemoryGain gain;
  eval(results);
  EXPECT_EQ(gain(&Counters::small_runs), 1u);
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(bytes(results[i]), bytes(expected[i]));
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

TEST(SmallMode, left_out_kernels_with_too_many_operands_do_not_fit) {
  const ScopedSetting fusion("fusion", "on");
  const LeftOut off(engine::Decision::replan);
  std::vector<array> inputs;
  for (int i = 0; i < 12; ++i) inputs.push_back(unit_array(i));
  array total = inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) {
    total = multiply(add(total, inputs[i], kGpu), Scalar(0.7), kGpu);
  }
  const ScopedLimit limit(kGpu, 6 * kUnit);
  EXPECT_THROW(eval(total), OutOfMemory);
}

// Two devices take turns, each with room for half of what it reads.
TEST(SmallMode, a_working_set_of_twice_both_of_two_devices) {
  const Device other{DeviceType::gpu, 1};
  const auto build = [](Device first, Device second) {
    std::vector<array> inputs, results;
    for (int i = 0; i < 16; ++i) inputs.push_back(unit_array(i));
    for (size_t round = 0; round < 8; ++round) {
      array total = inputs[round];
      for (size_t i = 0; i < 16; ++i) {
        const array& input = inputs[(i * 5 + round) % 16];
        const Device device = (i + round) % 2 == 0 ? first : second;
        total = i % 4 == 3 ? matmul(total, multiply(input, Scalar(0.01), device), device)
                           : add(total, input, device);
      }
      results.push_back(total);
    }
    return results;
  };
  std::vector<array> expected = build(kCpu, kCpu);
  eval(expected);
  eval(add(array(1.0f), Scalar(1.0), other));
  const ScopedLimit limit(kGpu, 6 * kUnit), other_limit(other, 6 * kUnit);
  const MemoryGain gain;
  std::vector<array> results = build(kGpu, other);
  eval(results);
  EXPECT_EQ(gain(&Counters::small_runs), 1u);
  EXPECT_GT(gain(&Counters::evictions), 0u);
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(bytes(results[i]), bytes(expected[i])) << i;
}

// ---- donation: a chain runs in the room of one value

TEST(SmallMode, results_are_written_over_inputs_that_die) {
  const ScopedSetting fusion("fusion", "off");
  const auto build = [](Device device) {
    array x = arange(0.0, 262144.0, 1.0, Dtype::float32);
    x = multiply(x, Scalar(1e-6), device);
    for (int i = 0; i < 6; ++i) x = exp(multiply(x, Scalar(-0.5), device), device);
    return x;
  };
  const auto expected = bytes(build(kCpu));
  const ScopedLimit limit(kGpu, kUnit + kUnit / 2);
  const MemoryGain gain;
  {
    const LeftOut off(engine::Decision::donate);
    EXPECT_THROW(eval(build(kGpu)), OutOfMemory);
  }
  EXPECT_EQ(gain(&Counters::small_donations), 0u);
  EXPECT_EQ(bytes(build(kGpu)), expected);
  EXPECT_GE(gain(&Counters::small_donations), 12u);
  EXPECT_GE(gain(&Counters::donations), 12u);
}

// A leaf that nobody else owns is written over by the last segment; one that is held is not.
TEST(SmallMode, leaves_are_donated_when_nothing_can_fail_any_more) {
  const ScopedSetting small("small_mode", "always");
  array x = exp(unit_array(1), kGpu);
  eval(x);
  const array held = x;
  const auto before = bytes(held);
  const MemoryGain gain;
  x = exp(x, kGpu);
  eval(x);
  EXPECT_EQ(gain(&Counters::small_donations), 0u);
  EXPECT_EQ(bytes(held), before);
  x = exp(negative(x, kGpu), kGpu);
  eval(x);
  EXPECT_EQ(gain(&Counters::small_donations), 1u);
  EXPECT_EQ(bytes(x), bytes(exp(negative(exp(held, kCpu), kCpu), kCpu)));
}

// ---- recomputing instead of moving

uint64_t bytes_moved() {
  uint64_t total = 0;
  for (const auto& direction : memory::Ledger::instance().counts().bytes) {
    for (const uint64_t bytes : direction) total += bytes;
  }
  return total;
}

// Cheap values that are read again when all others have been made.
array read_twice(Device device) {
  std::vector<array> made;
  for (int i = 0; i < 8; ++i) {
    const array numbers = reshape(arange(i, 262144.0 + i, 1.0, Dtype::float32), Shape{512, 512});
    made.push_back(multiply(numbers, Scalar(1e-6), device));
  }
  array total = made[0];
  for (const array& x : made) total = matmul(total, x, device);
  for (const array& x : made) total = matmul(total, x, device);
  return total;
}

TEST(SmallMode, cheap_values_are_made_again_instead_of_moved) {
  const auto expected = bytes(read_twice(kCpu));
  const ScopedLimit limit(kGpu, 5 * kUnit);
  const MemoryGain gain;
  uint64_t moved = 0;
  {
    const LeftOut off(engine::Decision::recompute);
    const uint64_t before = bytes_moved();
    EXPECT_EQ(bytes(read_twice(kGpu)), expected);
    moved = bytes_moved() - before;
    EXPECT_EQ(gain(&Counters::recomputes), 0u);
    EXPECT_GE(gain(&Counters::evictions), 3u);
  }
  const uint64_t evictions = gain(&Counters::evictions);
  const uint64_t before = bytes_moved();
  EXPECT_EQ(bytes(read_twice(kGpu)), expected);
  EXPECT_GE(gain(&Counters::recomputes), 3u);
  EXPECT_EQ(gain(&Counters::evictions), evictions);
  EXPECT_LE(bytes_moved() - before, moved - 6 * kUnit);
}

// On the host there is nowhere to move to: values that can be made again are what makes room.
TEST(SmallMode, host_values_are_made_again) {
  const auto expected = bytes(read_twice(kCpu));
  const ScopedLimit limit(kCpu, 5 * kUnit);
  const MemoryGain gain;
  {
    const LeftOut off(engine::Decision::recompute);
    EXPECT_THROW(eval(read_twice(kCpu)), OutOfMemory);
  }
  EXPECT_EQ(bytes(read_twice(kCpu)), expected);
  EXPECT_GE(gain(&Counters::recomputes), 3u);
}

// ---- waits for memory, the lock given back

class SmallModeWaits : public testing::Test {
 protected:
  // The second run of a plan that was short of memory starts in small mode.
  SmallModeWaits() {
    const array shared = plus_three();
    const MemoryGain gain;
    eval(growing(start_, kGpu));
    eval(growing(shared, kGpu));
    EXPECT_EQ(gain(&Counters::small_runs), 2u);
    synchronize_all();
    clear_cache();
    engine::Engine::instance().set_interrupt_check([this] { return interrupted_.load(); });
  }
  ~SmallModeWaits() override {
    gpu_controls().resume();
    engine::Engine::instance().set_interrupt_check({});
  }
  // Values of growing sizes, between two uses of four others that are in the way meanwhile. Free
  // memory that the GPU still uses has to be waited for before it is made one piece.
  static array growing(const array& start, Device device) {
    const auto sorted = [&](int count, double scale) {
      const array numbers = arange(0.0, count, 1.0, Dtype::float32);
      return sort(multiply(numbers, Scalar(scale), device), 0, device);
    };
    array total = start;
    std::vector<array> others;
    for (int i = 0; i < 4; ++i) {
      others.push_back(sorted(262144, -1e-6 * (i + 1)));
      total = add(total, sum(others.back(), Axes(), false, device), device);
    }
    for (int i = 0; i < 8; ++i) {
      total = add(total, sum(sorted(262144 + 131072 * i, -1e-6), Axes(), false, device), device);
    }
    for (const array& other : others) total = add(total, max(other, Axes(), false, device), device);
    return total;
  }

  array plus_three() const { return add(start_, Scalar(3.0), kCpu); }

  std::atomic<bool> interrupted_ = false;  // what a thread that waits asks, again and again
  const ScopedSetting mode_{"small_mode", "auto"};
  const ScopedLimit limit_{kGpu, 11 * kUnit};
  const array start_{2.0f};
};

TEST_F(SmallModeWaits, ctrl_c_loses_nothing_in_small_mode) {
  const auto expected = bytes(growing(start_, kCpu));
  const array x = growing(start_, kGpu);
  const MemoryGain gain;
  interrupted_ = true;
  gpu_controls().pause();
  EXPECT_THROW(eval(x), Interrupted);
  EXPECT_GT(gain(&Counters::pressure_waits), 0u);
  EXPECT_EQ(gain(&Counters::small_runs), 0u) << "in the middle of the run";
  EXPECT_FALSE(x.evaluated());
  gpu_controls().resume();
  interrupted_ = false;
  EXPECT_EQ(bytes(x), expected);
}

TEST_F(SmallModeWaits, other_threads_go_on) {
  const auto expected = bytes(growing(start_, kCpu));
  const auto expected_shared = bytes(plus_three());
  const auto expected_x = bytes(growing(plus_three(), kCpu));
  const array shared = plus_three();
  const array x = growing(shared, kGpu);
  const MemoryGain gain;
  gpu_controls().pause();
  std::atomic<bool> ended = false;
  std::thread small([&] {
    EXPECT_NO_THROW(eval(x));
    ended = true;
  });
  struct End {
    std::thread& thread;
    ~End() {
      gpu_controls().resume();
      thread.join();
    }
  };
  {
    const End end{small};
    while (gain(&Counters::pressure_waits) == 0 && !ended) std::this_thread::yield();
    EXPECT_EQ(bytes(growing(start_, kCpu)), expected);
    EXPECT_EQ(bytes(shared), expected_shared) << "what the other thread has walked";
    EXPECT_FALSE(x.evaluated());
  }
  EXPECT_EQ(bytes(x), expected_x);
}

// Runs of several threads that are all short take turns.
TEST_F(SmallModeWaits, threads_in_small_mode_take_turns) {
  const auto expected = bytes(growing(start_, kCpu));
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) right += bytes(growing(start_, kGpu)) == expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 20);
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
