// The steps against a shortage of memory, one by one: each makes a computation possible that is out
// of memory when the step is left out.
#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "limits.h"
#include "tandem/backends/simulated/simulated.h"

namespace tandem {
namespace {

using inspect::Counters;

// Elements from `from` on, made on the device without any input.
array made_there(size_t bytes, double from = 0.0, Device device = kGpu) {
  const array numbers = arange(from, from + static_cast<double>(bytes / 4), 1.0, Dtype::float32);
  return add(numbers, Scalar(1.0), device);
}

void run_async(array a) { async_eval(std::span(&a, 1)); }

// Runs `work` with the named steps left out: true when it went through.
template <class Work>
bool goes_through(const char* steps_off, Work&& work) {
  const ScopedSetting off("pressure_off", steps_off);
  const ScopedSetting mode("small_mode", "auto");
  try {
    work();
    return true;
  } catch (const OutOfMemory&) {
    return false;
  }
}

// An arena that an earlier plan needed is in the way.
TEST(Pressure, trim_gives_arenas_back) {
  const ScopedLimit limit(kGpu, 16 * kUnit);
  const auto work = [] {
    {
      const array x = reshape(arange(0.0, 1048576.0, 1.0, Dtype::float32), Shape{1024, 1024});
      const array y = multiply(x, Scalar(1e-6), kGpu);
      const array total = sum(matmul(y, y, kGpu), Axes(), false, kGpu);
      eval(total);  // the product was in an arena
    }
    const array large = made_there(14 * kUnit, 5.0);
    eval(large);
    EXPECT_EQ(values<float>(large)[1], 7.0f);
  };
  const MemoryGain gain;
  EXPECT_FALSE(goes_through("trim", work));
  EXPECT_EQ(gain(&Counters::pressure_trims), 0u);
  clear_cache();
  EXPECT_TRUE(goes_through("", work));
  EXPECT_GT(gain(&Counters::pressure_trims), 0u);
}

// Results that were copied to the GPU because their site's values are read there.
TEST(Pressure, speculation_ends_first) {
  const ScopedSetting mode("small_mode", "auto");
  const ScopedLimit limit(kGpu, 16 * kUnit);
  const auto work = [] {
    std::vector<array> results;
    for (int i = 0; i < 40; ++i) {
      const array x = made_there(kUnit, i, kCpu);
      eval(x);
      if (i < 28) {
        for (int reader = 0; reader < 2; ++reader) eval(add(x, Scalar(reader), kGpu));
      } else {
        results.push_back(x);  // pushed, and not read
      }
    }
    const MemoryGain gain;
    const array large = made_there(8 * kUnit);
    eval(large);
    EXPECT_GT(gain(&Counters::pressure_speculation_stops), 0u);
  };
  const MemoryGain gain;
  EXPECT_TRUE(goes_through("redundant,evict,small", work));
  EXPECT_GE(gain(&Counters::eager_pushes), 12u);
  EXPECT_FALSE(goes_through("speculation,redundant,evict,small", [&] {
    // Nothing is pushed for a while after a shortage.
    for (int i = 0; i < 70; ++i) eval(add(array(1.0f), Scalar(i)));
    work();
  }));
}

TEST(Pressure, redundant_copies_go) {
  const ScopedLimit limit(kGpu, 16 * kUnit);
  std::vector<array> leaves;
  for (int i = 0; i < 10; ++i) leaves.push_back(unit_array(i));
  const auto work = [&] {
    for (const array& leaf : leaves) eval(sum(leaf, Axes(), false, kGpu));
    eval(made_there(10 * kUnit));
  };
  const MemoryGain gain;
  EXPECT_FALSE(goes_through("redundant,small", work));
  EXPECT_EQ(gain(&Counters::redundant_copies_dropped), 0u);
  EXPECT_TRUE(goes_through("small", work));
  EXPECT_GE(gain(&Counters::redundant_copies_dropped), 4u);
  EXPECT_EQ(gain(&Counters::evictions), 0u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bytes(leaves[i]), bytes(unit_array(i)));
}

// Host memory too: what the GPU has is read from there again.
TEST(Pressure, redundant_copies_of_the_host_go) {
  std::vector<array> results;
  for (int i = 0; i < 8; ++i) results.push_back(made_there(kUnit, i));
  for (const array& result : results) eval(sum(result, Axes(), false, kCpu));
  const ScopedLimit limit(kCpu, 2 * kUnit);
  const MemoryGain gain;
  EXPECT_FALSE(goes_through("redundant", [] { eval(made_there(6 * kUnit, 0.0, kCpu)); }));
  EXPECT_TRUE(goes_through("", [] { eval(made_there(6 * kUnit, 0.0, kCpu)); }));
  EXPECT_GE(gain(&Counters::redundant_copies_dropped), 4u);
}

TEST(Pressure, only_copies_are_moved_to_the_host) {
  const ScopedLimit limit(kGpu, 16 * kUnit);
  std::vector<array> results;
  const auto work = [&] {
    results.clear();
    for (int i = 0; i < 10; ++i) {
      results.push_back(made_there(kUnit, i));
      eval(results.back());
    }
    eval(made_there(12 * kUnit));
  };
  const MemoryGain gain;
  EXPECT_FALSE(goes_through("evict,small", work));
  EXPECT_EQ(gain(&Counters::evictions), 0u);
  memory::Ledger::instance().reset();
  EXPECT_TRUE(goes_through("small", work));
  EXPECT_GE(gain(&Counters::evictions), 6u);
  const auto counts = memory::Ledger::instance().counts();
  EXPECT_EQ(counts.bytes[1][static_cast<size_t>(memory::Cause::eviction)],
            gain(&Counters::evictions) * kUnit);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(values<float>(results[static_cast<size_t>(i)])[7], static_cast<float>(i + 8));
  }
}

// Free memory that work still uses becomes one piece only when the work has ended.
TEST(Pressure, work_that_holds_free_memory_is_waited_for) {
  auto& gpu =
      backends::simulated::controls(*engine::Engine::instance().devices().get(kGpu).backend);
  const auto work = [&] {
    const ScopedLimit limit(kGpu, 8 * kUnit);
    eval(made_there(kUnit / 1024));
    clear_cache();
    gpu.pause();
    run_async(made_there(3 * kUnit));
    run_async(made_there(3 * kUnit + 4096));
    const uint64_t waits = inspect::counters().pressure_waits;
    std::atomic<bool> over = false;
    std::thread resumer([&] {
      while (inspect::counters().pressure_waits == waits && !over) std::this_thread::yield();
      gpu.resume();
    });
    struct Join {
      std::atomic<bool>& over;
      std::thread& thread;
      ~Join() {
        over = true;
        thread.join();
      }
    } const join{over, resumer};
    eval(made_there(7 * kUnit));
  };
  const MemoryGain gain;
  EXPECT_FALSE(goes_through("wait", work));
  EXPECT_EQ(gain(&Counters::pressure_waits), 0u);
  EXPECT_TRUE(goes_through("small", work));
  EXPECT_GT(gain(&Counters::pressure_waits), 0u);
}

TEST(Pressure, prefetch_is_counted_and_can_be_left_out) {
  std::vector<array> inputs;
  for (int i = 0; i < 12; ++i) inputs.push_back(unit_array(i));
  const auto run = [&] {
    const ScopedSetting small("small_mode", "always");
    array total = inputs[0];
    for (size_t i = 1; i < 12; ++i) {
      total = matmul(total, multiply(inputs[i], Scalar(1e-3), kGpu), kGpu);
    }
    return bytes(total);
  };
  const ScopedLimit limit(kGpu, 12 * kUnit);
  const MemoryGain gain;
  const auto expected = run();
  const uint64_t prefetches = gain(&Counters::prefetches);
  EXPECT_GT(prefetches, 0u);
  const LeftOut off(engine::Decision::prefetch);
  for (array& input : inputs) input = multiply(input, Scalar(1.0), kCpu);
  EXPECT_EQ(run(), expected);
  EXPECT_EQ(gain(&Counters::prefetches), prefetches);
}

// Named after what users of other frameworks meet.
TEST(Pressure, an_out_of_memory_loop_ends_with_errors) {
  const ScopedLimit limit(kGpu, 8 * kUnit);
  const MemoryGain gain;
  const uint64_t active = inspect::memory(kGpu).active;
  const array small = unit_array(1);
  for (int i = 0; i < 200; ++i) {
    const array too_large = made_there((20 + static_cast<size_t>(i % 3)) * kUnit);
    EXPECT_THROW(eval(too_large), OutOfMemory);
    EXPECT_THROW(run_async(too_large), OutOfMemory);
    EXPECT_EQ(values<float>(add(small, Scalar(i), kGpu))[0], static_cast<float>(i) + 0.25f);
  }
  EXPECT_EQ(gain(&Counters::out_of_memory), 400u);
  EXPECT_LE(inspect::memory(kGpu).active, active + kUnit);
}

// What a program holds on to is an error in the end, and usable memory again when it lets go.
TEST(Pressure, holding_everything_ends_with_an_error) {
  const ScopedLimit device(kGpu, 8 * kUnit), host(kCpu, 8 * kUnit);
  std::vector<array> held;
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) {
          held.push_back(made_there(kUnit, i));
          eval(held.back());
        }
      },
      OutOfMemory);
  EXPECT_GE(held.size(), 14u) << "both memories are used before";
  held.pop_back();
  EXPECT_EQ(inspect::memory(kGpu).active + inspect::memory(kCpu).active > 14 * kUnit, true);
  held.clear();
  eval(made_there(6 * kUnit));
}

