// What users of array libraries suffer from, one test each. (Errors that are lost in asynchronous
// work: exit_test and failure_test. Deep graphs and memory that grows: retention_test.)
#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "helpers.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name;
  int64_t kilobytes = 0;
  std::string unit;
  while (file >> name >> kilobytes >> unit) {
    if (name == "MemAvailable:") return kilobytes * 1024;
  }
  return 0;
}

constexpr int64_t kBeyond = (int64_t{1} << 31) + 1000;

// Nothing of this is in memory: positions alone pass 2^31.
TEST(Promises, no_corruption_beyond_2_31_elements) {
  if (kSanitized) GTEST_SKIP() << "takes minutes under a sanitizer";
  const array ones = broadcast_to(array(Scalar(int64_t{1}), Dtype::int8), Shape{kBeyond});
  const array counted = sum(astype(ones, Dtype::int64));
  EXPECT_EQ(counted.item<int64_t>(), kBeyond);
  const array positions =
      arange(Scalar(int64_t{0}), Scalar(kBeyond), Scalar(int64_t{1}), Dtype::int64);
  const array matches = equal(positions, Scalar(kBeyond - 7));
  EXPECT_EQ(argmax(astype(matches, Dtype::int8)).item<int64_t>(), kBeyond - 7);
  const array tail = slice(positions, Shape{kBeyond - 3}, Shape{3}, Shape{1});
  EXPECT_EQ(values<int64_t>(tail), (std::vector<int64_t>{kBeyond - 3, kBeyond - 2, kBeyond - 1}));
}

TEST(Promises, no_corruption_beyond_2_31_elements_in_memory) {
  if (kSanitized || available_memory() < 3 * kBeyond + (int64_t{2} << 30)) {
    GTEST_SKIP() << "needs " << 3 * kBeyond << " bytes of memory and no sanitizer";
  }
  const array positions =
      arange(Scalar(int64_t{0}), Scalar(kBeyond), Scalar(int64_t{1}), Dtype::int64);
  const array x = astype(remainder(positions, Scalar(int64_t{113})), Dtype::int8);
  eval(x);
  const auto* data = x.data<int8_t>();
  for (const int64_t i :
       {int64_t{0}, int64_t{1} << 30, (int64_t{1} << 31) - 1, int64_t{1} << 31, kBeyond - 1}) {
    EXPECT_EQ(data[i], static_cast<int8_t>(i % 113)) << i;
  }
  const array rows = reshape(x, Shape{kBeyond / 8, 8});
  const array turned = slice(transpose(rows), Shape{5, kBeyond / 8 - 4}, Shape{2, 4}, Shape{1, 1});
  const auto seen = values<int8_t>(turned);
  for (int64_t r = 0; r < 2; ++r) {
    for (int64_t c = 0; c < 4; ++c) {
      const int64_t position = (kBeyond / 8 - 4 + c) * 8 + 5 + r;
      EXPECT_EQ(seen[static_cast<size_t>(r * 4 + c)], static_cast<int8_t>(position % 113));
    }
  }
  const array y = x + array(Scalar(int64_t{1}), Dtype::int8);
  EXPECT_EQ(max(y).item<int64_t>(), 113);
  EXPECT_EQ(y.data<int8_t>()[kBeyond - 1], static_cast<int8_t>((kBeyond - 1) % 113 + 1));
  inspect::clear_cache();  // others need the memory
}

TEST(Promises, streams_are_bound_to_no_thread) {
  const Stream cpu = new_stream(kCpu), gpu = new_stream(kGpu);
  const array built = add(exp(ramp({100}, 0.0, 0.0), cpu), Scalar(1.0), gpu);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const array mine = add(built, Scalar(static_cast<double>(i)), i % 2 ? cpu : gpu);
      right += values<float>(mine)[99] == 2.0f + static_cast<float>(i);
      synchronize(cpu);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right.load(), 8);
}

// Each step does what the first ones did: no table grows with the number of arrays made so far.
TEST(Promises, a_million_small_arrays_do_not_slow_down) {
  constexpr int kCount = kSanitized ? 100000 : 1000000;
  const array step = ramp({4}, 1.0, 0.0);
  array total = ramp({4}, 0.0, 0.0);
  inspect::Counters warm;
  int64_t nodes = 0;
  uint64_t memory = 0, cached = 0;
  for (int i = 0; i < kCount; ++i) {
    const array small({static_cast<float>(i % 3), 1.0f, 2.0f, 3.0f});
    total = total + small * step;
    eval(total);
    if (i == 1000) {
      warm = inspect::counters();
      nodes = inspect::live_nodes();
      memory = inspect::memory(kCpu).active;
      cached = inspect::memory(kCpu).cached;
    }
  }
  const inspect::Counters end = inspect::counters();
  EXPECT_EQ(end.plans_built, warm.plans_built);
  EXPECT_EQ(end.kernels_built, warm.kernels_built);
  EXPECT_EQ(end.nodes_run - warm.nodes_run, 2u * (kCount - 1001));
  EXPECT_EQ(end.segments - warm.segments, static_cast<uint64_t>(kCount - 1001));
  EXPECT_LE(inspect::live_nodes(), nodes);
  EXPECT_LE(inspect::memory(kCpu).active, memory);
  EXPECT_LE(inspect::memory(kCpu).active + inspect::memory(kCpu).cached, memory + cached);
  EXPECT_EQ(values<float>(total)[1], static_cast<float>(kCount));
}

// A new expression costs one plan and one kernel, made in this process: nobody is called to compile.
TEST(Promises, no_slow_first_call) {
  const ScopedSetting fusion("fusion", "on");  // kernels are counted
  const array x = ramp({64}, 0.1, 0.01);
  eval(exp(x));
  rusage before{}, after{};
  getrusage(RUSAGE_CHILDREN, &before);
  const Gain gain;
  array y = x;
  for (int i = 0; i < 3; ++i) y = sqrt(abs(sin(y) * cos(x) - y)) + x;
  eval(y);
  getrusage(RUSAGE_CHILDREN, &after);
  EXPECT_EQ(gain.plans_built(), 1u);
  EXPECT_EQ(gain.kernels_built(), 1u);
  EXPECT_EQ(gain.kernels_launched(), 1u);
  EXPECT_EQ(after.ru_maxrss, before.ru_maxrss);
}

TEST(Promises, memory_does_not_grow_though_nothing_is_held) {
  const auto round = [](int i) {
    const array x = ramp({50 + i % 7, 20});
    const array on_gpu = multiply(x, Scalar(2.0), kGpu);
    array kept = sum(matmul(x, transpose(x)) + array(1.0f), Axes(std::vector<int64_t>{0}));
    async_eval(std::span(&kept, 1));
    const array never = exp(on_gpu);  // dropped without being computed
    if (i % 3 == 0) on_gpu.data();
    kept.data();
  };
  int64_t nodes = 0;
  uint64_t memory = 0, on_device = 0;
  for (int i = 0; i < 3000; ++i) {
    round(i);
    if (i == 100) {
      synchronize_all();
      nodes = inspect::live_nodes();
      memory = inspect::memory(kCpu).active;
      on_device = inspect::memory(kGpu).active;
    }
  }
  synchronize_all();
  EXPECT_LE(inspect::live_nodes(), nodes);
  EXPECT_LE(inspect::memory(kCpu).active, memory + (1 << 16));
  EXPECT_LE(inspect::memory(kGpu).active, on_device + (1 << 16));
}

}  // namespace
}  // namespace tandem
