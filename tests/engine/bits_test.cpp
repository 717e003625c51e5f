// Bits: fusion, threads, instruction sets, devices, layouts and the way a program is evaluated
// change none.
#include <cstdlib>

#include "helpers.h"
#include "random_program.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

using backends::common::ScopedThreadCount;

constexpr ProgramOptions kElementwise{.steps = 30, .products = false, .arithmetic = true};

// What everything is compared with: one thread, one stream, every node a kernel of its own.
Outcome reference(uint64_t seed, const ProgramOptions& program) {
  const ScopedSetting fusion("fusion", "off");
  const ScopedThreadCount threads(1);
  return run_program(seed, program, {});
}

TEST(Bits, fusion_bits) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    ASSERT_EQ(difference(reference(seed, kElementwise), run_program(seed, kElementwise, {})), "")
        << "seed " << seed;
  }
}

TEST(Bits, thread_count_bits) {
  for (uint64_t seed = 200; seed < 240; ++seed) {
    const Outcome expected = reference(seed, kElementwise);
    for (const int threads : {2, 3, 7}) {
      const ScopedThreadCount count(threads);
      ASSERT_EQ(difference(expected, run_program(seed, kElementwise, {})), "")
          << "seed " << seed << ", " << threads << " threads";
    }
  }
}

// Large enough that threads do share the work.
TEST(Bits, large_reductions_on_any_number_of_threads) {
  for (const Shape& shape :
       {Shape{1 << 20}, Shape{1025, 1023}, Shape{3, 300001}, Shape{300001, 3}}) {
    const array x = random::normal(shape, Dtype::float32, 0.0, 1.0, random::key(5));
    eval(x);
    const auto program = [&] {
      const array y = exp(multiply(x, Scalar(-0.5)));
      return std::vector<array>{sum(y), sum(y, std::vector<int64_t>{0}), max(y), argmax(x),
                                mean(x, std::vector<int64_t>{-1})};
    };
    std::vector<std::vector<std::byte>> expected;
    for (const int threads : {1, 2, 3, 7}) {
      const ScopedThreadCount count(threads);
      const std::vector<array> results = program();
      eval(results);
      for (size_t i = 0; i < results.size(); ++i) {
        if (threads == 1) expected.push_back(bytes(results[i]));
        EXPECT_EQ(bytes(results[i]), expected[i]) << threads << " threads, result " << i;
      }
    }
  }
}

TEST(Bits, isa_bits) {
  for (uint64_t seed = 300; seed < 320; ++seed) {
    const Outcome expected = reference(seed, kElementwise);
    for (const char* isa : {"scalar", "avx2", "auto"}) {
      const ScopedSetting setting("isa", isa);
      ASSERT_EQ(difference(expected, run_program(seed, kElementwise, {})), "")
          << "seed " << seed << ", " << isa;
    }
  }
}

TEST(Bits, simulated_gpu_bits) {
  const std::vector<Stream> gpu = {default_stream(kGpu)};
  for (uint64_t seed = 400; seed < 420; ++seed) {
    ASSERT_EQ(difference(reference(seed, kElementwise),
                         run_program(seed, kElementwise, {.streams = gpu})),
              "")
        << "seed " << seed;
  }
}

// TEST_PROGRAMS=100000 runs more, TEST_SEED=n others.
uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

TEST(Bits, random_programs) {
  const uint64_t count = number_from("TEST_PROGRAMS", 10000);
  const uint64_t first = number_from("TEST_SEED", 10000);
  std::printf("%llu random programs from seed %llu\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(first));
  const std::vector<Stream> streams = {new_stream(kCpu), new_stream(kCpu), default_stream(kGpu),
                                       new_stream({DeviceType::gpu, 1})};
  const std::vector<Stream> cpu = {streams[0], streams[1]};
  size_t results = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    const ProgramOptions program{.steps = 16, .products = true, .arithmetic = true};
    const RunOptions how{.streams = seed % 4 == 0 ? streams : cpu,
                         .drop = seed % 3 != 0,
                         .partial = seed % 2 == 0,
                         .compiled = seed % 5 < 3,
                         .seed = seed};
    const ScopedThreadCount threads(1 + static_cast<int>(seed % 5));
    const Outcome found = run_program(seed, program, how);
    ASSERT_EQ(difference(reference(seed, program), found), "") << "seed " << seed;
    results += found.elements.size();
  }
  EXPECT_GE(results, 3 * count);  // the programs are not empty
}

// Seeds that found a mistake: a cheap value that was made again from one that a call reads from
// memory, before that one was there.
TEST(Bits, programs_that_failed_once) {
  const std::vector<Stream> cpu = {new_stream(kCpu), new_stream(kCpu)};
  const ProgramOptions program{.steps = 16, .products = true, .arithmetic = true};
  for (const uint64_t seed : {uint64_t{5735107}}) {
    const RunOptions how{.streams = cpu, .drop = true, .partial = seed % 2 == 0, .seed = seed};
    EXPECT_EQ(difference(reference(seed, program), run_program(seed, program, how)), "") << seed;
  }
}

