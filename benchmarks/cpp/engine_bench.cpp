// Costs of building and evaluating small graphs: what a user of the C++ interface pays per call and
// per node.
#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

#include "benchmarks/cpp/roof.h"
#include "tandem/tandem.h"

namespace tandem {
namespace {

array small() {
  const std::vector<float> values(1024, 1.0f);
  return array(values.data(), Shape{1024}, Dtype::float32);
}

// One add of 1,024 elements whose plan is known: build, evaluate, drop.
void cached_add(benchmark::State& state) {
  const array a = small(), b = small();
  for (auto _ : state) {
    const array c = add(a, b);
    eval(c);
    benchmark::DoNotOptimize(c);
  }
}
BENCHMARK(cached_add);

array chain(const array& start, int64_t length) {
  array x = start;
  for (int64_t i = 0; i < length; ++i) x = i % 2 ? multiply(x, 1.0001) : add(x, 0.5);
  return x;
}

// Chains of scalar adds and products on one element, whose plan is known: time per node.
void cached_chain_node(benchmark::State& state) {
  const array one(1.0f);
  eval(one);
  for (auto _ : state) {
    const array x = chain(one, state.range(0));
    eval(x);
    benchmark::DoNotOptimize(x);
  }
  state.counters["per_node"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(cached_chain_node)->Arg(100)->Arg(1000)->Arg(10000);

// The same in a compiled function, called and evaluated.
void compiled_chain_node(benchmark::State& state) {
  const array one(1.0f);
  eval(one);
  const Function compiled = compile(
      [&](const std::vector<array>& in) { return std::vector{chain(in[0], state.range(0))}; });
  for (auto _ : state) {
    const std::vector<array> x = compiled({one});
    eval(x);
    benchmark::DoNotOptimize(x);
  }
  state.counters["per_node"] =
      benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(compiled_chain_node)->Arg(100)->Arg(1000)->Arg(10000);

// Building alone, without evaluation.
void build_node(benchmark::State& state) {
  const array one(1.0f);
  eval(one);
  for (auto _ : state) benchmark::DoNotOptimize(chain(one, 1000));
  state.counters["per_node"] =
      benchmark::Counter(static_cast<double>(state.iterations() * 1000),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(build_node);

// An expression of 12 operations that has never been seen: planned, compiled and run. The order of
// the operations comes from the bits of a number that goes on from one repetition to the next, so
// that each is new.
void new_expression(benchmark::State& state) {
  const array a = small();
  static uint64_t number = 0;
  const uint64_t plans = inspect::counters().plans_built;
  for (auto _ : state) {
    array x = a;
    ++number;
    for (int i = 0; i < 12; ++i) {
      const uint64_t kind = number >> (2 * i) & 3;
      x = kind == 0   ? add(x, a)
          : kind == 1 ? multiply(x, a)
          : kind == 2 ? minimum(x, a)
                      : subtract(x, a);
    }
    eval(x);
    benchmark::DoNotOptimize(x);
  }
  state.counters["new_plans"] =
      benchmark::Counter(static_cast<double>(inspect::counters().plans_built - plans),
                         benchmark::Counter::kAvgIterations);
}
BENCHMARK(new_expression)->Iterations(2000);

// Graphs of 1,000 nodes that have never been seen: planned, compiled and run on one element. Time
// per node.
void plan_node(benchmark::State& state) {
  const array one(1.0f);
  eval(one);
  static uint64_t number = 1;  // goes on over repetitions: every graph is a new one
  for (auto _ : state) {
    array x = one;
    uint64_t bits = number++ * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 1000; ++i) {
      bits = bits << 1 | bits >> 63;
      x = bits & 1 ? multiply(x, 1.0001) : add(x, 0.5);
    }
    eval(x);
    benchmark::DoNotOptimize(x);
  }
  state.counters["per_node"] =
      benchmark::Counter(static_cast<double>(state.iterations() * 1000),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(plan_node)->Iterations(200);

// The eval alone, without building, of a known graph of about 1,000 nodes: chains, reductions and
// products with a 4x4 matrix, for matrices of 4 rows, whose tiny kernels are two thirds of the
// work, and of none, which leaves the bookkeeping of the run and of each launch.
void mixed_graph(benchmark::State& state) {
  const std::vector<float> values(16, 0.1f);
  const array w(values.data(), Shape{4, 4}, Dtype::float32);
  const array first(values.data(), Shape{state.range(0), 4}, Dtype::float32);
  const std::vector<int64_t> last{-1};
  for (auto _ : state) {
    array x = first;
    for (int block = 0; block < 50; ++block) {
      array y = matmul(x, w);
      y = subtract(y, mean(y, last, true));
      for (int i = 0; i < 7; ++i) y = abs(multiply(y, 0.5));
      x = add(x, multiply(y, 0.1));
    }
    const auto start = std::chrono::steady_clock::now();
    eval(x);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
  }
}
BENCHMARK(mixed_graph)->ArgName("rows")->Arg(4)->Arg(0)->UseManualTime();

// Threads that evaluate at once, each its own: evals per second of all together.
void threads_evaluate(benchmark::State& state) {
  const array a = full(Shape{state.range(0)}, 0.5), b = full(Shape{state.range(0)}, 0.25);
  eval({a, b});
  for (auto _ : state) {
    const array c = exp(add(a, b));
    eval(c);
    benchmark::DoNotOptimize(c);
  }
  state.counters["evals"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(threads_evaluate)->Arg(1 << 10)->Arg(1 << 14)->ThreadRange(1, 8)->UseRealTime();

// Reading one element of an evaluated array through a view.
void read_element(benchmark::State& state) {
  const array a = small();
  const Shape start{7}, one{1};
  for (auto _ : state) benchmark::DoNotOptimize(slice(a, start, one, one).item<float>());
}
BENCHMARK(read_element);

// The limits of this machine, for the rows of the Python benchmark.
void roofs(benchmark::State& state) {
  double read = 0, multiply_add = 0;
  for (auto _ : state) {
    read = benchmarks::read_roof();
    multiply_add = benchmarks::multiply_add_roof();
  }
  state.counters["read_GBs"] = read;
  state.counters["multiply_add_GFs"] = multiply_add;
}
BENCHMARK(roofs)->Iterations(1)->Name("roofs");

}  // namespace
}  // namespace tandem
