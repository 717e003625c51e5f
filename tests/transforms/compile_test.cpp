// Recordings, compiled functions, retention and dependencies, without Python.
#include "tandem/transforms/compile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "tandem/graph/evaluator.h"
#include "tandem/tandem.h"
#include "tandem/transforms/recording.h"

namespace tandem {
namespace {

constexpr Device kGpu{DeviceType::gpu, 0};

array numbers(std::initializer_list<float> values) { return array(values); }

template <class T = float>
std::vector<T> values(const array& a) {
  const array dense = contiguous(a);
  const T* data = dense.data<T>();
  return {data, data + dense.size()};
}

std::vector<array> step(const std::vector<array>& in) {
  const array centred = in[0] - mean(in[0]);
  return {exp(centred) * in[1], transpose(reshape(in[0], Shape{2, 2})), in[1]};
}

TEST(Compile, equals_plain_by_bits) {
  const Function compiled = compile(step);
  for (int i = 0; i < 3; ++i) {
    const std::vector<array> in{numbers({1, 2.5f, -3, static_cast<float>(i)}), array(0.5f)};
    const auto ours = compiled(in), plain = step(in);
    ASSERT_EQ(ours.size(), plain.size());
    for (size_t k = 0; k < ours.size(); ++k) {
      EXPECT_EQ(Shape(ours[k].shape()), Shape(plain[k].shape()));
      EXPECT_EQ(values(ours[k]), values(plain[k]));
    }
    EXPECT_EQ(ours[2].node(), in[1].node());  // what is passed through is the argument itself
  }
}

TEST(Compile, calls_the_function_once_per_signature) {
  int calls = 0;
  const Function compiled = compile([&](const std::vector<array>& in) {
    ++calls;
    return std::vector<array>{in[0] + in[0]};
  });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(values(compiled({numbers({1, 2})})[0])[1], 4.0f);
  EXPECT_EQ(calls, 1);
  compiled({numbers({1, 2, 3})});
  compiled({array({1, 2})});
  EXPECT_EQ(calls, 3);
  {
    const StreamScope scope(DeviceType::gpu);
    EXPECT_EQ(values(compiled({numbers({1, 2})})[0])[1], 4.0f);
  }
  EXPECT_EQ(calls, 4);
  disable_compile();
  compiled({numbers({1, 2})});
  enable_compile();
  EXPECT_EQ(calls, 5);
}

TEST(Compile, scalar_step_hits_cache) {
  const Function compiled = compile(
      [](const std::vector<array>& in) { return std::vector<array>{in[0] - in[1] * in[2]}; });
  const array gradient = numbers({1, 1, 1, 1});
  array p = numbers({0, 0, 0, 0});
  inspect::Counters warm;
  for (int i = 0; i < 1000; ++i) {
    p = compiled({p, gradient, array(0.25f)})[0];
    eval(p);
    if (i == 2) warm = inspect::counters();
  }
  EXPECT_EQ(values(p)[3], -250.0f);
  EXPECT_EQ(inspect::counters().plans_built, warm.plans_built);
  EXPECT_EQ(inspect::counters().kernels_built, warm.kernels_built);
}

TEST(Compile, operations_follow_the_calling_thread_and_named_streams_stay) {
  const Stream own = new_stream({DeviceType::cpu, 0});
  const Function compiled = compile([&](const std::vector<array>& in) {
    return std::vector<array>{exp(in[0]), exp(in[0], own), exp(in[0], kGpu)};
  });
  compiled({numbers({0})});
  std::thread([&] {
    const auto out = compiled({numbers({0})});
    EXPECT_EQ(out[0].node()->stream(), default_stream({DeviceType::cpu, 0}).index);
    EXPECT_EQ(out[1].node()->stream(), own.index);
    EXPECT_EQ(out[2].node()->stream(), default_stream(kGpu).index);
    for (const array& a : out) EXPECT_EQ(a.item<float>(), 1.0f);
  }).join();
}

TEST(Compile, asking_for_values_inside_is_an_error) {
  const Function compiled = compile([](const std::vector<array>& in) {
    (in[0] + in[0]).eval();
    return in;
  });
  try {
    compiled({numbers({1, 2})});
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(),
                 "[eval] a value that depends on the arguments of a function being compiled cannot "
                 "be asked for inside of it: got an argument of shape (2,), expected arrays with "
                 "values");
  }
  EXPECT_EQ((numbers({1}) + numbers({2})).item<float>(), 3.0f);
  EXPECT_THROW(compile(nullptr), ArgumentError);
}

TEST(Recording, counts_its_nodes_and_captures_what_is_from_outside) {
  const array outside = exp(numbers({1, 2}));
  const array x = transforms::placeholder(Shape{2}, Dtype::float32);
  const transforms::Recording recording = [&] {
    const graph::RecordingScope scope;
    const array inside = sqrt(numbers({4, 9}));
    inside.eval();  // evaluated inside: captured as well
    const array y[] = {x * outside + inside};
    return transforms::Recording(std::span(&x, 1), y);
  }();
  EXPECT_EQ(recording.size(), 2u);
  EXPECT_EQ(recording.captured().size(), 2u);
  EXPECT_FALSE(recording.depends_on_others());
  const array zero[] = {numbers({0, 0})};
  EXPECT_EQ(values(recording.call(zero)[0]), (std::vector<float>{2, 3}));
  EXPECT_EQ(transforms::Recording({}, std::span(&x, 1)).depends_on_others(), true);
}

TEST(Recording, deep_functions_need_no_stack) {
  const Function compiled = compile([](const std::vector<array>& in) {
    array x = in[0];
    for (int i = 0; i < 200000; ++i) x = x + in[1];
    return std::vector<array>{x};
  });
  const std::vector<array> in{numbers({0}), numbers({1})};
  EXPECT_EQ(compiled(in)[0].item<float>(), 200000.0f);
  EXPECT_EQ(compiled(in)[0].item<float>(), 200000.0f);
}

TEST(Retention, retained_nodes_keep_their_inputs_when_evaluated) {
  const array x = numbers({1, 2});
  const auto [y, z] = [&] {
    const graph::RetainScope scope;
    const array inner = exp(x);
    return std::pair(inner, inner * x);
  }();
  eval(z);
  EXPECT_TRUE(y.evaluated());
  ASSERT_EQ(z.node()->inputs().size(), 2u);
  EXPECT_EQ(z.node()->inputs()[0], y.node().get());
  const array later = z + x;
  eval(later);
  EXPECT_EQ(later.node()->inputs().size(), 0u);  // made outside of the scope
  graph::evaluator().end_retention(std::span(&z, 1));
  EXPECT_EQ(z.node()->inputs().size(), 0u);
  EXPECT_EQ(y.node()->inputs().size(), 0u);
  EXPECT_FALSE(z.node()->retained());
  EXPECT_EQ(values(z)[0], values(y)[0]);
}

TEST(Depends, computes_what_it_depends_on) {
  const array side = exp(numbers({0, 1, 2}));
  const array x = numbers({1, 2});
  const auto made = depends(std::array{x, x + x}, std::array{side, sum(side)});
  EXPECT_EQ(values(made[0]), values(x));
  EXPECT_TRUE(side.evaluated());
  EXPECT_EQ(values(transpose(reshape(made[1], Shape{1, 2}))), (std::vector<float>{2, 4}));
  const auto on_gpu = depends(std::array{add(x, x, kGpu)}, std::array{sqrt(x)});
  EXPECT_EQ(values(on_gpu[0] + x)[1], 6.0f);
}

// Work that is repeated on purpose, behind depends, stays in the plan.
TEST(Depends, checkpoint_not_merged) {
  const array x = numbers({0.5f, 1.5f});
  const auto heavy = [](const array& a) { return exp(sqrt(a)); };
  const array first = heavy(x);
  const array again = heavy(depends(std::array{x}, std::array{first})[0]);
  const array out = first * again;
  const uint64_t before = inspect::counters().nodes_planned;
  eval(out);
  EXPECT_EQ(inspect::counters().nodes_planned - before, 6u);  // 2 exp, 2 sqrt, depends, the product
  EXPECT_NEAR(values(out)[0], std::exp(2 * std::sqrt(0.5f)), 1e-5);
}

}  // namespace
}  // namespace tandem
