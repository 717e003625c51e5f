// Listed graphs: how many kernels and library calls each takes, how many bytes they read and write,
// and that fusion changes no bit of the results.
#include <cstring>
#include <functional>

#include "plans.h"
#include "tandem/base/settings.h"
#include "tandem/passes/traffic.h"

namespace tandem::passes {
namespace {

using Graph = std::function<std::vector<array>()>;

struct Expected {
  size_t kernels, calls;
  Traffic traffic;
};

constexpr int64_t kRows = 64, kColumns = 256;
constexpr int64_t kAll = kRows * kColumns * 4;  // bytes of a float32 matrix
constexpr int64_t kColumn = kRows * 4, kRow = kColumns * 4;

array matrix(uint64_t seed = 1) {
  const array x =
      random::normal(Shape{kRows, kColumns}, Dtype::float32, 0.0, 1.0, random::key(seed));
  x.eval();
  return x;
}
array row(int64_t extent = kColumns) {
  const array x = random::normal(Shape{extent}, Dtype::float32, 0.0, 1.0, random::key(2));
  x.eval();
  return x;
}
array evaluated(const array& a) {
  a.eval();
  return a;
}
const std::vector<int64_t> kLast = {-1};

std::vector<std::vector<std::byte>> bits_of(const Graph& graph) {
  const std::vector<array> roots = graph();
  eval(roots);
  std::vector<std::vector<std::byte>> result;
  for (const array& root : roots) {
    const array dense = evaluated(contiguous(root));
    const auto* data = static_cast<const std::byte*>(dense.data());
    result.emplace_back(data, data + static_cast<size_t>(dense.size()) * size_of(dense.dtype()));
  }
  return result;
}

void check(const Graph& graph, const Expected& expected) {
  {
    const std::vector<array> roots = graph();
    graph::Walk walk;
    walk.run(roots);
    const auto plan = plan_of(roots);
    size_t kernels = 0, calls = 0;
    for (const Instruction& instruction : plan->instructions) {
      ++(instruction.kind == Instruction::kernel ? kernels : calls);
    }
    EXPECT_EQ(kernels, expected.kernels) << labels(*plan);
    EXPECT_EQ(calls, expected.calls) << labels(*plan);
    EXPECT_EQ(traffic_of(*plan, walk.dims).read, expected.traffic.read) << plan->text(walk.dims);
    EXPECT_EQ(traffic_of(*plan, walk.dims).written, expected.traffic.written)
        << plan->text(walk.dims);
  }
  const auto fused = bits_of(graph);
  const ScopedSetting unfused("fusion", "off");
  EXPECT_EQ(fused, bits_of(graph));
}

array gelu(const array& h) { return h * 0.5 * (erf(h * 0.70710678) + 1.0); }

TEST(Graphs, softmax) {
  const array x = matrix();
  check([&] { return std::vector<array>{softmax(x, kLast)}; }, {1, 0, {kAll, kAll}});
  check([&] { return std::vector<array>{softmax(x, std::vector<int64_t>{0})}; },
        {1, 0, {kAll, kAll}});
}

TEST(Graphs, variance) {
  const array x = matrix();
  check([&] { return std::vector<array>{var(x, kLast)}; }, {1, 0, {kAll, kColumn}});
}

TEST(Graphs, layer_norm) {
  const array x = matrix(), weight = row(), bias = evaluated(row() + 1.0);
  const Graph graph = [&] {
    const array centred = x - mean(x, kLast, true);
    const array scale = rsqrt(mean(centred * centred, kLast, true) + 1e-5);
    return std::vector<array>{centred * scale * weight + bias};
  };
  check(graph, {1, 0, {kAll + 2 * kRow, kAll}});
  const Graph with_var = [&] {
    const array scale = rsqrt(var(x, kLast, true) + 1e-5);
    return std::vector<array>{(x - mean(x, kLast, true)) * scale * weight + bias};
  };
  check(with_var, {1, 0, {kAll + 2 * kRow, kAll}});
}

TEST(Graphs, rms_norm) {
  const array x = matrix(), weight = row();
  const Graph graph = [&] {
    return std::vector<array>{x * rsqrt(mean(square(x), kLast, true) + 1e-5) * weight};
  };
  check(graph, {1, 0, {kAll + kRow, kAll}});
}

TEST(Graphs, log_sum_exp) {
  const array x = matrix();
  check([&] { return std::vector<array>{logsumexp(x, kLast)}; }, {1, 0, {kAll, kColumn}});
}

TEST(Graphs, two_outputs) {
  const array x = matrix();
  check([&] { return std::vector<array>{exp(x), sum(x, kLast)}; }, {1, 0, {kAll, kAll + kColumn}});
}

TEST(Graphs, transposed_input) {
  const array x = matrix(), y = evaluated(transpose(matrix(3)) + 0.0);
  check([&] { return std::vector<array>{transpose(x) + y}; }, {1, 0, {2 * kAll, kAll}});
}

TEST(Graphs, broadcast_bias_and_gelu) {
  const array x = matrix(), bias = row();
  check([&] { return std::vector<array>{gelu(x + bias)}; }, {1, 0, {kAll + kRow, kAll}});
}

TEST(Graphs, cast_chain) {
  const array x = evaluated(astype(matrix(), Dtype::float16));
  const Graph graph = [&] {
    const array wide = astype(x, Dtype::float32) * 3.0;
    return std::vector<array>{astype(astype(wide, Dtype::bfloat16), Dtype::int32)};
  };
  check(graph, {1, 0, {kAll / 2, kAll}});
}

// The kernel of the written values stores them where they belong; the call copies what is around
// them.
TEST(Graphs, update_of_a_slice) {
  const array x = matrix(), y = evaluated(matrix(3) + 0.0);
  const array part = evaluated(slice(y, Shape{0, 0}, Shape{8, kColumns}, Shape{1, 1}) + 1.0);
  const Graph graph = [&] {
    return std::vector<array>{slice_update(x, exp(part) * 2.0, Shape{16, 0}, Shape{1, 1})};
  };
  constexpr int64_t kPart = 8 * kRow;
  check(graph, {1, 1, {kPart + kAll, kPart + kAll}});
  // Others read the base, or the steps leave elements out: the values go through memory.
  const Graph base_read = [&] {
    return std::vector<array>{slice_update(x, exp(part) * 2.0, Shape{16, 0}, Shape{1, 1}), sum(x)};
  };
  check(base_read, {2, 1, {2 * kPart + 2 * kAll, kPart + kAll + 4}});
}

TEST(Graphs, embedding_sum) {
  const array table =
      random::normal(Shape{1000, kColumns}, Dtype::float32, 0.0, 1.0, random::key(7));
  const array words = evaluated(astype(random::bits(Shape{32, 8}, random::key(8)), Dtype::int32));
  const array ids = evaluated(remainder(words, int64_t{1000}));
  table.eval();
  const Graph graph = [&] {
    return std::vector<array>{sum(take(table, ids, 0), std::vector<int64_t>{1})};
  };
  check(graph, {1, 0, {32 * 8 * 4 + 32 * 8 * kRow, 32 * kRow}});
}

// The positions may be computed in the same kernel, what they point into must be there.
TEST(Graphs, gather_at_computed_positions) {
  const array x = matrix();
  const array words = evaluated(astype(random::bits(x.shape(), random::key(8)), Dtype::int32));
  const array ids = evaluated(remainder(words, kColumns));
  const Graph positions = [&] {
    return std::vector<array>{take_along_axis(x, remainder(words, kColumns), 1) + 1.0};
  };
  check(positions, {1, 0, {2 * kAll, kAll}});
  const Graph source = [&] { return std::vector<array>{take_along_axis(x * 2.0, ids, 1) + 1.0}; };
  check(source, {2, 0, {3 * kAll, 2 * kAll}});
}

TEST(Graphs, cumulative_sum_into_a_compare) {
  const array x = matrix();
  check([&] { return std::vector<array>{greater(cumsum(x, -1), 3.0)}; }, {1, 0, {kAll, kAll / 4}});
}

TEST(Graphs, running_total) {
  const array x = matrix(), total = evaluated(array(2.0f) + 0.0);
  check([&] { return std::vector<array>{total + sum(x)}; }, {1, 0, {kAll + 4, 4}});
}

TEST(Graphs, five_hundred_exp) {
  const array x = matrix();
  const Graph graph = [&] {
    array y = x;
    for (int i = 0; i < 500; ++i) y = exp(y);
    return std::vector<array>{y};
  };
  check(graph, {1, 0, {kAll, kAll}});
}

TEST(Graphs, masked_mean) {
  const array x = matrix(), mask = evaluated(greater(matrix(4), 0.0));
  const Graph graph = [&] {
    return std::vector<array>{sum(where(mask, x, 0.0), kLast) / sum(mask, kLast)};
  };
  check(graph, {1, 0, {kAll + kAll / 4, kColumn}});
}

TEST(Graphs, min_max_normalise) {
  const array x = matrix();
  const Graph graph = [&] {
    const array low = min(x, kLast, true);
    return std::vector<array>{(x - low) / (max(x, kLast, true) - low)};
  };
  check(graph, {1, 0, {kAll, kAll}});
}

TEST(Graphs, standard_deviation_of_rows) {
  const array x = matrix();
  check([&] { return std::vector<array>{std(x, kLast)}; }, {1, 0, {kAll, kColumn}});
}

TEST(Graphs, argmax_of_a_computed_value) {
  const array x = matrix();
  check([&] { return std::vector<array>{argmax(sin(x) * 2.0, -1)}; }, {1, 0, {kAll, kColumn}});
}

TEST(Graphs, matmul_with_bias_and_gelu_after) {
  const array x = matrix(), bias = row(kRows);
  const array weight = evaluated(transpose(matrix(5)) + 0.0);
  constexpr int64_t kProduct = kRows * kRows * 4;
  check([&] { return std::vector<array>{gelu(matmul(x, weight) + bias)}; },
        {1, 1, {2 * kAll + kProduct + kColumn, 2 * kProduct}});
}

TEST(Graphs, sum_over_columns) {
  const array x = matrix();
  check([&] { return std::vector<array>{sum(x, std::vector<int64_t>{0})}; }, {1, 0, {kAll, kRow}});
}

TEST(Graphs, random_into_dropout) {
  const array x = matrix(), key = evaluated(random::split(random::key(3), 2));
  const Graph graph = [&] {
    const array first = squeeze(slice(key, Shape{0, 0}, Shape{1, 2}, Shape{1, 1}));
    const array kept = less(random::uniform(0.0, 1.0, x.shape(), Dtype::float32, first), 0.9);
    return std::vector<array>{where(kept, x / 0.9, 0.0)};
  };
  check(graph, {1, 0, {kAll + 8, kAll}});
}

TEST(Graphs, causal_attention_weights) {
  const array scores = evaluated(matmul(matrix(), transpose(matrix(6))));
  const Graph graph = [&] {
    const array index = arange(Scalar(int64_t{0}), Scalar(kRows), Scalar(int64_t{1}));
    const array causal = greater_equal(expand_dims(index, {1}), expand_dims(index, {0}));
    return std::vector<array>{softmax(where(causal, scores * 0.125, -1e9), kLast)};
  };
  check(graph, {1, 0, {kRows * kRows * 4, kRows * kRows * 4}});
}

// The same structure with rows of other lengths: the guard keeps one plan for what fits a cache and
// makes another for what does not, with the same bits.
TEST(Graphs, softmax_of_any_length) {
  for (const int64_t length : {1, 2, 100, 1025, 70000, 300000}) {
    const array x = random::normal(Shape{3, length}, Dtype::float32, 0.0, 1.0, random::key(1));
    const array y = evaluated(x + 0.0);
    const Graph graph = [&] { return std::vector<array>{softmax(y, kLast)}; };
    const auto fused = bits_of(graph);
    const ScopedSetting unfused("fusion", "off");
    EXPECT_EQ(fused, bits_of(graph)) << length;
  }
}

std::vector<float> floats_of(const array& a) {
  a.eval();
  const auto* data = static_cast<const float*>(a.data());
  return {data, data + a.size()};
}

// One plan for all lengths that fit, one for all that do not; one for each way a reshape works out.
TEST(Graphs, guards_choose_among_plans) {
  const auto softmax_of = [](int64_t length) {
    const array x = evaluated(ones(Shape{2, length}) * 1.0);
    evaluated(softmax(x, kLast));
  };
  const array x = random::normal(Shape{8, 5, 3}, Dtype::float32, 0.0, 1.0, random::key(1));
  x.eval();
  const auto reshaped = [&](Dims shape) {
    return floats_of(exp(reshape(sum(x, std::vector<int64_t>{1}), shape)) * 2.0);
  };
  const auto built = [] { return inspect::counters().plans_built; };
  softmax_of(100);
  softmax_of(3000000);
  uint64_t before = built();
  for (const int64_t length : {50, 2000000, 7, 60, 4000000, 200}) softmax_of(length);
  EXPECT_EQ(built(), before);
  // (8, 3) as (8, 1, 3) is of the same rows, as (4, 2, 3) is not: the keys are the same.
  const std::vector<float> rows = reshaped(Shape{8, 1, 3});
  before = built();
  EXPECT_EQ(reshaped(Shape{4, 2, 3}), rows);
  EXPECT_EQ(built(), before + 1);
  EXPECT_EQ(reshaped(Shape{8, 1, 3}), rows);
  EXPECT_EQ(reshaped(Shape{4, 2, 3}), rows);
  EXPECT_EQ(built(), before + 1);
}

}  // namespace
}  // namespace tandem::passes
