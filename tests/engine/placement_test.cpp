// Placement of results by how the values of their site are used: a synthetic program per class.
#include <gmock/gmock.h>

#include "limits.h"

namespace tandem {
namespace {

using inspect::Counters;

constexpr int kSteps = 40;

// Every value is of another shape than those of other tests: a plan, and sites, of its own.
array make(int64_t rank, int step, Device device) {
  Shape shape(static_cast<size_t>(rank), 1);
  shape[0] = 4096;
  const array numbers = reshape(arange(0.0, 4096.0, 1.0, Dtype::float32), shape);
  return add(numbers, Scalar(step), device);
}

// Makes values on `maker`, reads each so often; runs out the pause after an earlier shortage first.
void run_steps(int64_t rank, Device maker, int cpu_reads, int gpu_reads) {
  for (int i = 0; i < 70; ++i) eval(add(array(1.0f), Scalar(i)));
  for (int i = 0; i < kSteps; ++i) {
    const array x = make(rank, i, maker);
    eval(x);
    for (int r = 0; r < cpu_reads; ++r) eval(multiply(x, Scalar(r), kCpu));
    for (int r = 0; r < gpu_reads; ++r) eval(multiply(x, Scalar(r), kGpu));
  }
}

// The classes of sites that have made exactly the values of run_steps.
std::vector<std::string> classes_of(uint64_t cpu_reads, uint64_t gpu_reads) {
  std::vector<std::string> result;
  for (const inspect::SiteUse& site : inspect::placement()) {
    if (site.values == kSteps && site.cpu_reads == cpu_reads * kSteps &&
        site.gpu_reads == gpu_reads * kSteps) {
      result.push_back(site.access);
    }
  }
  return result;
}

class Placement : public testing::Test {
 protected:
  Placement() {
    eval(add(array(1.0f), Scalar(1.0), kGpu));  // there is a GPU
    engine::Engine::instance().plan_cache().clear();
  }
  const ScopedSetting mode_{"small_mode", "auto"};
};

TEST_F(Placement, what_the_gpu_reads_again_and_again_is_sent_there) {
  const MemoryGain gain;
  run_steps(2, kCpu, 0, 3);
  EXPECT_THAT(classes_of(0, 3), testing::Contains("gpu_dominant"));
  EXPECT_GT(gain(&Counters::eager_pushes), 10u);
  EXPECT_EQ(gain(&Counters::transfers), static_cast<uint64_t>(kSteps)) << "each value crosses once";
}

TEST_F(Placement, what_the_cpu_reads_again_and_again_comes_back) {
  const MemoryGain gain;
  run_steps(3, kGpu, 4, 1);
  EXPECT_THAT(classes_of(4, 1), testing::Contains("cpu_dominant"));
  EXPECT_GT(gain(&Counters::eager_pushes), 10u);
  EXPECT_EQ(gain(&Counters::transfers), static_cast<uint64_t>(kSteps));
}

TEST_F(Placement, what_both_read_is_sent_when_it_is_read) {
  const MemoryGain gain;
  run_steps(4, kCpu, 2, 2);
  EXPECT_THAT(classes_of(2, 2), testing::Contains("balanced"));
  EXPECT_EQ(gain(&Counters::eager_pushes), 0u);
  EXPECT_EQ(gain(&Counters::transfers), static_cast<uint64_t>(kSteps));
}

TEST_F(Placement, what_is_read_once_leaves_no_copy_while_memory_is_short) {
  const MemoryGain gain;
  run_steps(5, kCpu, 0, 1);
  EXPECT_THAT(classes_of(0, 1), testing::Contains("streaming"));
  EXPECT_EQ(gain(&Counters::eager_pushes), 0u);
  EXPECT_EQ(gain(&Counters::streamed_copies_released), 0u);
  const auto read = [](const array& x) {
    eval(multiply(x, Scalar(2.0), kGpu));
    return x.node()->storage()->buffer->find(kGpu) != nullptr;
  };
  const array kept = make(5, 1, kCpu);
  eval(kept);
  EXPECT_TRUE(read(kept));
  engine::Engine::instance().look_at_system({.some = 50});
  const array released = make(5, 2, kCpu);
  eval(released);
  EXPECT_FALSE(read(released));
  EXPECT_EQ(gain(&Counters::streamed_copies_released), 1u);
  EXPECT_EQ(values<float>(released)[4], 6.0f);
}

TEST_F(Placement, left_out_nothing_is_sent_early_or_released) {
  const LeftOut no_push(engine::Decision::push), no_release(engine::Decision::release);
  const MemoryGain gain;
  run_steps(6, kCpu, 0, 3);
  EXPECT_EQ(gain(&Counters::eager_pushes), 0u);
  run_steps(7, kCpu, 0, 1);
  engine::Engine::instance().look_at_system({.some = 50});
  const array x = make(7, 2, kCpu);
  eval(multiply(x, Scalar(2.0), kGpu));
  EXPECT_NE(x.node()->storage()->buffer->find(kGpu), nullptr);
  EXPECT_EQ(gain(&Counters::streamed_copies_released), 0u);
}

TEST_F(Placement, nothing_is_sent_early_while_memory_is_short) {
  run_steps(2, kCpu, 0, 3);
  engine::Engine::instance().look_at_system({.some = 50});
  const MemoryGain gain;
  eval(make(2, 1, kCpu));
  EXPECT_EQ(gain(&Counters::eager_pushes), 0u);
}

}  // namespace
}  // namespace tandem
