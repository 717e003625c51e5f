#include "tandem/base/settings.h"
#include "tandem/memory/pool/sources.h"
#include "tests/backends/simulated/support.h"
#include "tests/memory/pool_conformance.h"

namespace tandem::memory {
namespace {

// Takes its backend along, which a pool's source outlives.
class OwningSource final : public Source {
 public:
  explicit OwningSource(std::unique_ptr<device::Backend> gpu)
      : gpu_(std::move(gpu)), inner_(make_backend_source(*gpu_)) {}
  void* allocate(size_t bytes) override { return inner_->allocate(bytes); }
  void release(void* data, size_t bytes) override { inner_->release(data, bytes); }
  std::string_view name() const override { return inner_->name(); }
  size_t granularity() const override { return inner_->granularity(); }

 private:
  std::unique_ptr<device::Backend> gpu_;
  std::unique_ptr<Source> inner_;
};

std::unique_ptr<Source> gpu_source(bool verify) {
  backends::simulated::SimulatedOptions options;
  options.memory_bytes = size_t{1} << 30;
  options.verify = verify;
  return std::make_unique<OwningSource>(make_simulated_backend(0, options));
}

INSTANTIATE_TEST_SUITE_P(SimulatedGpu, PoolConformance,
                         testing::Values(SourceCase{"plain", [] { return gpu_source(false); }},
                                         SourceCase{"verifying", [] { return gpu_source(true); }}),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace tandem::memory

namespace tandem::backends::simulated {
namespace {

TEST(SimulatedMemory, NamesItselfSimulated) {
  Rig rig;
  const device::Capabilities& capabilities = rig.gpu().capabilities();
  EXPECT_EQ(capabilities.name, "Simulated GPU 0");
  EXPECT_TRUE(capabilities.simulated);
  EXPECT_FALSE(capabilities.shares_host_memory);
  EXPECT_FALSE(capabilities.runs_inline);
  EXPECT_EQ(capabilities.memory_bytes, size_t{16} << 20);
  EXPECT_EQ(capabilities.details.at("clock"), "model");
  EXPECT_EQ(rig.gpu().device(), (Device{DeviceType::gpu, 0}));
}

TEST(SimulatedMemory, OptionsFollowTheSettings) {
  const ScopedSetting memory("gpu_memory", "3MiB");
  const ScopedSetting bandwidth("gpu_bandwidth", "2e9");
  const ScopedSetting latency("gpu_latency_us", "4");
  const ScopedSetting schedule("schedule", "adversarial");
  const ScopedSetting seed("schedule_seed", "9");
  const SimulatedOptions options = SimulatedOptions::from_settings();
  EXPECT_EQ(options.memory_bytes, size_t{3} << 20);
  EXPECT_EQ(options.model.link_bytes_per_second, 2e9);
  EXPECT_DOUBLE_EQ(options.model.latency_seconds, 4e-6);
  EXPECT_TRUE(options.adversarial);
  EXPECT_EQ(options.seed, 9u);
  EXPECT_FALSE(options.pacing);
}

using SimulatedMemoryDeathTest = testing::Test;

TEST(SimulatedMemoryDeathTest, FollowingADevicePointerFaults) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Rig rig;
  volatile float* const data = rig.floats(16);
  EXPECT_DEATH(static_cast<void>(data[0]), "");
  EXPECT_DEATH(data[3] = 1, "");
}

TEST(SimulatedMemory, AllocationsAreAlignedAndBounded) {
  Rig rig;
  void* const a = rig.gpu().allocate(1);
  void* const b = rig.gpu().allocate(1000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a) % 256, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b) % 256, 0u);
  EXPECT_NE(rig.gpu().allocate(0), nullptr);
  EXPECT_EQ(rig.gpu().allocate(size_t{16} << 20), nullptr) << "some is taken";
  EXPECT_EQ(rig.gpu().allocate(~size_t{0}), nullptr);
  rig.gpu().release(a, 1);
  rig.gpu().release(b, 1000);
  EXPECT_NE(rig.gpu().allocate(size_t{15} << 20), nullptr) << "gaps merge";
}

TEST(SimulatedMemory, ReleaseOfForeignMemoryIsAnError) {
  Rig rig;
  float on_host = 0;
  float* const data = rig.floats(64);
  EXPECT_THROW(rig.gpu().release(&on_host, 4), InternalError);
  EXPECT_THROW(rig.gpu().release(data + 1, 4), InternalError);
  rig.gpu().release(data, 256);
  EXPECT_THROW(rig.gpu().release(data, 256), InternalError) << "twice";
}

TEST(SimulatedMemory, FreshAndFreedMemoryIsPoisonWhenVerifying) {
  SimulatedOptions options = small_gpu();
  options.verify = true;
  Rig rig(options);
  float* const data = rig.floats(100);
  std::vector<float> host(100, 0.0f);
  rig.to_host(1, host, data);
  rig.finish_and_await(1);
  EXPECT_THAT(rig.failure(1), testing::HasSubstr("reads bytes that nobody wrote"));
  EXPECT_EQ(rig.control().counters().unwritten_reads, 1u);
  EXPECT_EQ(host[0], 0) << "what failed moves nothing";

  // A program that computes on poison sees NaN.
  rig.gpu().fill(rig.queue(1), data, 400, 0xff);
  float* const sum = rig.floats(100);
  rig.increment(1, data, sum, 100);
  rig.to_host(1, host, sum);
  rig.finish_and_await(1);
  EXPECT_TRUE(host[0] != host[0]);
  EXPECT_EQ(rig.failures(1).size(), 1u);
}

TEST(SimulatedMemory, PoisonFillsWhatIsAllocatedAndWhatIsFreed) {
  SimulatedOptions options = small_gpu();
  options.verify = true;
  Rig rig(options);
  unsigned first = 0;
  const SimulatedExecutable peek(Program{[&first](const device::LaunchArguments& a) {
                                           std::memcpy(&first, a.buffers[0].data, sizeof(first));
                                         },
                                         {},
                                         nullptr,
                                         false,
                                         nullptr});
  const auto look_at = [&](float* data) {
    const auto* const begin = reinterpret_cast<const std::byte*>(data);
    const device::BufferArgument buffers[] = {{data, nullptr, 0, 0, begin, begin + 256, true}};
    rig.gpu().launch(rig.queue(1), peek, {{}, buffers, {}, "peek"});
    rig.finish_and_await(1);
    EXPECT_EQ(rig.failure(1), "");
    return first;
  };
  float* const data = rig.floats(64);
  EXPECT_EQ(look_at(data), 0xffffffffu);
  rig.gpu().fill(rig.queue(1), data, 256, 7);
  EXPECT_EQ(look_at(data), 0x07070707u);
  rig.gpu().release(data, 256);
  EXPECT_EQ(rig.floats(64), data) << "the same gap";
  EXPECT_EQ(look_at(data), 0xffffffffu);
}

TEST(SimulatedMemory, DiscardedMemoryCountsAsNeverWritten) {
  SimulatedOptions options = small_gpu();
  options.verify = true;
  Rig rig(options);
  float* const data = rig.floats(100);
  const std::vector<float> twos(100, 2.0f);
  rig.to_device(1, data, twos);
  rig.control().discard(rig.queue(1), data, 200);
  std::vector<float> half(50);
  rig.to_host(1, half, data + 50);
  rig.finish_and_await(1);
  EXPECT_EQ(rig.failure(1), "");
  EXPECT_EQ(half[0], 2);
  rig.to_host(1, half, data + 49);
  rig.finish_and_await(1);
  EXPECT_THAT(rig.failure(1), testing::HasSubstr("got byte 0 of the 200"));
}

TEST(SimulatedMemory, PartlyWrittenMemoryIsFoundByKernels) {
  SimulatedOptions options = small_gpu();
  options.verify = true;
  Rig rig(options);
  float* const in = rig.floats(100);
  float* const out = rig.floats(100);
  const std::vector<float> ones(99, 1.0f);
  rig.to_device(1, in, ones);
  rig.increment(1, in, out, 99);
  rig.finish_and_await(1);
  EXPECT_EQ(rig.failure(1), "");
  rig.increment(1, in, out, 100);
  rig.finish_and_await(1);
  EXPECT_THAT(rig.failure(1), testing::HasSubstr("got byte 396 of the 400"));
}

TEST(SimulatedMemory, WorkOutsideLiveMemoryIsRefused) {
  Rig rig;
  float* const in = rig.floats(64);
  float* const out = rig.floats(64);
  std::vector<float> host(64);
  EXPECT_THROW(rig.increment(1, in, out + 1, 64), InternalError) << "beyond its allocation";
  EXPECT_THROW(rig.increment(1, host.data(), out, 64), InternalError) << "a host address";
  rig.gpu().release(in, 256);
  EXPECT_THROW(rig.increment(1, in, out, 64), InternalError) << "freed";
  EXPECT_THROW(rig.to_device(1, in, host), InternalError) << "freed";
  EXPECT_THROW(rig.to_device(1, host.data(), host), InternalError) << "no device memory";
  EXPECT_THROW(rig.gpu().fill(rig.queue(1), in, 4, 0), InternalError);
  EXPECT_THROW(rig.gpu().copy(rig.queue(1), CopyDirection::device_to_device, out, host.data(), 4),
               InternalError);
  rig.finish_and_await(1);
  EXPECT_EQ(rig.failure(1), "") << "what was refused was never queued";
}

TEST(SimulatedMemory, LaunchesMayTouchOnlyWhatTheyDeclare) {
  Rig rig;
  float* const data = rig.floats(64);
  const SimulatedExecutable executable(
      Program{[](const device::LaunchArguments&) {}, {Dtype::float32}, nullptr, false, nullptr});
  const int64_t extents[] = {8, 4};
  const int64_t strides[] = {8, -1};
  const auto* const first = reinterpret_cast<const std::byte*>(data);
  const auto declare = [&](const std::byte* begin, const std::byte* end) {
    const device::BufferArgument buffers[] = {{data + 3, strides, 0, 0, begin, end, true}};
    rig.gpu().launch(rig.queue(1), executable, {extents, buffers, {}, "strided"});
  };
  EXPECT_NO_THROW(declare(first, first + (7 * 8 + 4) * 4));
  EXPECT_THROW(declare(first + 4, first + 60 * 4), InternalError);
  EXPECT_THROW(declare(first, first + 59 * 4), InternalError);
}

TEST(SimulatedMemory, MemoryGivenBackInUseIsAnError) {
  Rig rig;
  float* const data = rig.floats(64);
  const std::vector<float> host(64, 1.0f);
  rig.control().pause();
  rig.to_device(1, data, host);
  const Point done = rig.finish(1);
  rig.gpu().release(data, 256);
  rig.control().resume();
  rig.await(done);
  EXPECT_THAT(rig.failure(1), testing::HasSubstr("memory given back before the write by"));
  EXPECT_EQ(rig.control().counters().races, 1u);
}

}  // namespace
}  // namespace tandem::backends::simulated
