#include "tandem/backends/cpu/cpu.h"

#include "tandem/backends/cpu/capabilities.h"
#include "tandem/base/settings.h"
#include "tests/backends/conformance.h"

namespace tandem::backends {
namespace {

INSTANTIATE_TEST_SUITE_P(Cpu, BackendConformance,
                         ::testing::Values(BackendUnderTest{"cpu", cpu::make_cpu_backend,
                                                            cpu::make_cpu_compiler}));

TEST(Cpu, runs_on_the_caller_in_host_memory) {
  const auto backend = cpu::make_cpu_backend();
  EXPECT_EQ(backend->device(), (Device{DeviceType::cpu, 0}));
  EXPECT_TRUE(backend->capabilities().runs_inline);
  EXPECT_TRUE(backend->capabilities().shares_host_memory);
  EXPECT_FALSE(backend->capabilities().simulated);
  EXPECT_EQ(backend->capabilities().memory_bytes, 0U);
  device::Timeline timeline;
  const auto queue = backend->create_queue(0, timeline, {});
  std::vector<int> target(10, 0);
  const std::vector<int> source(10, 7);
  backend->copy(*queue, device::CopyDirection::device_to_device, target.data(), source.data(), 40);
  EXPECT_EQ(target, source);
  backend->finish(*queue, 5);
  EXPECT_EQ(timeline.done_word(0).load(), 5U);
}

TEST(Cpu, a_queue_waits_for_another_thread) {
  const auto backend = cpu::make_cpu_backend();
  device::Timeline timeline;
  const auto first = backend->create_queue(1, timeline, {});
  const auto second = backend->create_queue(2, timeline, {});
  std::atomic<int> value = 0;
  std::thread waiter([&] {
    backend->wait(*second, device::Point(1, 1));
    EXPECT_EQ(value.load(), 1);
  });
  value = 1;
  backend->finish(*first, 1);
  waiter.join();
}

TEST(Cpu, failures_of_a_launch_raise_on_the_caller) {
  const auto backend = cpu::make_cpu_backend();
  const auto compiler = cpu::make_cpu_compiler();
  device::Timeline timeline;
  const auto queue = backend->create_queue(0, timeline, {});
  const auto matmul = compiler->library({"matmul", {Dtype::int8, Dtype::int8, Dtype::int8}, 3});
  EXPECT_THROW(backend->launch(*queue, *matmul, {}), InternalError);
}

TEST(Cpu, describes_the_machine) {
  EXPECT_EQ(cpu::brand_of("processor : 0\nmodel name\t: Some CPU @ 3 GHz\nflags : x\n"),
            "Some CPU @ 3 GHz");
  EXPECT_EQ(cpu::brand_of("processor : 0\n"), "");
  EXPECT_EQ(cpu::brand_of(""), "");
  const device::Capabilities capabilities = cpu::read_capabilities();
  EXPECT_GE(std::stoi(capabilities.details.at("cores")), 1);
  EXPECT_GT(std::stoll(capabilities.details.at("memory")), 1 << 20);
  const ScopedSetting scalar("isa", "scalar");
  EXPECT_EQ(cpu::read_capabilities().details.at("isa"), "scalar");
}

}  // namespace
}  // namespace tandem::backends
