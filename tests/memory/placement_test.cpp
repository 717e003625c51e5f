// Classes of sites from synthetic patterns of access.
#include "tandem/memory/placement.h"

#include <gtest/gtest.h>

namespace tandem::memory {
namespace {

constexpr Device kCpu{DeviceType::cpu, 0};
constexpr Device kGpu{DeviceType::gpu, 1};

// `windows` windows of values, each read so often on each device.
void use(Site& site, int windows, int cpu_reads, int gpu_reads) {
  for (uint32_t i = 0; i < Site::kWindow * static_cast<uint32_t>(windows); ++i) {
    site.produced();
    for (int r = 0; r < cpu_reads; ++r) site.read(kCpu, 100);
    for (int r = 0; r < gpu_reads; ++r) site.read(kGpu, 100);
  }
}

struct Pattern {
  int cpu_reads, gpu_reads;
  AccessClass expected;
};

TEST(Site, EachPatternHasItsClass) {
  for (const Pattern& pattern :
       {Pattern{4, 0, AccessClass::cpu_dominant}, Pattern{3, 1, AccessClass::cpu_dominant},
        Pattern{0, 2, AccessClass::gpu_dominant}, Pattern{1, 5, AccessClass::gpu_dominant},
        Pattern{2, 2, AccessClass::balanced}, Pattern{0, 1, AccessClass::streaming},
        Pattern{1, 0, AccessClass::streaming}, Pattern{0, 0, AccessClass::unknown}}) {
    Site site("add");
    use(site, 4, pattern.cpu_reads, pattern.gpu_reads);
    EXPECT_EQ(site.access(), pattern.expected)
        << pattern.cpu_reads << " on the CPU, " << pattern.gpu_reads << " on the GPU";
  }
}

TEST(Site, OneWindowDecidesNothing) {
  Site site("add");
  use(site, 1, 0, 3);
  site.produced();
  EXPECT_EQ(site.access(), AccessClass::unknown);
  use(site, 2, 0, 3);
  EXPECT_EQ(site.access(), AccessClass::gpu_dominant);
  EXPECT_EQ(site.gpu(), kGpu);
}

TEST(Site, APatternThatAlternatesDoesNotFlipTheClass) {
  Site site("add");
  use(site, 3, 0, 3);
  ASSERT_EQ(site.access(), AccessClass::gpu_dominant);
  for (int i = 0; i < 10; ++i) {
    use(site, 1, 3, 0);
    use(site, 1, 0, 3);
  }
  EXPECT_EQ(site.access(), AccessClass::gpu_dominant);
  EXPECT_EQ(site.changes(), 1u);
}

TEST(Site, AChangeIsFollowedByACoolDown) {
  Site site("add");
  use(site, 3, 0, 3);
  ASSERT_EQ(site.access(), AccessClass::gpu_dominant);
  use(site, 3, 3, 0);
  EXPECT_EQ(site.access(), AccessClass::gpu_dominant) << "two windows agree, but too soon";
  use(site, 3, 3, 0);
  EXPECT_EQ(site.access(), AccessClass::cpu_dominant);
  EXPECT_EQ(site.changes(), 2u);
}

TEST(Site, CountsWhatWasRead) {
  Site site("add");
  use(site, 1, 2, 1);
  EXPECT_EQ(site.label(), "add");
  EXPECT_EQ(site.values(), Site::kWindow);
  EXPECT_EQ(site.reads(DeviceType::cpu), 2 * Site::kWindow);
  EXPECT_EQ(site.bytes_read(DeviceType::gpu), 100u * Site::kWindow);
  EXPECT_EQ(name_of(AccessClass::streaming), "streaming");
}

}  // namespace
}  // namespace tandem::memory
