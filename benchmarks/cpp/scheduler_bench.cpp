// What the scheduler costs: work that the caller runs itself, hand-overs to a worker and to a
// device queue, edges, and the timeline below it.
#include <benchmark/benchmark.h>

#include <array>

#include "tests/runtime/fakes.h"

namespace tandem::runtime {
namespace {

using namespace testing;

class Empty : public Work {
 public:
  void run(device::Queue&) override {}
  void fail(std::exception_ptr) noexcept override {}
};

void timeline_advance(benchmark::State& state) {
  device::Timeline timeline;
  uint64_t sequence = 0;
  for (auto _ : state) timeline.advance(Point(1, ++sequence));
}
BENCHMARK(timeline_advance);

void make_and_drop_work(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Ref<Work>(new Empty));
}
BENCHMARK(make_and_drop_work);

void submit_and_wait_inline(benchmark::State& state) {
  FakeCpu cpu;
  Executor executor(1);
  Scheduler scheduler(executor.spawn());
  const uint16_t stream = scheduler.create_stream(cpu);
  const Ref<Work> work(new Empty);
  for (auto _ : state) {
    scheduler.wait(scheduler.submit(stream, work, {}, Urgency::caller_waits));
  }
}
BENCHMARK(submit_and_wait_inline);

// Each thread has a stream of its own, as threads of a program do.
void submit_and_wait_inline_threads(benchmark::State& state) {
  static FakeCpu cpu;
  static Executor executor(1);
  static Scheduler scheduler(executor.spawn());
  const uint16_t stream = scheduler.create_stream(cpu);
  const Ref<Work> work(new Empty);
  for (auto _ : state) {
    scheduler.wait(scheduler.submit(stream, work, {}, Urgency::caller_waits));
  }
  scheduler.retire_stream(stream);
}
BENCHMARK(submit_and_wait_inline_threads)->ThreadRange(1, 4);

void edge_between_two_cpu_streams_inline(benchmark::State& state) {
  FakeCpu cpu;
  Executor executor(1);
  Scheduler scheduler(executor.spawn());
  const uint16_t a = scheduler.create_stream(cpu), b = scheduler.create_stream(cpu);
  const Ref<Work> work(new Empty);
  for (auto _ : state) {
    const Point one = scheduler.submit(a, work, {}, Urgency::caller_waits);
    scheduler.wait(scheduler.submit(b, work, std::array{one}, Urgency::caller_waits));
  }
}
BENCHMARK(edge_between_two_cpu_streams_inline);

// Asynchronous work and a wait on the timeline, so that the caller cannot run it itself. Back to
// back the worker is still looking when the next piece comes.
void hand_over_round_trip(benchmark::State& state) {
  FakeCpu cpu;
  Executor executor(1);
  Scheduler scheduler(executor.spawn());
  const uint16_t stream = scheduler.create_stream(cpu);
  const Ref<Work> work(new Empty);
  for (auto _ : state) {
    const Point point = scheduler.submit(stream, work, {}, Urgency::asynchronous);
    scheduler.timeline().wait(point, std::chrono::hours(1));
  }
}
BENCHMARK(hand_over_round_trip)->UseRealTime();

// The same after the worker has gone to sleep.
void hand_over_round_trip_from_sleep(benchmark::State& state) {
  FakeCpu cpu;
  Executor executor(1);
  Scheduler scheduler(executor.spawn());
  const uint16_t stream = scheduler.create_stream(cpu);
  const Ref<Work> work(new Empty);
  for (auto _ : state) {
    scheduler.timeline().wait(Point(stream, uint64_t{1} << 40), std::chrono::microseconds(200));
    const auto begin = std::chrono::steady_clock::now();
    const Point point = scheduler.submit(stream, work, {}, Urgency::asynchronous);
    scheduler.timeline().wait(point, std::chrono::hours(1));
    state.SetIterationTime(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
}
BENCHMARK(hand_over_round_trip_from_sleep)->UseManualTime()->Iterations(2000);

void submit_asynchronous(benchmark::State& state) {
  FakeCpu cpu;
  Executor executor(1);
  Scheduler scheduler(executor.spawn());
  const uint16_t stream = scheduler.create_stream(cpu);
  const Ref<Work> work(new Empty);
  for (auto _ : state) scheduler.submit(stream, work, {}, Urgency::asynchronous);
  scheduler.synchronize(stream);
}
BENCHMARK(submit_asynchronous)->UseRealTime();

void hand_over_to_a_device(benchmark::State& state) {
  FakeCpu cpu;
  FakeGpu gpu(0);
  Executor executor(1);
  Scheduler scheduler(executor.spawn());
  const uint16_t stream = scheduler.create_stream(gpu);
  const Ref<Work> work(new Empty);
  for (auto _ : state) {
    scheduler.submit(stream, work, {}, Urgency::caller_waits);
    gpu.step(stream);
  }
}
BENCHMARK(hand_over_to_a_device);

}  // namespace
}  // namespace tandem::runtime