// async_eval blocks for memory alone; nothing piles up.
class AsyncLoop : public testing::TestWithParam<Device> {};

TEST_P(AsyncLoop, ten_thousand_steps_neither_fail_nor_grow) {
  const Device device = GetParam();
  const size_t step = kUnit / 16;
  const ScopedLimit limit(device, 16 * step + 2 * kUnit);
  const array start = made_there(step, 0.0, device);
  eval(start);
  reset_peak_memory();
  for (int i = 0; i < 10000; ++i) run_async(add(start, Scalar(i), device));
  const array last = add(start, Scalar(1.0), device);
  EXPECT_EQ(values<float>(last)[3], 5.0f);
  EXPECT_LE(inspect::memory(device).peak, get_memory_limit(device));
}

INSTANTIATE_TEST_SUITE_P(Pressure, AsyncLoop, testing::Values(kCpu, kGpu));

// Values that cross two CPU streams 300 times, with room for a few.
TEST(Pressure, the_host_runs_plans_in_pieces_too) {
  const Stream a = new_stream(kCpu), b = new_stream(kCpu);
  const auto build = [&](const Stream& first, const Stream& second) {
    array x = made_there(kUnit, 0.0, kCpu);
    for (int i = 0; i < 150; ++i) x = multiply(add(x, Scalar(1.0), first), Scalar(0.5), second);
    return x;
  };
  const auto expected = bytes(build(a, a));
  const ScopedLimit limit(kCpu, 6 * kUnit);
  const MemoryGain gain;
  const array x = build(a, b);
  eval(x);
  EXPECT_EQ(gain(&Counters::small_runs), 1u);
  EXPECT_LE(inspect::memory(kCpu).peak, get_memory_limit(kCpu));
  EXPECT_EQ(bytes(x), expected);
}

