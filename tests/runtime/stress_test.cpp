// Random graphs of work over CPU and GPU streams, submitted and waited for by several threads, with
// devices that finish in random order.
#include <gtest/gtest.h>

#include <random>

#include "tests/runtime/fakes.h"

namespace tandem::runtime {
namespace {

using namespace testing;

constexpr int kCpuStreams = 4, kGpuStreams = 2, kStreams = kCpuStreams + kGpuStreams;

// Steps the queues of both GPUs in random order until told to stop.
class RandomDevices {
 public:
  RandomDevices(FakeGpu& first, FakeGpu& second, std::vector<uint16_t> streams, uint64_t seed)
      : thread_([this, &first, &second, streams, seed] {
          std::mt19937_64 random(seed);
          while (!stop_.load(std::memory_order_relaxed)) {
            const size_t i = random() % streams.size();
            FakeGpu& gpu = i == 0 ? first : second;
            if (!gpu.step(streams[i]) || random() % 4 == 0) std::this_thread::yield();
          }
        }) {}
  ~RandomDevices() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Record {
  Point point;
  std::vector<int> needs;  // indices of works it waits for
  uint64_t begin = 0;      // stamps of one clock for all
  uint64_t end = 0;
};

void run_random_graph(uint64_t seed, int works, bool second_is_of_another_kind) {
  FakeCpu cpu;
  FakeGpu first(0), second(1, /*simulated=*/!second_is_of_another_kind);
  Executor executor(3);
  Scheduler scheduler(executor.spawn());
  std::vector<uint16_t> streams;
  for (int i = 0; i < kCpuStreams; ++i) streams.push_back(scheduler.create_stream(cpu));
  streams.push_back(scheduler.create_stream(first));
  streams.push_back(scheduler.create_stream(second));
  const RandomDevices devices(first, second, {streams[4], streams[5]}, seed);

  std::mt19937_64 random(seed + 1);
  std::atomic<uint64_t> clock{0};
  std::vector<Record> records(static_cast<size_t>(works));
  std::vector<int> last_of_stream(kStreams, -1);
  for (int i = 0; i < works; ++i) {
    Record& record = records[static_cast<size_t>(i)];
    const size_t s = random() % kStreams;
    std::vector<Point> waits;
    for (uint64_t k = random() % 4; k > 0 && i > 0; --k) {
      const int need = static_cast<int>(random() % static_cast<uint64_t>(std::min(i, 50)));
      record.needs.push_back(i - 1 - need);
      waits.push_back(records[static_cast<size_t>(i - 1 - need)].point);
    }
    if (last_of_stream[s] >= 0) record.needs.push_back(last_of_stream[s]);
    last_of_stream[s] = i;
    const auto stamp = [&record, &clock] {
      record.begin = ++clock;
      record.end = ++clock;
    };
    const bool asynchronous = random() % 2 == 0;
    record.point =
        scheduler.submit(streams[s], s < kCpuStreams ? make_work(stamp) : gpu_work(stamp), waits,
                         asynchronous ? Urgency::asynchronous : Urgency::caller_waits);
    if (random() % 16 == 0) {
      const auto target = random() % static_cast<uint64_t>(i + 1);
      EXPECT_TRUE(scheduler.wait(records[target].point));
    }
  }
  ASSERT_TRUE(scheduler.synchronize_all());
  for (const Record& record : records) {
    ASSERT_GT(record.begin, 0u);
    for (const int need : record.needs) {
      ASSERT_LT(records[static_cast<size_t>(need)].end, record.begin) << "seed " << seed;
    }
  }
  const Scheduler::Counters counters = scheduler.counters();
  EXPECT_EQ(counters.submitted, static_cast<uint64_t>(works));
  EXPECT_EQ(counters.run_by_caller + counters.run_by_worker + counters.handed_to_device,
            static_cast<uint64_t>(works));
}

TEST(Scheduler, cross_stream_stress) { run_random_graph(1, 10000, false); }

TEST(Scheduler, cross_stream_stress_small_graphs_of_mixed_kinds) {
  for (uint64_t seed = 10; seed < 40; ++seed) run_random_graph(seed, 150, seed % 2 == 0);
}

TEST(Scheduler, SeveralThreadsSubmitAndWaitAcrossStreams) {
  FakeCpu cpu;
  FakeGpu first(0), second(1);
  Executor executor(3);
  Scheduler scheduler(executor.spawn());
  std::vector<uint16_t> streams;
  for (int i = 0; i < kCpuStreams; ++i) streams.push_back(scheduler.create_stream(cpu));
  streams.push_back(scheduler.create_stream(first));
  streams.push_back(scheduler.create_stream(second));
  const RandomDevices devices(first, second, {streams[4], streams[5]}, 7);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int round = 0; round < 100; ++round) {
        // A chain of six steps over random streams; each adds to what the step before it wrote.
        int value = 0;
        Point point;
        for (int i = 0; i < 6; ++i) {
          const size_t s = random() % kStreams;
          const auto step = [&value, i] {
            if (value == i) ++value;
          };
          point = scheduler.submit(streams[s], s < kCpuStreams ? make_work(step) : gpu_work(step),
                                   std::array{point},
                                   random() % 2 ? Urgency::asynchronous : Urgency::caller_waits);
        }
        int asked = 0;
        if (random() % 3 == 0) {
          scheduler.wait(point, [&] { return ++asked == 1; });
        }
        if (!scheduler.wait(point) || value != 6) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(Scheduler, AThousandStreamsUseABoundedNumberOfWorkers) {
  FakeCpu cpu;
  FakeGpu gpu(0);
  Executor executor(8);
  {
    Scheduler scheduler(executor.spawn(), {.max_workers = 3});
    const uint16_t device = scheduler.create_stream(gpu);
    const Point gate = scheduler.submit(device, gpu_work(), {}, Urgency::asynchronous);
    std::atomic<int> ran{0}, inside{0}, most{0};
    const auto body = [&] {
      const int now = ++inside;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      ++ran;
      --inside;
    };
    std::vector<uint16_t> streams;
    for (int i = 0; i < 1000; ++i) {
      streams.push_back(scheduler.create_stream(cpu));
      for (int k = 0; k < 3; ++k) {
        const Point waits[] = {k == 1 ? gate : Point()};
        scheduler.submit(streams.back(), make_work(body), waits, Urgency::asynchronous);
      }
    }
    for (const uint16_t stream : streams) {
      EXPECT_TRUE(scheduler.timeline().wait(Point(stream, 1), std::chrono::hours(1)));
      EXPECT_FALSE(scheduler.timeline().reached(Point(stream, 2)));
    }
    EXPECT_EQ(ran.load(), 1000);
    EXPECT_LE(most.load(), 3);
    while (scheduler.counters().parked < 1000) std::this_thread::yield();  // at their second piece
    gpu.step(device);
    EXPECT_TRUE(scheduler.synchronize_all());
    EXPECT_EQ(ran.load(), 3000);
    EXPECT_EQ(scheduler.counters().submitted, 3001u);
    EXPECT_EQ(scheduler.counters().parked, 1000u);
  }
}

}  // namespace
}  // namespace tandem::runtime
