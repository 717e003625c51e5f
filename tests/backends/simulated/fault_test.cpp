#include "tandem/device/fault.h"

#include "tests/backends/simulated/support.h"

namespace tandem::backends::simulated {
namespace {

using device::Fault;
using device::fault_of;
using device::FaultKind;

TEST(Fault, TheGrammar) {
  EXPECT_EQ(fault_of("", FaultKind::alloc), Fault{});
  EXPECT_EQ(fault_of("alloc:3", FaultKind::alloc), (Fault{3, false}));
  EXPECT_EQ(fault_of("alloc:3", FaultKind::copy), Fault{});
  EXPECT_EQ(fault_of("alloc:3,copy:2+,late:every", FaultKind::copy), (Fault{2, true}));
  EXPECT_EQ(fault_of("alloc:3,copy:2+,late:every", FaultKind::late), (Fault{1, true}));
  for (const char* bad : {"alloc", "alloc:", "alloc:0", "alloc:x", "alloc:-1", "disk:1", "copy:1,,",
                          "copy:1 ", "every"}) {
    EXPECT_THROW(fault_of(bad, FaultKind::alloc), ArgumentError) << bad;
  }
}

TEST(Fault, HitsTheNamedOccurrences) {
  EXPECT_FALSE(Fault{}.hits(1));
  const Fault third{3, false};
  EXPECT_FALSE(third.hits(2));
  EXPECT_TRUE(third.hits(3));
  EXPECT_FALSE(third.hits(4));
  const Fault onward{3, true};
  EXPECT_FALSE(onward.hits(2));
  EXPECT_TRUE(onward.hits(4));
}

TEST(SimulatedFault, AllocationsFail) {
  SimulatedOptions options = small_gpu();
  options.fault = "alloc:2";
  Rig rig(options);
  EXPECT_NE(rig.gpu().allocate(100), nullptr);
  EXPECT_EQ(rig.gpu().allocate(100), nullptr);
  EXPECT_NE(rig.gpu().allocate(100), nullptr);
  EXPECT_EQ(rig.control().counters().faults, 1u);
}

TEST(SimulatedFault, CopiesFailLateAndTheRestGoesOn) {
  Rig rig;
  rig.control().set_faults("copy:2");
  float* const a = rig.floats(64);
  std::vector<float> host(64, 5.0f);
  rig.to_device(1, a, host);
  const Point first = rig.finish(1);
  const std::vector<float> other(64, 6.0f);
  rig.to_device(1, a, other);
  const Point second = rig.finish(1);
  rig.to_host(1, host, a);
  const Point third = rig.finish(1);
  for (const Point point : {first, second, third}) rig.await(point);
  const auto failures = rig.failures(1);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].first, 2u) << "the piece of work that holds the copy";
  EXPECT_THAT(failures[0].second, testing::HasSubstr("[simulated gpu] injected failure: copy 2"));
  EXPECT_EQ(host[0], 5) << "the failed copy moved nothing";
}

TEST(SimulatedFault, LaunchesFail) {
  Rig rig;
  rig.control().set_faults("launch:every");
  float* const a = rig.floats(64);
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  rig.increment(1, a, rig.floats(64), 64, "doomed");
  rig.increment(1, a, rig.floats(64), 64, "doomed");
  rig.finish_and_await(1);
  ASSERT_EQ(rig.failures(1).size(), 1u) << "a piece of work fails once";
  EXPECT_THAT(rig.failure(1), testing::HasSubstr("launch 1 (doomed) on Device(gpu, 0)"));
  EXPECT_EQ(rig.control().counters().faults, 2u);
}

TEST(SimulatedFault, ExceptionsOfKernelsReachTheQueue) {
  Rig rig;
  const SimulatedExecutable executable(
      Program{[](const device::LaunchArguments&) { throw DeviceError("[kernel] broken"); },
              {},
              nullptr,
              false,
              nullptr});
  rig.gpu().launch(rig.queue(1), executable, {{}, {}, {}, ""});
  rig.finish_and_await(1);
  EXPECT_EQ(rig.failure(1), "[kernel] broken");
}

// With every done-word late, a word is written only when nothing else can go on.
TEST(SimulatedFault, LateWordsComeAfterEverythingElse) {
  SimulatedOptions options = small_gpu();
  options.fault = "late:every";
  Rig rig(options);
  float* const a = rig.floats(64);
  rig.control().record_steps();
  rig.control().pause();
  rig.gpu().fill(rig.queue(1), a, 64, 0);
  const Point one = rig.finish(1);
  rig.gpu().fill(rig.queue(2), a + 32, 64, 0);
  rig.gpu().fill(rig.queue(2), a + 32, 64, 1);
  const Point two = rig.finish(2);
  rig.gpu().wait(rig.queue(3), one);
  rig.gpu().fill(rig.queue(3), a, 64, 2);
  const Point three = rig.finish(3);
  rig.control().resume();
  for (const Point point : {one, two, three}) rig.await(point);
  EXPECT_EQ(rig.control().counters().faults, 3u);
  const auto steps = rig.control().steps();
  ASSERT_EQ(steps.size(), 7u);
  for (size_t i = 0; i < 3; ++i) EXPECT_THAT(steps[i], testing::HasSubstr("fill"));
  EXPECT_THAT(steps[3], testing::HasSubstr("finish"));
}

}  // namespace
}  // namespace tandem::backends::simulated
