// Work on CPU and simulated GPU streams: edges, transfers, failures.
#include <thread>

#include "helpers.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

TEST(Devices, an_operation_runs_where_it_is_told) {
  const array x = ramp({1000});
  const array on_cpu = add(x, x, kCpu), on_gpu = add(x, x, kGpu);
  eval({on_cpu, on_gpu});
  EXPECT_EQ(values<float>(on_cpu), values<float>(on_gpu));
}

TEST(Devices, a_dependency_crosses_streams) {
  const array a = ramp({100}), b = ramp({100}, 1.0);
  const array c = add(a, b, kCpu);
  const array d = add(a, c, kGpu);
  const array e = multiply(d, c, kCpu);
  const auto result = values<float>(e);
  for (int i = 0; i < 100; ++i) {
    const float sum = static_cast<float>(2 * i + 1);
    EXPECT_EQ(result[static_cast<size_t>(i)], (static_cast<float>(i) + sum) * sum);
  }
}

TEST(Devices, matmul_on_one_and_exp_on_the_other) {
  const array a = ramp({64, 128}, 0.0, 1e-4), b = ramp({128, 4}, 0.0, 1e-3);
  array chain = b;
  for (int i = 0; i < 500; ++i) chain = exp(negative(chain, kCpu), kCpu);
  const array product = matmul(a, b, kGpu);
  eval({product, chain});
  EXPECT_NEAR(values<float>(chain)[0], 0.567143f, 1e-5);
  EXPECT_EQ(bytes(product), bytes(matmul(a, b, kCpu)));
}

// A value crosses once, however many read it.
TEST(Devices, one_transfer_two_readers) {
  const array x = ramp({5000});
  eval(x);
  const Gain gain;
  const array y = add(x, Scalar(1.0), kGpu);
  eval(y);
  const array z = multiply(x, Scalar(2.0), kGpu);
  eval(z);
  EXPECT_EQ(gain.transfers(), 1u);
  EXPECT_EQ(values<float>(y)[1], 2.0f);
  EXPECT_EQ(values<float>(y)[2], 3.0f);
  EXPECT_EQ(gain.transfers(), 2u);  // y to the host, once
}

TEST(Devices, overlapping_readers_share_the_copy_in_flight) {
  const array x = ramp({1 << 18});
  eval(x);
  const Gain gain;
  std::vector<array> results(8, x);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      results[static_cast<size_t>(t)] = add(x, Scalar(static_cast<int64_t>(t)), kGpu);
      async_eval(std::span(&results[static_cast<size_t>(t)], 1));
    });
  }
  for (std::thread& thread : threads) thread.join();
  eval(results);
  EXPECT_EQ(gain.transfers(), 1u);
  for (int t = 0; t < 8; ++t) {
    EXPECT_EQ(values<float>(results[static_cast<size_t>(t)])[5], static_cast<float>(5 + t));
  }
}

TEST(Devices, ping_pong_moves_what_it_must) {
  memory::Ledger::instance().reset();
  array x = ramp({256});
  for (int i = 0; i < 10; ++i) {
    x = add(x, Scalar(1.0), kCpu);
    x = multiply(x, Scalar(1.0), kGpu);
  }
  EXPECT_EQ(values<float>(x)[0], 10.0f);
  const memory::LedgerCounts counts = memory::Ledger::instance().counts();
  EXPECT_EQ(counts.total_transfers(), 20u);
  EXPECT_EQ(counts.total_bytes(), 20u * 1024u);
}

// What a run leaves behind in the memory of a device is no value when verifying.
TEST(Devices, freed_and_arena_memory_is_poisoned) {
  const ScopedSetting verify("verify", "on");
  auto& gpu =
      backends::simulated::controls(*engine::Engine::instance().devices().get(kGpu).backend);
  const Stream first = new_stream(kGpu), second = new_stream(kGpu);
  const array x = ramp({64, 64});
  eval(sum(x, Axes(), false, first));  // the copy is there
  const auto fills_of = [&](const array& result) {
    const uint64_t before = gpu.counters().fills;
    eval(result);
    synchronize_all();
    return gpu.counters().fills - before;
  };
  const uint64_t plain = fills_of(matmul(x, x, first));  // of the result, before it is written
  const auto cube = [&](const Stream& stream) {
    const array square = matmul(x, x, first);
    return matmul(square, x, stream);
  };
  EXPECT_EQ(fills_of(cube(first)), 2 * plain + 1);   // the square was in an arena
  EXPECT_EQ(fills_of(cube(second)), 2 * plain + 1);  // and here it crossed streams
}

}  // namespace
}  // namespace tandem