// ---- layouts: every view of an evaluated array against its row-major copy

std::vector<array> views_of(const array& a) {
  std::vector<array> views{a, transpose(a)};
  const auto sliced = [&](int64_t step) {
    Shape starts, extents, steps;
    for (const int64_t extent : a.shape()) {
      starts.push_back(step < 0 ? extent - 1 : 0);
      extents.push_back((extent + std::abs(step) - 1) / std::abs(step));
      steps.push_back(step);
    }
    return slice(a, starts, extents, steps);
  };
  views.push_back(sliced(2));
  views.push_back(sliced(-1));
  views.push_back(sliced(-3));
  views.push_back(transpose(sliced(-2)));
  Shape wide(a.shape());
  wide.insert(wide.begin(), 3);
  views.push_back(broadcast_to(a, wide));
  return views;
}

TEST(Bits, layouts_against_copies) {
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const array a = random_leaf(7, Shape{19, 70}, dtype);
    for (const array& view : views_of(a)) {
      const array copy = array::from_bytes(bytes(view).data(), view.shape(), dtype);
      const auto programs = [](const array& x) {
        std::vector<array> results{equal(x, x), add(x, Scalar(int64_t{1})),
                                   astype(x, Dtype::float32)};
        results.push_back(sum(x, std::vector<int64_t>{-1}));
        results.push_back(sum(x));
        if (!is_complex(x.dtype())) {
          results.push_back(max(x, std::vector<int64_t>{0}));
          results.push_back(argmin(x, -1));
        }
        return results;
      };
      const auto found = programs(view), expected = programs(copy);
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(comparable(found[i]), comparable(expected[i]))
            << name_of(dtype) << " " << to_string(view.shape()) << " result " << i;
      }
    }
  }
}

// A view in the graph (pending) and the same view of an evaluated array.
TEST(Bits, pending_views_against_views_of_storage) {
  const array a = random_leaf(3, Shape{12, 9}, Dtype::float32);
  const array pending = multiply(a, Scalar(1.0));
  const array evaluated = multiply(a, Scalar(1.0));
  eval(evaluated);
  const auto lazy = views_of(pending), direct = views_of(evaluated);
  for (size_t i = 0; i < lazy.size(); ++i) {
    EXPECT_EQ(comparable(exp(lazy[i])), comparable(exp(direct[i]))) << "view " << i;
  }
}

TEST(Bits, zero_sizes) {
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    const array empty = zeros(Shape{0, 3}, dtype);
    EXPECT_EQ(bytes(add(empty, empty)).size(), 0u);
    const array totals = sum(empty, std::vector<int64_t>{0});
    EXPECT_EQ(totals.shape(0), 3);
    for (const std::byte b : bytes(totals)) EXPECT_EQ(b, std::byte{0});
    EXPECT_EQ(sum(empty, std::vector<int64_t>{1}).size(), 0);
    if (is_floating(dtype) || dtype == Dtype::int32) {
      EXPECT_EQ(values<float>(astype(prod(empty), Dtype::float32))[0], 1.0f);
      const array product = matmul(zeros(Shape{2, 0}, dtype), zeros(Shape{0, 4}, dtype));
      EXPECT_EQ(values<float>(astype(product, Dtype::float32)), std::vector<float>(8, 0.0f));
    }
    EXPECT_TRUE(values<bool>(all(empty))[0]);
    EXPECT_FALSE(values<bool>(any(empty))[0]);
  }
}

TEST(Bits, special_values_survive) {
  const float infinity = std::numeric_limits<float>::infinity();
  const array x({-0.0f, 0.0f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()});
  const auto same = values<float>(maximum(x, x));
  EXPECT_TRUE(std::signbit(same[0]));
  EXPECT_FALSE(std::signbit(same[1]));
  EXPECT_EQ(same[2], infinity);
  EXPECT_EQ(same[3], -infinity);
  EXPECT_TRUE(std::isnan(same[4]));
  EXPECT_TRUE(std::signbit(values<float>(add(array({-0.0f}), array({-0.0f})))[0]));
  EXPECT_TRUE(std::signbit(values<float>(sum(array({-0.0f, -0.0f})))[0]));
  EXPECT_TRUE(std::isnan(values<float>(max(x))[0]));
  EXPECT_EQ(values<uint32_t>(argmax(x))[0], 4u);
  EXPECT_EQ(values<float>(multiply(x, Scalar(0.0)))[1], 0.0f);  // x * 0 is not folded
  EXPECT_TRUE(std::isnan(values<float>(multiply(x, Scalar(0.0)))[2]));
}

}  // namespace
}  // namespace tandem
