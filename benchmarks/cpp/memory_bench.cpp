// Pools: allocate and release of a hot size. Simulated GPU: what one launch with its checks costs.
#include <benchmark/benchmark.h>

#include <chrono>

#include "tandem/backends/simulated/executable.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/memory/buffer.h"

namespace tandem {
namespace {

using device::Point;

void pool_reuse(benchmark::State& state) {
  const device::Timeline timeline;
  memory::Pool pool(memory::make_host_source(), timeline, 0);
  const auto bytes = static_cast<size_t>(state.range(0));
  uint64_t step = 0;
  for (auto _ : state) {
    const memory::Block block = pool.allocate(bytes, 1);
    benchmark::DoNotOptimize(block.data);
    const Point use(1, ++step);
    pool.release(block.data, block.capacity, {&use, 1});
  }
}
BENCHMARK(pool_reuse)->Arg(64)->Arg(4096)->Arg(200000)->Arg(4 << 20);

void pool_contended(benchmark::State& state) {
  static const auto* timeline = new device::Timeline;
  static auto* pool = new memory::Pool(memory::make_host_source(), *timeline, 0);
  for (auto _ : state) {
    const memory::Block block = pool->allocate(4096, static_cast<uint16_t>(state.thread_index()));
    benchmark::DoNotOptimize(block.data);
    pool->release(block.data, block.capacity, {});
  }
}
BENCHMARK(pool_contended)->Threads(2)->Threads(4);

void buffer_with_block(benchmark::State& state) {
  const device::Timeline timeline;
  memory::Pool pool(memory::make_host_source(), timeline, 0);
  uint64_t step = 0;
  for (auto _ : state) {
    const auto buffer = make_ref<memory::Buffer>(4096);
    const memory::Block block = pool.allocate(4096, 1);
    buffer->add({Device{}, &pool, block.data, block.capacity, Point(1, ++step), {}});
  }
}
BENCHMARK(buffer_with_block);

// Two buffers of 4 KiB, a kernel that does nothing, the wait for it every 100 launches.
void simulated_launch(benchmark::State& state) {
  using namespace backends::simulated;
  SimulatedOptions options;
  options.memory_bytes = size_t{16} << 20;
  options.verify = state.range(0) != 0;
  options.machine = make_machine();
  device::Timeline timeline;
  const auto gpu = make_simulated_backend(0, options);
  const auto queue = gpu->create_queue(1, timeline, [](uint64_t, const std::exception_ptr&) {});
  auto* const data = static_cast<std::byte*>(gpu->allocate(8192));
  gpu->fill(*queue, data, 8192, 0);
  Program program;
  program.run = [](const device::LaunchArguments&) {};
  program.dtypes = {Dtype::float32, Dtype::float32};
  program.flops = [](const device::LaunchArguments&) { return 1.0; };
  const SimulatedExecutable nothing(std::move(program));
  const int64_t extents[] = {1024};
  const int64_t strides[] = {1};
  const device::BufferArgument buffers[] = {
      {data, strides, 0, 0, data, data + 4096, false},
      {data + 4096, strides, 0, 0, data + 4096, data + 8192, true}};
  uint64_t sequence = 0;
  while (state.KeepRunningBatch(100)) {
    for (int i = 0; i < 100; ++i) gpu->launch(*queue, nothing, {extents, buffers, {}, "nothing"});
    gpu->finish(*queue, ++sequence);
    timeline.wait(Point(1, sequence), std::chrono::seconds(60));
  }
}
BENCHMARK(simulated_launch)->Arg(0)->Arg(1);

}  // namespace
}  // namespace tandem

BENCHMARK_MAIN();
