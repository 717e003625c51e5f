// Matrix products against the multiply-add and read limits measured in the same run.
//   GF/s, of_roof   rate and its share of the float32 multiply-add limit (bfloat16 may exceed 1)
//   GB/s            bytes of the operands and the result per second
#include <benchmark/benchmark.h>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "benchmarks/cpp/roof.h"
#include "tandem/backends/common/gemm/gemm.h"
#include "tandem/backends/common/gemm/implementation.h"

namespace tandem::benchmarks {
namespace {

using namespace backends::common;

struct Row {
  const char* name;
  Dtype dtype;
  int64_t m, k, n;
  bool b_transposed = false;
  int64_t batch = 1;
};

constexpr Row kRows[] = {
    {"f32_1024", Dtype::float32, 1024, 1024, 1024},
    {"f32_1024_bT", Dtype::float32, 1024, 1024, 1024, true},
    {"f32_2048", Dtype::float32, 2048, 2048, 2048},
    {"f32_4096x512x4", Dtype::float32, 4096, 512, 4},
    {"f32_16x1024x4096", Dtype::float32, 16, 1024, 4096},
    {"f32_16x1024x4096_bT", Dtype::float32, 16, 1024, 4096, true},
    {"f32_64", Dtype::float32, 64, 64, 64},
    {"f32_16_batch_1000", Dtype::float32, 16, 16, 16, false, 1000},
    {"f32_gemv_4096", Dtype::float32, 1, 4096, 4096},
    {"f32_gemv_4096_bT", Dtype::float32, 1, 4096, 4096, true},
    {"f32_64x65536x64", Dtype::float32, 64, 65536, 64},
    {"bf16_1024", Dtype::bfloat16, 1024, 1024, 1024},
    {"bf16_1024_bT", Dtype::bfloat16, 1024, 1024, 1024, true},
    {"bf16_16x1024x4096", Dtype::bfloat16, 16, 1024, 4096},
    {"bf16_16x1024x4096_bT", Dtype::bfloat16, 16, 1024, 4096, true},
    {"bf16_gemv_4096_bT", Dtype::bfloat16, 1, 4096, 4096, true},
    {"f16_1024x1024x4096", Dtype::float16, 1024, 1024, 4096},
    {"f16_1024x1024x4096_bT", Dtype::float16, 1024, 1024, 4096, true},
    {"f16_16x1024x4096_bT", Dtype::float16, 16, 1024, 4096, true},
    {"f16_gemv_4096", Dtype::float16, 1, 4096, 4096},
    {"f64_1024", Dtype::float64, 1024, 1024, 1024},
    {"i8_1024", Dtype::int8, 1024, 1024, 1024},
    {"i32_1024", Dtype::int32, 1024, 1024, 1024},
    {"i64_512", Dtype::int64, 512, 512, 512},
    {"c64_1024", Dtype::complex64, 1024, 1024, 1024},
};

double roof_flops = 0;

std::vector<std::byte> random_values(Dtype dtype, int64_t count) {
  std::mt19937 random(1);
  std::vector<std::byte> bytes(static_cast<size_t>(count) * size_of(dtype));
  visit(dtype, [&](auto tag) {
    using S = typename decltype(tag)::type;
    auto* values = reinterpret_cast<S*>(bytes.data());
    for (int64_t i = 0; i < count; ++i) {
      const float value = static_cast<float>(random()) * 0x1p-31F - 1.0F;
      values[i] = std::is_integral_v<S> ? S(value * 100.0F) : S(value);
    }
  });
  return bytes;
}

// `only`: run that implementation instead of the first that takes the problem.
void run_row(benchmark::State& state, const Row& row, const Implementation* only) {
  std::vector<std::byte> a = random_values(row.dtype, row.batch * row.m * row.k);
  std::vector<std::byte> b = random_values(row.dtype, row.batch * row.k * row.n);
  std::vector<std::byte> out = random_values(row.dtype, row.batch * row.m * row.n);
  const int64_t extents[] = {row.batch, row.m, row.n, row.k};
  const int64_t a_strides[] = {row.m * row.k, row.k, 0, 1};
  const int64_t b_strides[] = {row.k * row.n, 0, row.b_transposed ? row.k : 1,
                               row.b_transposed ? 1 : row.n};
  const int64_t out_strides[] = {row.m * row.n, row.n, 1, 0};
  device::BufferArgument buffers[3];
  buffers[0].data = a.data();
  buffers[0].strides = a_strides;
  buffers[1].data = b.data();
  buffers[1].strides = b_strides;
  buffers[2].data = out.data();
  buffers[2].strides = out_strides;
  const device::LaunchArguments arguments = {extents, buffers, {}};
  const auto executable = compile_gemm({"matmul", std::vector<Dtype>(3, row.dtype), 4});
  const Problem problem = make_problem(row.dtype, false, arguments);
  if (only != nullptr && !only->declines(problem).empty()) {
    state.SkipWithError("declined");
    return;
  }
  for (auto _ : state) {
    if (only != nullptr) {
      only->run(problem);
    } else {
      run_gemm(*executable, arguments);
    }
  }
  const double work = (is_complex(row.dtype) ? 8.0 : 2.0) *
                      static_cast<double>(row.batch * row.m * row.n * row.k) *
                      static_cast<double>(state.iterations());
  const double bytes = static_cast<double>(a.size() + b.size() + out.size()) *
                       static_cast<double>(state.iterations());
  state.counters["GF/s"] = benchmark::Counter(work * 1e-9, benchmark::Counter::kIsRate);
  state.counters["of_roof"] =
      benchmark::Counter(work * 1e-9 / roof_flops, benchmark::Counter::kIsRate);
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsRate);
}

void print_roofs(const char* when) {
  roof_flops = multiply_add_roof();
  std::printf("%s: float32 multiply-add roof %.0f GF/s, read roof %.1f GB/s\n", when, roof_flops,
              read_roof());
}

}  // namespace
}  // namespace tandem::benchmarks

int main(int argc, char** argv) {
  using namespace tandem::benchmarks;
  using tandem::backends::common::Implementation;
  benchmark::Initialize(&argc, argv);
  print_roofs("before");
  for (const Row& row : kRows) {
    const auto add = [&](const std::string& name, const Implementation* only) {
      benchmark::RegisterBenchmark(name.c_str(), [&row, only](benchmark::State& state) {
        run_row(state, row, only);
      })->UseRealTime();
    };
    add(row.name, nullptr);
    for (const Implementation* one : tandem::backends::common::implementations()) {
      if (one->declines_dtype(row.dtype, false).empty() && one->name != "reference") {
        add(std::string(row.name) + "/" + std::string(one->name), one);
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  print_roofs("after");
}
