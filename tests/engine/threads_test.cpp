// Several threads and streams at once: overlapping evals, work that is still pending, random
// programs over six streams of three devices.
#include <cmath>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "faults.h"
#include "helpers.h"
#include "latch_work.h"
#include "random_program.h"
#include "tandem/backends/simulated/simulated.h"

namespace tandem {
namespace {

uint64_t races_so_far() {
  uint64_t races = 0;
  for (int i = 0; i < device_count(DeviceType::gpu); ++i) {
    auto& backend = *engine::Engine::instance().devices().get({DeviceType::gpu, i}).backend;
    races += backends::simulated::controls(backend).counters().races;
  }
  return races;
}

// A graph that every thread knows: values as floats beside the nodes.
struct SharedGraph {
  std::vector<array> nodes;
  std::vector<float> expected;  // of element 1

  SharedGraph(uint64_t seed, int count, const std::vector<Stream>& streams) {
    std::mt19937_64 random(seed);
    nodes.push_back(ramp({32}, 0.0, 0.25));
    expected.push_back(0.25f);
    for (int i = 0; i < count; ++i) {
      const size_t a = random() % nodes.size(), b = random() % nodes.size();
      const Stream where = streams[random() % streams.size()];
      const bool sum = random() % 2 == 0;
      nodes.push_back(sum ? subtract(nodes[a], nodes[b], where)
                          : maximum(nodes[a], nodes[b], where));
      expected.push_back(sum ? expected[a] - expected[b] : std::max(expected[a], expected[b]));
    }
  }
};

// Eight threads ask for random parts of one graph: nothing is computed twice, nothing is missed.
TEST(Threads, overlapping_eval_two_threads) {
  for (uint64_t round = 0; round < 6; ++round) {
    const std::vector<Stream> streams =
        round % 2 == 0
            ? std::vector<Stream>{default_stream(kCpu)}
            : std::vector<Stream>{default_stream(kCpu), new_stream(kCpu), default_stream(kGpu)};
    constexpr int kNodes = 160;
    const SharedGraph graph(round, kNodes, streams);
    const Gain gain;
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (uint64_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(1000 * round + t);
        for (int i = 0; i < 12; ++i) {
          std::vector<array> roots;
          std::vector<float> wanted;
          for (int k = 0; k < 3; ++k) {
            const size_t n = random() % graph.nodes.size();
            roots.push_back(graph.nodes[n]);
            wanted.push_back(graph.expected[n]);
          }
          if (random() % 3 == 0) async_eval(roots);
          eval(roots);
          for (size_t k = 0; k < roots.size(); ++k) {
            wrong += roots[k].data<float>()[1] != wanted[k];
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    eval(graph.nodes);
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(gain.nodes_run(), static_cast<uint64_t>(kNodes));
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      EXPECT_EQ(graph.nodes[n].data<float>()[1], graph.expected[n]) << "node " << n;
    }
  }
}

// While a CPU stream is held, building, evaluating without waiting and edges to a GPU and back
// return.
TEST(Threads, eval_while_async_pending) {
  const array x = ramp({1000});
  eval({add(x, x, kGpu)});  // the device is made
  auto latch = std::make_shared<Latch>();
  const Stream held = new_stream(kCpu), other = new_stream(kCpu);
  array last = x;
  auto caller = std::async(std::launch::async, [&] {
    hold_stream(held, latch);
    array y = add(x, Scalar(1.0), held);
    async_eval(std::span(&y, 1));
    array z = multiply(y, Scalar(2.0), kGpu);  // an edge from the CPU to the GPU
    async_eval(std::span(&z, 1));
    last = subtract(z, y, other);  // and back to another stream
    async_eval(std::span(&last, 1));
    EXPECT_TRUE(last.evaluated());
    const runtime::Scheduler& scheduler = engine::Engine::instance().scheduler();
    const device::Point point = scheduler.last_point(static_cast<uint16_t>(other.index));
    EXPECT_FALSE(engine::Engine::instance().scheduler().timeline().reached(point));
  });
  const bool returned = caller.wait_for(std::chrono::minutes(2)) == std::future_status::ready;
  EXPECT_TRUE(returned) << "the caller waits for work that is held";
  EXPECT_EQ(values<float>(add(x, x, default_stream(kCpu)))[3], 6.0f);  // unrelated work goes on
  latch->open();
  caller.get();
  EXPECT_EQ(values<float>(last)[999], 1000.0f);
}

// A kernel is made and used for the first time on a GPU while one of its streams waits for a CPU
// stream that is held: neither waits for the other.
TEST(Threads, cpu_producer_of_gpu_with_module_load) {
  const array x = ramp({777});
  eval({add(x, x, kGpu)});
  auto latch = std::make_shared<Latch>();
  const Stream held = new_stream(kCpu), waiting = new_stream(kGpu), other = new_stream(kGpu);
  hold_stream(held, latch);
  array y = add(x, Scalar(1.0), held);
  array z = multiply(y, Scalar(3.0), waiting);
  const array queued[] = {y, z};
  async_eval(queued);
  const Gain gain;
  auto caller = std::async(std::launch::async, [&] {
    // The same queue comes behind what it waits for, another one does not.
    array behind = sqrt(abs(sin(z, waiting), waiting), waiting);
    async_eval(std::span(&behind, 1));
    const array free = cos(sin(sqrt(abs(x, other), other), other), other);
    return std::pair(values<float>(free)[0], behind);
  });
  const bool returned = caller.wait_for(std::chrono::minutes(2)) == std::future_status::ready;
  EXPECT_TRUE(returned) << "a first use of a kernel waits for a stream that waits";
  latch->open();
  const auto [one, behind] = caller.get();
  EXPECT_EQ(one, 1.0f);
  EXPECT_GE(gain.kernels_built(), 1u);
  EXPECT_NEAR(values<float>(behind)[0], std::sqrt(std::abs(std::sin(3.0f))), 1e-5);
}

// The calling thread waits for what it asks for and for nothing else.
TEST(Threads, an_eval_waits_only_for_its_own) {
  auto latch = std::make_shared<Latch>();
  const Stream held = new_stream(kCpu);
  const array x = ramp({100});
  hold_stream(held, latch);
  array slow = add(x, Scalar(1.0), held);
  async_eval(std::span(&slow, 1));
  const array quick = add(x, Scalar(2.0), kGpu);
  EXPECT_EQ(values<float>(quick)[0], 2.0f);
  latch->open();
  EXPECT_EQ(values<float>(slow)[0], 1.0f);
}

TEST(Threads, an_array_outlives_the_thread_that_built_it) {
  std::vector<array> pending;
  const array x = ramp({64});
  for (int i = 0; i < 4; ++i) {
    std::thread([&] {
      pending.push_back(add(x, Scalar(1.0), kCpu));
      pending.push_back(multiply(pending.back(), Scalar(3.0), kGpu));
    }).join();
  }
  for (size_t i = 0; i < pending.size(); ++i) {
    EXPECT_EQ(values<float>(pending[i])[2], i % 2 == 0 ? 3.0f : 9.0f) << i;
  }
}

// Work of each side behind a device that is busy with what both wait for.
TEST(Threads, a_busy_device_holds_nobody_up) {
  const array x = ramp({64});
  gpu_controls().pause();
  std::atomic<bool> done = false;
  std::optional<array> last;
  std::thread builder([&] {
    last = add(x, Scalar(1.0), kGpu);
    for (int i = 0; i < 4; ++i) {
      last = multiply(add(*last, Scalar(1.0), kCpu), Scalar(2.0), kGpu);
      async_eval(std::span(&*last, 1));
    }
    done = true;
  });
  for (int i = 0; i < 10000000 && !done; ++i) std::this_thread::yield();
  EXPECT_TRUE(done);
  gpu_controls().resume();
  builder.join();
  EXPECT_EQ(values<float>(*last)[0], 46.0f);
}

TEST(Threads, cross_stream_stress) {
  ASSERT_EQ(device_count(DeviceType::gpu), 2);
  std::vector<Stream> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(new_stream(kCpu));
  for (int i = 0; i < 2; ++i) {
    streams.push_back(new_stream({DeviceType::gpu, i}));
    streams.push_back(new_stream({DeviceType::gpu, i}));
  }
  const uint64_t races_before = races_so_far();
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const ProgramOptions program{.steps = 60, .products = false, .arithmetic = false};
    const Outcome expected = run_program(seed, program, {});
    for (const bool partial : {false, true}) {
      const Outcome found =
          run_program(seed, program,
                      {.streams = streams, .drop = partial, .partial = partial, .seed = seed + 7});
      ASSERT_EQ(difference(expected, found), "")
          << "seed " << seed << (partial ? ", evaluated in parts" : "");
    }
  }
  EXPECT_EQ(races_so_far(), races_before);
}

// The same from four threads at once, each with a program of its own over shared streams.
TEST(Threads, threads_share_streams) {
  std::vector<Stream> streams = {new_stream(kCpu), new_stream(kCpu), default_stream(kGpu),
                                 default_stream({DeviceType::gpu, 1})};
  const uint64_t races_before = races_so_far();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t seed = 100 * t; seed < 100 * t + 8; ++seed) {
        const ProgramOptions program{.steps = 40, .products = false, .arithmetic = false};
        const Outcome expected = run_program(seed, program, {});
        const Outcome found = run_program(
            seed, program, {.streams = streams, .drop = true, .partial = true, .seed = seed});
        EXPECT_EQ(difference(expected, found), "") << "seed " << seed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(races_so_far(), races_before);
}

}  // namespace
}  // namespace tandem
