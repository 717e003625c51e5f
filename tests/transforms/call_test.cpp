// Calls of compiled functions as nodes: fewer nodes and key words, the same kernels, values held and
// work dropped as if the function were written out.
#include <gtest/gtest.h>

#include <thread>

#include "tandem/graph/evaluator.h"
#include "tandem/graph/node.h"
#include "tandem/graph/walk.h"
#include "tandem/tandem.h"

namespace tandem {
namespace {

constexpr Device kCpu{DeviceType::cpu, 0}, kGpu{DeviceType::gpu, 0};

array ramp(int64_t rows, int64_t columns, double from = 0.25) {
  const array count = arange(Scalar(int64_t{0}), Scalar(rows * columns), Scalar(int64_t{1}));
  return reshape(astype(count, Dtype::float32), Shape{rows, columns}) * 0.125 + from;
}
array evaluated(array a) {
  eval(a);
  return a;
}

std::vector<std::byte> bytes(const array& a) {
  const array dense = contiguous(a);
  const auto* data = static_cast<const std::byte*>(dense.data());
  return {data, data + dense.nbytes()};
}

uint64_t nodes_run() { return inspect::counters().nodes_run; }

// Several outputs that share work, one that only shares it and one of its own.
std::vector<array> several(const std::vector<array>& in) {
  const array shared = exp(in[0] * in[1]);
  const array tall = sum(shared, std::vector<int64_t>{0});
  return {shared, tall * 2, sqrt(shared + 1), in[1] - 3};
}

struct Case {
  const char* name;
  Function function;
};
std::vector<Case> cases() {
  return {
      {"several outputs", several},
      {"one output",
       [](const std::vector<array>& in) { return std::vector{exp(in[0]) + in[1] * 0.5}; }},
      {"softmax",
       [](const std::vector<array>& in) {
         const std::vector<int64_t> last{-1};
         const array e = exp(in[0] - max(in[0], last, true));
         return std::vector{e / sum(e, last, true)};
       }},
      {"product and views",
       [](const std::vector<array>& in) {
         const array p = matmul(in[0], transpose(in[1]));
         return std::vector{transpose(p), reshape(p, Shape{-1}) + 1, sum(p)};
       }},
      {"generators, twice the same, passed through",
       [](const std::vector<array>& in) {
         const array y = in[0] + 1;
         return std::vector{ones(Shape{3}), y, y, in[1],
                            arange(Scalar(0.0), Scalar(5.0), Scalar(1.0))};
       }},
      {"many axes",
       [](const std::vector<array>& in) {
         const array a = reshape(in[0], Shape{1, 2, 1, 2, 3, 1});
         return std::vector{a * 2, transpose(a) + 1};
       }},
      {"many shapes",
       [](const std::vector<array>& in) {
         std::vector<array> out;
         for (int64_t n = 1; n < 14; ++n) out.push_back(broadcast_to(sum(in[0]), Shape{n}) * in[1]);
         return std::vector{concatenate(
             std::vector<array>{reshape(out[3], Shape{-1}), reshape(out[5], Shape{-1})}, 0)};
       }},
      {"nothing computed", [](const std::vector<array>& in) { return std::vector{in[1], in[0]}; }},
  };
}
std::vector<array> arguments(const std::string& name) {
  if (name == "many shapes") return {evaluated(ramp(2, 6)), evaluated(array(2.0f))};
  return {evaluated(ramp(2, 6)), evaluated(ramp(2, 6, -1))};
}

TEST(Call, gives_the_kernels_and_bits_of_the_function_written_out) {
  for (const auto& [name, function] : cases()) {
    const std::vector<array> in = arguments(name);
    const Function compiled = compile(function);
    compiled(in);
    const auto around = [](std::vector<array> out) {
      for (array& a : out) a = abs(a * 2);
      return out;
    };
    // The arguments are pending too: fusion goes from before the call to behind it.
    const auto before = [&] { return std::vector{in[0] - 1, in[1] * 1.5}; };
    const std::vector<array> ours = around(compiled(before())), plain = around(function(before()));
    EXPECT_EQ(inspect::plan_text(ours), inspect::plan_text(plain)) << name;
    eval(ours);
    eval(plain);
    for (size_t i = 0; i < ours.size(); ++i) {
      EXPECT_EQ(Shape(ours[i].shape()), Shape(plain[i].shape())) << name;
      EXPECT_EQ(bytes(ours[i]), bytes(plain[i])) << name << ", output " << i;
    }
  }
}

TEST(Call, is_one_node_and_few_words_of_the_key) {
  const auto function = [](const std::vector<array>& in) {
    array x = in[0];
    for (int i = 0; i < 500; ++i) x = (x + in[1]) * 0.5;
    return std::vector{x};
  };
  const Function compiled = compile(function);
  const std::vector<array> in{evaluated(ramp(2, 3)), evaluated(ramp(2, 3))};
  const array first = compiled(in)[0];
  const int64_t before = graph::Node::live_count();
  const array called = compiled(in)[0];
  EXPECT_EQ(graph::Node::live_count() - before, 1);
  graph::Walk walk;
  walk.run(std::span(&called, 1));
  EXPECT_LT(walk.key.size(), 24u);
  const uint64_t run = nodes_run();
  eval(called);
  const uint64_t called_nodes = nodes_run() - run;
  eval(function(in));
  EXPECT_EQ(nodes_run() - run, 2 * called_nodes);
}

TEST(Call, work_for_outputs_that_nobody_has_is_dropped) {
  const Function compiled = compile(several);
  const std::vector<array> in{evaluated(ramp(2, 3)), evaluated(ramp(2, 3))};
  for (int i = 0; i < 2; ++i) {
    const uint64_t before = nodes_run();
    const array last = compiled(in)[3];
    eval(last);
    EXPECT_EQ(nodes_run() - before, 2u);  // 3 is shown along the axes, and subtracted
  }
  // Arguments that only these need are not computed either, though somebody holds them.
  const array unneeded = sqrt(in[0]);
  const array last = compiled({unneeded, in[1]})[3];
  eval(last);
  EXPECT_FALSE(unneeded.evaluated());
}

TEST(Call, outputs_evaluated_one_after_the_other_share_their_work) {
  const Function compiled = compile(several);
  const std::vector<array> in{evaluated(ramp(2, 3)), evaluated(ramp(2, 3))};
  const std::vector<array> plain = several(in);
  const uint64_t start = nodes_run();
  eval(plain);
  eval(plain[0] + 1);
  const uint64_t once = nodes_run() - start;
  for (int order = 0; order < 24; ++order) {
    std::vector<size_t> which{0, 1, 2, 3};
    for (int i = 0; i < order; ++i) std::next_permutation(which.begin(), which.end());
    const uint64_t before = nodes_run();
    const std::vector<array> out = compiled(in);
    const array behind = out[which[0]] + 1;  // through a node that is no output
    eval(behind);
    EXPECT_TRUE(out[which[0]].evaluated());
    for (const size_t i : which) {
      eval(out[i]);
      ASSERT_TRUE(out[i].node()->storage()->strides == row_major_strides(out[i].shape()));
      EXPECT_EQ(bytes(out[i]), bytes(plain[i])) << order;
    }
    EXPECT_EQ(nodes_run() - before, once) << order;
  }
}

// The second call's dropped output is all that needs an output of the first that somebody holds.
TEST(Call, what_a_dropped_output_needs_is_neither_computed_nor_forgotten) {
  const auto first_of = [](const std::vector<array>& in) {
    const array shared = exp(in[0]);
    return std::vector{shared * shared, sqrt(shared)};
  };
  const auto second_of = [](const std::vector<array>& in) {
    return std::vector{abs(in[0]), abs(in[1])};
  };
  const std::vector<array> in{evaluated(ramp(2, 3))};
  const auto run = [&](const Function& first, const Function& second) {
    const std::vector<array> out = first(in);
    const array last = second(out)[0];
    const uint64_t before = nodes_run();
    eval(last);
    EXPECT_FALSE(out[1].evaluated());
    eval(out[1]);
    return nodes_run() - before;
  };
  EXPECT_EQ(run(compile(first_of), compile(second_of)), run(first_of, second_of));
}

TEST(Call, an_output_that_waits_keeps_nothing_that_it_does_not_need) {
  const Function compiled = compile(
      [](const std::vector<array>& in) { return std::vector{in[0] * 2, sum(in[0]) + in[1]}; });
  std::vector<array> in{evaluated(ramp(64, 64)), evaluated(array(1.0f))};
  std::vector<array> out = compiled(in);
  const array early = out[1];
  const array late = out[0];
  in.clear();
  out.clear();
  eval(early);  // the other waits and is expanded
  EXPECT_FALSE(late.evaluated());
  EXPECT_EQ(early.node()->inputs().size(), 0u);
  eval(late);
  EXPECT_EQ(late.node()->inputs().size(), 0u);
  EXPECT_EQ(late.node()->reference_count(), 1u);
}

TEST(Call, shapes_and_scalars_vary_without_a_new_plan) {
  const auto scaled = [](double factor) {
    return compile([factor](const std::vector<array>& in) {
      return std::vector{exp(in[0]) * factor, sum(in[0], std::vector<int64_t>{0})};
    });
  };
  const Function doubled = scaled(2), tripled = scaled(3);
  const auto run = [](const Function& f, int64_t n) {
    const std::vector<array> out = f({evaluated(ramp(n, 4))});
    eval(out);
    return out[0].shape(0);
  };
  run(doubled, 2);
  run(doubled, 3);
  const inspect::Counters before = inspect::counters();
  for (int64_t n = 4; n < 60; ++n) EXPECT_EQ(run(n % 2 ? doubled : tripled, n), n);
  EXPECT_EQ(inspect::counters().plans_built, before.plans_built);
  EXPECT_EQ(inspect::counters().kernels_built, before.kernels_built);
  const std::vector<array> out = tripled({array(0.0f) + broadcast_to(array(0.0f), Shape{2, 4})});
  EXPECT_EQ(max(out[0]).item<float>(), 3.0f);
}

TEST(Call, chains_of_a_million_calls_need_no_stack) {
  const Function one = compile([](const std::vector<array>& in) { return std::vector{in[0] + 1}; });
  const Function two =
      compile([](const std::vector<array>& in) { return std::vector{in[0] + 1, in[1] + in[0]}; });
  const array start = evaluated(array(0.0f));
  {
    array x = start;
    for (int i = 0; i < 1000000; ++i) x = one({x})[0];  // dropped without being evaluated
  }
  array x = start;
  for (int i = 0; i < 200000; ++i) x = one({x})[0];
  EXPECT_EQ(x.item<float>(), 200000.0f);
  std::vector<array> pair{start, start};
  for (int i = 0; i < 5000; ++i) pair = two(pair);
  EXPECT_EQ(pair[0].item<float>(), 5000.0f);  // the other output waits: all calls are expanded
  EXPECT_EQ(pair[1].item<float>(), 12497500.0f);
}

TEST(Call, keeps_the_trace_and_captured_arrays_as_long_as_it_waits) {
  const int64_t before = graph::Node::live_count();
  {
    array result = [] {
      const array captured = evaluated(ramp(2, 3));
      const Function compiled =
          compile([&](const std::vector<array>& in) { return std::vector{in[0] + captured}; });
      return compiled({evaluated(ramp(2, 3))})[0];
    }();
    EXPECT_EQ(graph::Node::live_count() - before, 3);
    EXPECT_EQ(max(result).item<float>(), 1.75f);
    EXPECT_EQ(graph::Node::live_count() - before, 1);
  }
  EXPECT_EQ(graph::Node::live_count(), before);
}

TEST(Call, writes_over_arguments_that_die) {
  const Function step = compile(
      [](const std::vector<array>& in) { return std::vector{in[0] - in[1] * 0.1, in[1] * 0.5}; });
  std::vector<array> state{evaluated(ramp(64, 64)), evaluated(ramp(64, 64))};
  const void* const address = state[0].data();
  const uint64_t before = inspect::counters().donations;
  for (int i = 0; i < 10; ++i) {
    state = step(state);
    async_eval(state);
  }
  eval(state);
  EXPECT_GE(inspect::counters().donations - before, 18u);
  EXPECT_TRUE(state[0].data() == address || state[1].data() == address);
}

TEST(Call, traced_code_sees_steps) {
  const Function inner =
      compile([](const std::vector<array>& in) { return std::vector{in[0] * 2}; });
  int calls = 0;
  const Function outer = compile([&](const std::vector<array>& in) {
    ++calls;
    return std::vector{inner({in[0]})[0] + inner({in[0] + 1})[0]};
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(outer({array(1.0f)})[0].item<float>(), 6.0f);
  EXPECT_EQ(calls, 1);
  const graph::RetainScope scope;
  const array x = evaluated(array(2.0f));
  const array y = inner({x})[0];
  EXPECT_TRUE(y.node()->op().is_row());
  eval(y);
  EXPECT_EQ(y.node()->inputs()[0], x.node().get());
  graph::evaluator().end_retention(std::span(&y, 1));
}

TEST(Call, calls_from_outside_evaluated_while_recording_are_no_part_of_it) {
  const Function pair = compile(several);
  const std::vector<array> in{evaluated(ramp(2, 3)), evaluated(ramp(2, 3))};
  const std::vector<array> out = pair(in);
  const Function compiled = compile([&](const std::vector<array>& args) {
    eval(out[1]);  // expanded in here, since other outputs wait
    return std::vector{args[0] + out[2]};
  });
  const array sum_of = compiled({in[0]})[0];
  EXPECT_EQ(bytes(sum_of), bytes(in[0] + several(in)[2]));
  EXPECT_EQ(bytes(out[0]), bytes(several(in)[0]));
}

TEST(Call, any_stream_and_device) {
  const Stream own = new_stream(kCpu);
  const auto function = [&](const std::vector<array>& in) {
    const array a = exp(in[0], own);
    const array b = multiply(a, in[1], kGpu);
    return std::vector{a + b, sqrt(b, kGpu), b};
  };
  const Function compiled = compile(function);
  const std::vector<array> in{evaluated(ramp(2, 3)), evaluated(ramp(2, 3))};
  const std::vector<array> plain = function(in);
  for (int i = 0; i < 2; ++i) {
    const std::vector<array> out = compiled(in);
    for (size_t k = 0; k < out.size(); ++k) {
      EXPECT_EQ(out[k].node()->stream(), plain[k].node()->stream());
      if (i == 1) {
        EXPECT_EQ(bytes(out[k]), bytes(plain[k]));
      }
    }
    eval(out);
    for (size_t k = 0; k < out.size(); ++k) EXPECT_EQ(bytes(out[k]), bytes(plain[k]));
  }
}

TEST(Call, threads_evaluate_outputs_of_one_call) {
  const Function compiled = compile(several);
  const std::vector<array> in{evaluated(ramp(2, 3)), evaluated(ramp(2, 3))};
  std::vector<std::vector<std::byte>> expected;
  const std::vector<array> plain = several(in);
  const uint64_t start = nodes_run();
  eval(plain);
  const uint64_t once = nodes_run() - start;
  for (const array& a : plain) expected.push_back(bytes(a));
  for (int round = 0; round < 50; ++round) {
    const uint64_t before = nodes_run();
    std::vector<array> out = compiled(in);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, mine = out[t], t] {
        eval(mine);
        EXPECT_EQ(bytes(mine), expected[t]);
      });
    }
    out.clear();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(nodes_run() - before, once);
  }
}

TEST(Call, a_failure_inside_is_raised_and_the_call_can_be_evaluated_again) {
  const Function compiled =
      compile([](const std::vector<array>& in) { return std::vector{in[0] + in[1], in[0] * 2}; });
  const std::vector<array> big{broadcast_to(array(1.0f), Shape{1 << 20, 1 << 20, 4}), array(1.0f)};
  const std::vector<array> out = compiled(big);
  EXPECT_THROW(eval(out), OutOfMemory);
  EXPECT_THROW(eval(out), OutOfMemory);
  EXPECT_FALSE(out[0].evaluated());
}

}  // namespace
}  // namespace tandem
