#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <thread>

#include "tests/backends/simulated/support.h"

namespace tandem::backends::simulated {
namespace {

SimulatedOptions adversarial(uint64_t seed) {
  SimulatedOptions options = small_gpu();
  options.adversarial = true;
  options.seed = seed;
  return options;
}

class Schedules : public testing::TestWithParam<int> {  // -1: fifo, else the seed of an adversary
 protected:
  static SimulatedOptions options() {
    return GetParam() < 0 ? small_gpu() : adversarial(static_cast<uint64_t>(GetParam()));
  }
};

INSTANTIATE_TEST_SUITE_P(Fifo, Schedules, testing::Values(-1));
INSTANTIATE_TEST_SUITE_P(Adversarial, Schedules, testing::Range(0, 5));

TEST_P(Schedules, WorkOfAQueueRunsInOrder) {
  Rig rig(options());
  float* const a = rig.floats(64);
  std::vector<float> host(64, 0.0f);
  rig.to_device(1, a, host);
  for (int i = 0; i < 100; ++i) rig.increment(1, a, a, 64);
  rig.to_host(1, host, a);
  rig.finish_and_await(1);
  EXPECT_EQ(host, std::vector<float>(64, 100.0f));
  const SimulatedCounters counters = rig.control().counters();
  EXPECT_EQ(counters.launches, 100u);
  EXPECT_EQ(counters.copies, 2u);
  EXPECT_EQ(counters.bytes_copied, 512u);
  EXPECT_EQ(counters.finishes, 1u);
  EXPECT_EQ(counters.races, 0u);
}

TEST_P(Schedules, WaitsOrderQueues) {
  Rig rig(options());
  float* const a = rig.floats(64);
  std::vector<float> host(64, 0.0f);
  rig.to_device(1, a, host);
  Point last = rig.finish(1);
  for (int i = 0; i < 60; ++i) {
    const auto stream = static_cast<uint16_t>(i % 4 + 1);
    rig.gpu().wait(rig.queue(stream), last);
    rig.increment(stream, a, a, 64);
    last = rig.finish(stream);
  }
  rig.gpu().wait(rig.queue(9), last);
  rig.to_host(9, host, a);
  rig.finish_and_await(9);
  EXPECT_EQ(host, std::vector<float>(64, 60.0f));
  EXPECT_EQ(rig.control().counters().races, 0u);
  EXPECT_EQ(rig.control().counters().waits, 61u);
}

TEST_P(Schedules, PeerCopiesBetweenDevices) {
  Rig rig(options(), 2);
  float* const near = rig.floats(64, 0);
  float* const far = rig.floats(64, 1);
  std::vector<float> host(64, 3.0f);
  rig.to_device(1, near, host, 0);
  rig.gpu(0).copy(rig.queue(1, 0), CopyDirection::device_to_device, far, near, 256);
  const Point sent = rig.finish(1, 0);
  rig.gpu(1).wait(rig.queue(2, 1), sent);
  rig.increment(2, far, far, 64, "far", 1);
  const Point changed = rig.finish(2, 1);
  rig.gpu(0).wait(rig.queue(1, 0), changed);
  rig.gpu(0).copy(rig.queue(1, 0), CopyDirection::device_to_device, near, far, 256);
  rig.to_host(1, host, near, 0);
  rig.finish_and_await(1, 0);
  EXPECT_EQ(host, std::vector<float>(64, 4.0f));
  EXPECT_EQ(rig.control(0).counters().races + rig.control(1).counters().races, 0u);
  EXPECT_EQ(rig.control(0).counters().copies, 4u);
  EXPECT_THROW(rig.increment(1, far, near, 64), InternalError) << "kernels stay on their device";
}

TEST_P(Schedules, CopiesWithinADevice) {
  Rig rig(options());
  float* const a = rig.floats(64);
  std::vector<float> host(64, 3.0f);
  rig.to_device(1, a, host);
  rig.gpu().copy(rig.queue(1), CopyDirection::device_to_device, a + 32, a, 128);
  rig.gpu().fill(rig.queue(1), a, 128, 0);
  rig.to_host(1, host, a);
  rig.finish_and_await(1);
  EXPECT_EQ(host[0], 0);
  EXPECT_EQ(host[63], 3);
  rig.gpu().copy(rig.queue(1), CopyDirection::host_to_device, nullptr, nullptr, 0);
  rig.gpu().fill(rig.queue(1), a, 0, 1);
  rig.finish_and_await(1);
  EXPECT_EQ(rig.failure(1), "");
}

// A random program with every wait it needs, over streams of two devices, against plain arithmetic.
TEST_P(Schedules, RandomProgramsComputeWhatTheySay) {
  Rig rig(options(), 2);
  std::mt19937 random(static_cast<unsigned>(GetParam() + 100));
  constexpr size_t kBuffers = 6;
  constexpr size_t kCount = 32;
  struct Value {
    float* data;
    int gpu;
    float expected;
    std::vector<Point> uses;  // the write first
  };
  std::vector<Value> values;
  for (size_t i = 0; i < kBuffers; ++i) {
    const int gpu = static_cast<int>(i % 2);
    const auto stream = static_cast<uint16_t>(1 + gpu);
    float* const data = rig.floats(kCount, gpu);
    rig.gpu(gpu).fill(rig.queue(stream, gpu), data, kCount * sizeof(float), 0);
    values.push_back({data, gpu, 0, {rig.finish(stream, gpu)}});
  }
  for (int step = 0; step < 300; ++step) {
    Value& from = values[random() % kBuffers];
    Value& to = values[random() % kBuffers];
    if (&from == &to) continue;
    const int gpu = from.gpu;
    const auto stream = static_cast<uint16_t>(1 + gpu + 2 * (random() % 3));
    device::Queue& queue = rig.queue(stream, gpu);
    rig.gpu(gpu).wait(queue, from.uses[0]);
    for (const Point use : to.uses) rig.gpu(gpu).wait(queue, use);
    if (to.gpu == gpu) {
      rig.increment(stream, from.data, to.data, kCount, "increment", gpu);
      to.expected = from.expected + 1;
    } else {
      rig.gpu(gpu).copy(queue, CopyDirection::device_to_device, to.data, from.data,
                        kCount * sizeof(float));
      to.expected = from.expected;
    }
    const Point done = rig.finish(stream, gpu);
    from.uses.push_back(done);
    to.uses = {done};
  }
  for (Value& value : values) {
    std::vector<float> host(kCount);
    const auto stream = static_cast<uint16_t>(1 + value.gpu);
    rig.gpu(value.gpu).wait(rig.queue(stream, value.gpu), value.uses[0]);
    rig.to_host(stream, host, value.data, value.gpu);
    rig.finish_and_await(stream, value.gpu);
    EXPECT_EQ(host, std::vector<float>(kCount, value.expected));
  }
  EXPECT_EQ(rig.control(0).counters().races, 0u);
  EXPECT_EQ(rig.control(1).counters().races, 0u);
}

TEST_P(Schedules, ThreadsSubmitSideBySide) {
  Rig rig(options());
  std::vector<float*> data;
  for (uint16_t stream = 1; stream <= 4; ++stream) {
    rig.queue(stream);
    data.push_back(rig.floats(64));
  }
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> hosts(4, std::vector<float>(64, 0.0f));
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto stream = static_cast<uint16_t>(t + 1);
      device::Queue& queue = rig.queue(stream);
      rig.to_device(stream, data[t], hosts[t]);
      for (uint64_t i = 1; i <= 50; ++i) {
        rig.increment(stream, data[t], data[t], 64);
        rig.gpu().finish(queue, i);
      }
      rig.to_host(stream, hosts[t], data[t]);
      rig.gpu().finish(queue, 51);
      EXPECT_TRUE(rig.timeline.wait(Point(stream, 51), std::chrono::seconds(60)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& host : hosts) EXPECT_EQ(host, std::vector<float>(64, 50.0f));
  EXPECT_EQ(rig.control().counters().races, 0u);
}

// Unordered work, submitted while the machine is held.
std::vector<std::string> steps_of(uint64_t seed, bool fifo = false) {
  Rig rig(fifo ? small_gpu() : adversarial(seed));
  float* const a = rig.floats(64 * 4);
  const std::vector<float> host(64, 1.0f);
  rig.control().record_steps();
  rig.control().pause();
  std::vector<Point> ends;
  for (uint16_t stream = 1; stream <= 4; ++stream) {
    float* const mine = a + 64 * (stream - 1);
    rig.to_device(stream, mine, host);
    rig.increment(stream, mine, mine, 64);
    ends.push_back(rig.finish(stream));
  }
  rig.control().resume();
  for (const Point point : ends) rig.await(point);
  return rig.control().steps();
}

TEST(Adversary, ASeedRepeatsItsSchedule) {
  std::vector<std::vector<std::string>> all;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    const auto steps = steps_of(seed);
    EXPECT_EQ(steps.size(), 16u) << "a copy reads in one step and lands in another";
    EXPECT_EQ(steps, steps_of(seed)) << seed;
    all.push_back(steps);
  }
  std::sort(all.begin(), all.end());
  EXPECT_GT(std::unique(all.begin(), all.end()) - all.begin(), 3) << "seeds differ";
}

// The word of the copy would be right if the host waited; an adversary shows that it did not.
TEST(Adversary, CopiesReadTheirSourceLate) {
  int old_values = 0;
  int new_values = 0;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    Rig rig(adversarial(seed));
    rig.control().checker();
    float* const a = rig.floats(16);
    float* const b = rig.floats(16);
    std::vector<float> source(16, 1.0f);
    rig.control().pause();
    rig.to_device(1, a, source);
    const Point one = rig.finish(1);
    const SimulatedExecutable overwrite(
        Program{[&](const device::LaunchArguments&) { source.assign(16, 2.0f); },
                {},
                nullptr,
                false,
                nullptr});
    rig.gpu().launch(rig.queue(2), overwrite, {{}, {}, {}, "host memory changes"});
    rig.gpu().wait(rig.queue(2), one);
    rig.gpu().copy(rig.queue(2), CopyDirection::device_to_device, b, a, 64);
    std::vector<float> seen(16);
    rig.to_host(2, seen, b);
    const Point two = rig.finish(2);
    rig.control().resume();
    rig.await(two);
    (seen[0] == 1 ? old_values : new_values)++;
  }
  EXPECT_GT(old_values, 0);
  EXPECT_GT(new_values, 0);
}

TEST(Adversary, InOrderTheEarliestSubmittedGoesFirst) {
  const auto steps = steps_of(0, true);
  std::vector<std::string> kernels;
  for (const std::string& step : steps) {
    if (step.find("increment") != step.npos) kernels.push_back(step);
  }
  EXPECT_EQ(kernels, std::vector<std::string>({"stream 1: increment", "stream 2: increment",
                                               "stream 3: increment", "stream 4: increment"}));
}

TEST(SimulatedQueue, WaitingForWorkNotHandedOverIsRefused) {
  Rig rig;
  rig.queue(1);
  EXPECT_THROW(rig.gpu().wait(rig.queue(2), Point(1, 1)), InternalError);
  EXPECT_THROW(rig.gpu().wait(rig.queue(2), Point(77, 1)), InternalError);
  rig.finish(1);
  EXPECT_NO_THROW(rig.gpu().wait(rig.queue(2), Point(1, 1)));
  EXPECT_NO_THROW(rig.gpu().wait(rig.queue(2), Point()));
}

TEST(SimulatedQueue, DestructionWaitsForWhatIsQueued) {
  Rig rig;
  float* const a = rig.floats(64);
  std::vector<float> host(64, 0.0f);
  rig.control().pause();
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  rig.increment(1, a, a, 64);
  rig.to_host(1, host, a);
  const Point done = rig.finish(1);
  rig.drop_queue(1);
  EXPECT_TRUE(rig.timeline.reached(done));
  EXPECT_EQ(host[63], 1);
  // The id may serve again; its sequence goes on.
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  rig.finish_and_await(1);
}

// In the child of a fork the threads are gone: use raises, destruction returns.
TEST(SimulatedQueue, AForkedChildIsToldAndLeavesCleanly) {
  auto rig = std::make_unique<Rig>();
  rig->finish_and_await(1);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60);
    int refused = 0;
    try {
      rig->gpu().allocate(100);
    } catch (const DeviceError&) {
      ++refused;
    }
    try {
      rig->gpu().finish(rig->queue(1), 2);
    } catch (const DeviceError&) {
      ++refused;
    }
    rig.reset();
    _exit(refused == 2 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  rig->finish_and_await(1);
}

TEST(SimulatedQueue, SequencesOfAQueueGrow) {
  Rig rig;
  rig.gpu().finish(rig.queue(1), 5);
  EXPECT_THROW(rig.gpu().finish(rig.queue(1), 5), InternalError);
  EXPECT_THROW(rig.gpu().finish(rig.queue(1), 3), InternalError);
  rig.await(Point(1, 5));
}

TEST(SimulatedQueue, ForeignObjectsAreRefused) {
  Rig rig(small_gpu(), 2);
  struct Other final : device::Executable {};
  EXPECT_THROW(rig.gpu().launch(rig.queue(1), Other{}, {}), InternalError);
  EXPECT_THROW(rig.gpu(1).fill(rig.queue(1), nullptr, 0, 0), InternalError) << "a queue of GPU 0";
}

}  // namespace
}  // namespace tandem::backends::simulated