TEST(Pressure, copies_that_fail_while_memory_is_short_fail_their_readers_only) {
  const ScopedLimit limit(kGpu, 6 * kUnit);
  std::vector<array> inputs;
  for (int i = 0; i < 10; ++i) inputs.push_back(unit_array(i));
  auto& gpu =
      backends::simulated::controls(*engine::Engine::instance().devices().get(kGpu).backend);
  const auto build = [&](Device device) {
    array total = inputs[0];
    for (size_t i = 0; i < 20; ++i) {
      total = add(total, exp(matmul(inputs[i % 10], inputs[(i * 3) % 10], device), device), device);
    }
    return total;
  };
  const auto expected = bytes(build(kCpu));
  int failed = 0;
  for (int n = 1; n <= 40; n += 3) {
    gpu.set_faults("copy:" + std::to_string(n));
    try {
      EXPECT_EQ(bytes(build(kGpu)), expected) << n;
    } catch (const DeviceError&) {
      ++failed;
    }
    gpu.set_faults("");
    EXPECT_EQ(bytes(build(kGpu)), expected) << "after copy " << n;
  }
  EXPECT_GT(failed, 5);
}

// ---- signals of the system

TEST(SystemSignals, high_pressure_gives_idle_memory_back) {
  {
    const array x = made_there(4 * kUnit, 0.0, kCpu);
    eval(x);
  }
  ASSERT_GT(inspect::memory(kCpu).cached, 3 * kUnit);
  const MemoryGain gain;
  auto& engine = engine::Engine::instance();
  engine.look_at_system({});
  EXPECT_EQ(gain(&Counters::pressure_signals), 0u);
  EXPECT_GT(inspect::memory(kCpu).cached, 3 * kUnit);
  engine.look_at_system({.some = 50});
  EXPECT_EQ(gain(&Counters::pressure_signals), 1u);
  EXPECT_LT(inspect::memory(kCpu).cached, kUnit);
}

TEST(SystemSignals, critical_pressure_drops_host_copies_of_what_the_gpu_has) {
  const array x = made_there(kUnit);
  eval(sum(x, Axes(), false, kCpu));
  const MemoryGain gain;
  auto& engine = engine::Engine::instance();
  engine.look_at_system({.group_used = 95, .group_limit = 100});
  EXPECT_NE(x.node()->storage()->buffer->find(kCpu), nullptr);
  engine.look_at_system({.group_used = 99, .group_limit = 100});
  EXPECT_EQ(x.node()->storage()->buffer->find(kCpu), nullptr);
  EXPECT_GE(gain(&Counters::redundant_copies_dropped), 1u);
  EXPECT_EQ(values<float>(x)[1], 2.0f);
}

}  // namespace
}  // namespace tandem
