#include "tandem/memory/limit.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tandem/base/settings.h"

namespace tandem::memory {
namespace {

namespace fs = std::filesystem;

class LimitTest : public testing::Test {
 protected:
  LimitTest() {
    std::string name = (fs::temp_directory_path() / "tandem_limit_XXXXXX").string();
    root_ = mkdtemp(name.data());
    paths_ = {(root_ / "proc").string(), (root_ / "cgroup").string()};
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1 kB\n");
  }
  ~LimitTest() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  fs::path root_;
  SystemPaths paths_;
};

constexpr size_t kGiB = size_t{1} << 30;

TEST_F(LimitTest, NoGroupLeavesNineTenthsOfRam) {
  EXPECT_EQ(total_ram(paths_), 16 * kGiB);
  EXPECT_EQ(cgroup_memory_limit(paths_), 0u);
  EXPECT_EQ(memory_limit(paths_), 16 * kGiB / 10 * 9);
}

TEST_F(LimitTest, VersionTwoTakesTheTightestGroupAbove) {
  write("proc/self/cgroup", "0::/a/b\n");
  write("cgroup/a/b/memory.max", "max\n");
  write("cgroup/a/memory.max", "4294967296\n");
  write("cgroup/memory.max", "8589934592\n");
  EXPECT_EQ(cgroup_memory_limit(paths_), 4 * kGiB);
  EXPECT_EQ(memory_limit(paths_), 4 * kGiB / 10 * 9);
}

TEST_F(LimitTest, ContainersSeeTheirGroupAtTheRoot) {
  write("proc/self/cgroup", "0::/outer/hidden\n");
  write("cgroup/memory.max", "1073741824\n");
  EXPECT_EQ(cgroup_memory_limit(paths_), kGiB);
}

TEST_F(LimitTest, VersionOneReadsItsMemoryController) {
  write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:hugetlb,memory:/x\n");
  write("cgroup/memory/x/memory.limit_in_bytes", "2147483648\n");
  write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(cgroup_memory_limit(paths_), 2 * kGiB);
}

TEST_F(LimitTest, RamIsTheLimitWhenTheGroupAllowsMore) {
  write("proc/self/cgroup", "0::/\n");
  write("cgroup/memory.max", "1099511627776\n");
  EXPECT_EQ(memory_limit(paths_), 16 * kGiB / 10 * 9);
}

TEST_F(LimitTest, TheSettingWins) {
  const ScopedSetting setting("memory_limit", "123MiB");
  EXPECT_EQ(memory_limit(paths_), size_t{123} << 20);
}

TEST_F(LimitTest, NothingKnownIsNoLimit) {
  fs::remove_all(root_ / "proc");
  EXPECT_EQ(memory_limit(paths_), 0u);
}

TEST(Limit, ThisMachineHasOne) { EXPECT_GT(memory_limit(), size_t{1} << 20); }

}  // namespace
}  // namespace tandem::memory
