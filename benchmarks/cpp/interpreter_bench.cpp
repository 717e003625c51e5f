// The tile interpreter against what memory gives, measured in the same run.
//   GB/s     bytes of the inputs and outputs per second
//   of_roof  share of the read limit (reductions) or of the copy limit (the rest) on as many
//   threads ns/el    nanoseconds an element
#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/op_table/op.h"

namespace tandem::benchmarks {
namespace {

using namespace backends::common;
using kernel::Builder;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Reduction;
using kernel::Type;

Kernel chain() {
  Builder b(1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const NodeId x = b.load(in);
  NodeId y = x;
  for (int i = 0; i < 4; ++i) {
    y = b.binary(Op::mul, y, b.float_constant(Type::f32, 0.5 + i));
    y = b.binary(Op::add, y, x);
    y = b.binary(Op::sub, y, b.float_constant(Type::f32, 1.5 + i));
  }
  b.store(out, y);
  return b.finish();
}

Kernel exp_chain(int count) {
  Builder b(1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  NodeId x = b.load(in);
  for (int i = 0; i < count; ++i) {
    const NodeId inputs[] = {x};
    x = b.call(static_cast<uint16_t>(op_table::LeafId::exp), Type::f32, inputs);
  }
  b.store(out, x);
  return b.finish();
}

Kernel leaf(op_table::LeafId id, Dtype dtype) {
  Builder b(1);
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(dtype);
  const NodeId inputs[] = {b.load(in)};
  b.store(out, b.call(static_cast<uint16_t>(id), kernel::compute_type(dtype), inputs));
  return b.finish();
}

Kernel add() {
  Builder b(1);
  const uint16_t x = b.input(Dtype::float32);
  const uint16_t y = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  b.store(out, b.binary(Op::add, b.load(x), b.load(y)));
  return b.finish();
}

Kernel cast(Dtype from, Dtype to, int rank) {
  Builder b(rank);
  const uint16_t in = b.input(from);
  const uint16_t out = b.output(to);
  kernel::emit_store(b, out, kernel::emit_cast(b, kernel::emit_load(b, in, from), to));
  return b.finish();
}

Kernel reduction(Reduction how) {
  Builder b(1, 1);
  const bool is_arg = how == Reduction::argmax;
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(is_arg ? Dtype::int64 : Dtype::float32);
  const uint16_t stage = b.reduce(how, b.load(in));
  b.begin_map(kernel::Extent::row);
  b.store(out, b.stage_result(stage));
  return b.finish();
}

Kernel softmax(Dtype dtype = Dtype::float32) {
  Builder b(1, 1);
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(dtype);
  const NodeId x = b.load(in);
  const uint16_t largest = b.reduce(Reduction::max, x);
  const NodeId shifted[] = {b.binary(Op::sub, x, b.stage_result(largest))};
  const NodeId e = b.call(static_cast<uint16_t>(op_table::LeafId::exp), Type::f32, shifted);
  const uint16_t total = b.reduce(Reduction::sum, e);
  const NodeId share = b.binary(Op::div, e, b.stage_result(total));
  b.store(out, kernel::emit_rounding(b, share, dtype));
  return b.finish();
}

NodeId mean_of(Builder& b, NodeId value, int64_t row) {
  const NodeId count = b.float_constant(Type::f32, static_cast<double>(row));
  return b.binary(Op::div, b.stage_result(b.reduce(Reduction::sum, value)), count);
}

Kernel variance(int64_t row) {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const NodeId x = b.load(in);
  const NodeId count = b.float_constant(Type::f32, static_cast<double>(row));
  const NodeId centred = b.binary(Op::sub, x, mean_of(b, x, row));
  const uint16_t squares = b.reduce(Reduction::sum, b.binary(Op::mul, centred, centred));
  b.begin_map(kernel::Extent::row);
  b.store(out, b.binary(Op::div, b.stage_result(squares), count));
  return b.finish();
}

Kernel layer_norm(int64_t row) {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t weight = b.input(Dtype::float32);
  const uint16_t bias = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const NodeId x = b.load(in);
  const NodeId mean = mean_of(b, x, row);
  const NodeId centred = b.binary(Op::sub, x, mean);
  const NodeId variance = mean_of(b, b.binary(Op::mul, centred, centred), row);
  const NodeId epsilon = b.float_constant(Type::f32, 1e-5);
  const NodeId one = b.float_constant(Type::f32, 1);
  const NodeId root = b.unary(Op::sqrt, b.binary(Op::add, variance, epsilon));
  const NodeId scaled = b.binary(Op::mul, centred, b.binary(Op::div, one, root));
  b.store(out, b.binary(Op::add, b.binary(Op::mul, scaled, b.load(weight)), b.load(bias)));
  return b.finish();
}

Kernel cumulative_sum() {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const uint16_t stage = b.scan(Reduction::sum, b.load(in));
  b.store(out, b.stage_result(stage));
  return b.finish();
}

// out[i, j] = table[ids[i, j]], where ids and table may run along either axis.
Kernel gather() {
  Builder b(2);
  const uint16_t table = b.input(Dtype::float32);
  const uint16_t ids = b.input(Dtype::int32);
  const uint16_t out = b.output(Dtype::float32);
  b.store(out, b.load_at(table, b.unary(Op::extend_s, b.load(ids))));
  return b.finish();
}

struct Memory {
  int64_t elements = 0;
  size_t element_bytes = 4;
  std::vector<int64_t> strides;
  int64_t index_extent = 0, index_stride = 0;
  bool is_index = false;  // holds int32 indices below this many entries
  int64_t entries = 0;
};

struct Case {
  std::string name;
  Kernel kernel;
  std::vector<int64_t> extents;
  std::vector<Memory> memory;  // by buffer
  bool reads_only = false;
  int threads = 0;  // 0: all
};

double best_seconds(const std::function<void()>& f) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

// Memory as the pools of the product give it: large ones on huge pages.
class Pages {
 public:
  explicit Pages(size_t bytes) : size_((bytes + kPage - 1) / kPage * kPage) {
    memory_ = std::aligned_alloc(kPage, size_);
    madvise(memory_, size_, MADV_HUGEPAGE);
    std::fill_n(static_cast<float*>(memory_), size_ / sizeof(float), 0.5f);
  }
  ~Pages() { std::free(memory_); }
  Pages(Pages&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }
  void* data() const { return memory_; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kPage = size_t{2} << 20;
  void* memory_ = nullptr;
  size_t size_;
};

// Bytes per second of a plain loop over the same number of bytes, read, or read and written.
double memory_roof(size_t bytes, bool reads_only) {
  static Pages from_pages(1);
  static Pages to_pages(1);
  const size_t words = std::max<size_t>(bytes / (reads_only ? 8 : 16), 1024);
  if (from_pages.size() < words * 8) from_pages = Pages(words * 8);
  if (to_pages.size() < words * 8) to_pages = Pages(words * 8);
  const auto* const from = static_cast<const uint64_t*>(from_pages.data());
  auto* const to = static_cast<uint64_t*>(to_pages.data());
  const size_t repeats = std::max<size_t>(1, (size_t{16} << 20) / bytes);
  const double seconds = best_seconds([&] {
    for (size_t r = 0; r < repeats; ++r) {
      parallel_for(static_cast<int64_t>(words), 8192, [&](int64_t begin, int64_t end) {
        if (!reads_only) {
          std::memcpy(to + begin, from + begin, static_cast<size_t>(end - begin) * 8);
          return;
        }
        uint64_t sums[8] = {};
        for (int64_t i = begin; i + 8 <= end; i += 8) {
          for (int64_t k = 0; k < 8; ++k) sums[k] += from[i + k];
        }
        for (const uint64_t sum : sums) benchmark::DoNotOptimize(sum);
      });
    }
  });
  return static_cast<double>(words * (reads_only ? 8 : 16) * repeats) / seconds;
}

void run(benchmark::State& state, const Case& c) {
  const ScopedThreadCount scope(c.threads == 0 ? thread_count() : c.threads);
  std::vector<Pages> memory;
  std::vector<device::BufferArgument> arguments;
  size_t bytes = 0;
  int64_t points = 1;
  for (const int64_t extent : c.extents) points *= extent;
  for (const Memory& m : c.memory) {
    const size_t size = static_cast<size_t>(m.elements) * m.element_bytes;
    // Of a table only as much is read as is written.
    bytes += m.index_extent > 0 ? static_cast<size_t>(points) * m.element_bytes : size;
    memory.emplace_back(size);
    device::BufferArgument argument;
    argument.data = memory.back().data();
    argument.strides = m.strides.data();
    argument.index_extent = m.index_extent;
    argument.index_stride = m.index_stride;
    auto* const indices = static_cast<int32_t*>(memory.back().data());
    for (int64_t i = 0; i < (m.is_index ? m.elements : 0); ++i) {
      indices[i] = static_cast<int32_t>(i * 40503 % m.entries);
    }
    arguments.push_back(argument);
  }
  const auto executable = compile_interpreted(c.kernel);
  const device::LaunchArguments launch{c.extents, arguments, {}};
  const double roof = memory_roof(bytes, c.reads_only);
  run_interpreted(*executable, launch);
  double best = 1e9;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    run_interpreted(*executable, launch);
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  state.counters["best_us"] = best * 1e6;
  state.counters["GB/s"] = static_cast<double>(bytes) / best * 1e-9;
  state.counters["of_roof"] = static_cast<double>(bytes) / best / roof;
  state.counters["ns/el"] = best * 1e9 / static_cast<double>(points);
}

std::vector<Case> cases() {
  constexpr int64_t kLarge = 16 << 20;
  constexpr int64_t kSide = 4096;
  const auto flat = [](int64_t n, size_t size = 4) { return Memory{n, size, {1}}; };
  const auto one = [](int64_t n) { return Memory{n, 4, {1, 0}}; };
  const Memory matrix{kSide * kSide, 4, {kSide, 1}};
  const Memory transposed{kSide * kSide, 4, {1, kSide}};
  std::vector<Case> result = {
      {"add_1k", add(), {1024}, {flat(1024), flat(1024), flat(1024)}, false, 1},
      {"add_16m", add(), {kLarge}, {flat(kLarge), flat(kLarge), flat(kLarge)}},
      {"chain12_64k", chain(), {65536}, {flat(65536), flat(65536)}, false, 1},
      {"chain12_16m", chain(), {kLarge}, {flat(kLarge), flat(kLarge)}},
      {"exp500_512x4", exp_chain(500), {2048}, {flat(2048), flat(2048)}, false, 1},
      {"exp500_512x4_threads", exp_chain(500), {2048}, {flat(2048), flat(2048)}},
      {"exp_16m", exp_chain(1), {kLarge}, {flat(kLarge), flat(kLarge)}},
      {"sum_64k", reduction(Reduction::sum), {1, 65536}, {{65536, 4, {0, 1}}, one(1)}, true, 1},
      {"sum_16m", reduction(Reduction::sum), {1, kLarge}, {{kLarge, 4, {0, 1}}, one(1)}, true},
      {"sum_rows", reduction(Reduction::sum), {kSide, kSide}, {matrix, one(kSide)}, true},
      {"sum_columns", reduction(Reduction::sum), {kSide, kSide}, {transposed, one(kSide)}, true},
      {"sum_rows_of_16",
       reduction(Reduction::sum),
       {1 << 20, 16},
       {{kLarge, 4, {16, 1}}, one(1 << 20)},
       true},
      {"argmax_rows",
       reduction(Reduction::argmax),
       {kSide, kSide},
       {matrix, {kSide, 8, {1, 0}}},
       true},
      {"softmax_rows", softmax(), {kSide, kSide}, {matrix, matrix}},
      {"softmax_8x128", softmax(), {8, 128}, {{1024, 4, {128, 1}}, {1024, 4, {128, 1}}}, false, 1},
      {"sum_1k", reduction(Reduction::sum), {1, 1024}, {{1024, 4, {0, 1}}, one(1)}, true, 1},
      {"softmax_rows_of_64",
       softmax(),
       {kLarge / 64, 64},
       {{kLarge, 4, {64, 1}}, {kLarge, 4, {64, 1}}}},
      {"softmax_rows_of_512",
       softmax(),
       {kLarge / 512, 512},
       {{kLarge, 4, {512, 1}}, {kLarge, 4, {512, 1}}}},
      {"softmax_columns", softmax(), {kSide, kSide}, {transposed, transposed}},
      {"softmax_16m", softmax(), {1, kLarge}, {{kLarge, 4, {0, 1}}, {kLarge, 4, {0, 1}}}},
      {"softmax_f16",
       softmax(Dtype::float16),
       {kSide, kSide},
       {{kSide * kSide, 2, {kSide, 1}}, {kSide * kSide, 2, {kSide, 1}}}},
      {"variance_rows", variance(kSide), {kSide, kSide}, {matrix, one(kSide)}, true},
      {"layer_norm_rows",
       layer_norm(kSide),
       {kSide, kSide},
       {matrix, {kSide, 4, {0, 1}}, {kSide, 4, {0, 1}}, matrix}},
      {"cumsum_16m", cumulative_sum(), {1, kLarge}, {{kLarge, 4, {0, 1}}, {kLarge, 4, {0, 1}}}},
      {"cumsum_rows", cumulative_sum(), {kSide, kSide}, {matrix, matrix}},
      {"cumsum_columns", cumulative_sum(), {kSide, kSide}, {transposed, transposed}},
      {"cumsum_rows_of_16",
       cumulative_sum(),
       {1 << 20, 16},
       {{kLarge, 4, {16, 1}}, {kLarge, 4, {16, 1}}}},
      {"gather_rows",
       gather(),
       {kSide, 1024},
       {{32768 * 1024, 4, {0, 1}, 32768, 1024},
        {kSide, 4, {1, 0}, 0, 0, true, 32768},
        {kSide * 1024, 4, {1024, 1}}}},
      {"gather_rows_of_64",
       gather(),
       {65536, 64},
       {{32768 * 64, 4, {0, 1}, 32768, 64},
        {65536, 4, {1, 0}, 0, 0, true, 32768},
        {65536 * 64, 4, {64, 1}}}},
      {"gather_along_rows",
       gather(),
       {kSide, kSide},
       {{kSide * kSide, 4, {kSide, 0}, kSide, 1},
        {kSide * kSide, 4, {kSide, 1}, 0, 0, true, kSide},
        matrix}},
      {"transpose", cast(Dtype::float32, Dtype::float32, 2), {kSide, kSide}, {transposed, matrix}},
      {"transpose_bf16",
       cast(Dtype::bfloat16, Dtype::bfloat16, 2),
       {kSide, kSide},
       {{kSide * kSide, 2, {1, kSide}}, {kSide * kSide, 2, {kSide, 1}}}},
      {"transpose_and_cast",
       cast(Dtype::float32, Dtype::int32, 2),
       {kSide, kSide},
       {transposed, matrix}},
      {"copy", cast(Dtype::float32, Dtype::float32, 2), {kSide, kSide}, {matrix, matrix}},
      {"f32_to_f16",
       cast(Dtype::float32, Dtype::float16, 1),
       {kLarge},
       {flat(kLarge), flat(kLarge, 2)}},
      {"f16_to_f32",
       cast(Dtype::float16, Dtype::float32, 1),
       {kLarge},
       {flat(kLarge, 2), flat(kLarge)}},
      {"f32_to_bf16",
       cast(Dtype::float32, Dtype::bfloat16, 1),
       {kLarge},
       {flat(kLarge), flat(kLarge, 2)}},
      {"f32_to_i32", cast(Dtype::float32, Dtype::int32, 1), {kLarge}, {flat(kLarge), flat(kLarge)}},
      {"u8_to_f32",
       cast(Dtype::uint8, Dtype::float32, 1),
       {kLarge},
       {flat(kLarge, 1), flat(kLarge)}},
  };
  op_table::for_each_leaf([&](auto found) {
    if constexpr (found.arity == 1) {
      const std::string name(found.info.name);
      const Memory narrow = flat(65536);
      const Memory wide = flat(65536, 8);
      result.push_back({"leaf_" + name, leaf(found.id, Dtype::float32), {65536}, {narrow, narrow}});
      result.back().threads = 1;
      result.push_back({"leaf64_" + name, leaf(found.id, Dtype::float64), {65536}, {wide, wide}});
      result.back().threads = 1;
    }
  });
  return result;
}

}  // namespace
}  // namespace tandem::benchmarks

int main(int argc, char** argv) {
  using namespace tandem::benchmarks;
  benchmark::Initialize(&argc, argv);
  static const std::vector<Case> all = cases();
  for (const Case& c : all) {
    benchmark::RegisterBenchmark(c.name.c_str(), [&c](benchmark::State& state) {
      run(state, c);
    })->UseRealTime();
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
