#include "benchmarks/cpp/roof.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tandem/backends/common/thread_pool.h"

namespace tandem::benchmarks {
namespace {

using backends::common::parallel_for;
using backends::common::thread_count;

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

constexpr int kRounds = 5;

#if defined(__x86_64__)
using Wide = float __attribute__((vector_size(64)));
using Narrow = float __attribute__((vector_size(32)));

// 20 independent chains of multiply-adds, enough to hide their latency on two units; in registers
// because each is a named variable.
#define TANDEM_CHAINS(F) \
  F(0)                   \
  F(1)                   \
  F(2)                   \
  F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16) F(17) F(18) F(19)
#define TANDEM_SHORT_CHAINS(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)

__attribute__((target("avx512f"))) float chains_512(int64_t steps) {
  Wide x = {};
  Wide y = {};
#define TANDEM_DEFINE(i) Wide s##i = {};
  TANDEM_CHAINS(TANDEM_DEFINE)
#undef TANDEM_DEFINE
  for (int64_t step = 0; step < steps; ++step) {
#define TANDEM_STEP(i) asm volatile("vfmadd231ps %1, %2, %0" : "+v"(s##i) : "v"(x), "v"(y));
    TANDEM_CHAINS(TANDEM_STEP)
#undef TANDEM_STEP
  }
  Wide sum = {};
#define TANDEM_SUM(i) sum += s##i;
  TANDEM_CHAINS(TANDEM_SUM)
#undef TANDEM_SUM
  return sum[0];
}

__attribute__((target("avx2,fma"))) float chains_256(int64_t steps) {
  Narrow x = {};
  Narrow y = {};
#define TANDEM_DEFINE(i) Narrow s##i = {};
  TANDEM_SHORT_CHAINS(TANDEM_DEFINE)
#undef TANDEM_DEFINE
  for (int64_t step = 0; step < steps; ++step) {
#define TANDEM_STEP(i) asm volatile("vfmadd231ps %1, %2, %0" : "+x"(s##i) : "x"(x), "x"(y));
    TANDEM_SHORT_CHAINS(TANDEM_STEP)
#undef TANDEM_STEP
  }
  Narrow sum = {};
#define TANDEM_SUM(i) sum += s##i;
  TANDEM_SHORT_CHAINS(TANDEM_SUM)
#undef TANDEM_SUM
  return sum[0];
}

// Multiply-adds of float32 in one call of `steps` steps.
struct Chains {
  float (*run)(int64_t steps);
  double flops_per_step;
};

Chains best_chains() {
  if (__builtin_cpu_supports("avx512f")) return {chains_512, 20 * 16 * 2};
  return {chains_256, 12 * 8 * 2};
}
#endif

}  // namespace

double multiply_add_roof() {
#if defined(__x86_64__)
  const Chains chains = best_chains();
  constexpr int64_t kSteps = 2'000'000;
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = seconds();
    parallel_for(thread_count(), 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        volatile float sink = chains.run(kSteps);
        static_cast<void>(sink);
      }
    });
    const double flops = chains.flops_per_step * kSteps * thread_count();
    best = std::max(best, flops / (seconds() - begin) / 1e9);
  }
  return best;
#else
  return 0;
#endif
}

double read_roof() {
  constexpr int64_t kWords = int64_t{1} << 25;  // 256 MiB
  constexpr int64_t kPiece = 1 << 16;
  static const std::vector<uint64_t> memory(kWords, 1);
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const double begin = seconds();
    parallel_for(kWords / kPiece, 1, [&](int64_t first, int64_t last) {
      uint64_t sums[8] = {};
      for (int64_t i = first * kPiece; i < last * kPiece; i += 8) {
        for (int64_t j = 0; j < 8; ++j) sums[j] += memory[static_cast<size_t>(i + j)];
      }
      volatile uint64_t sink =
          sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
      static_cast<void>(sink);
    });
    best = std::max(best, 8e-9 * static_cast<double>(kWords) / (seconds() - begin));
  }
  return best;
}

}  // namespace tandem::benchmarks
