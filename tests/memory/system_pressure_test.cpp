#include "tandem/memory/system_pressure.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace tandem::memory {
namespace {

namespace fs = std::filesystem;

class SystemPressureTest : public testing::Test {
 protected:
  SystemPressureTest() {
    std::string name = (fs::temp_directory_path() / "tandem_pressure_XXXXXX").string();
    root_ = mkdtemp(name.data());
    paths_ = {(root_ / "proc").string(), (root_ / "cgroup").string()};
  }
  ~SystemPressureTest() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  fs::path root_;
  SystemPaths paths_;
};

TEST_F(SystemPressureTest, NothingToReadIsNoPressure) {
  const SystemPressure pressure = read_system_pressure(paths_);
  EXPECT_EQ(pressure.some, 0);
  EXPECT_EQ(pressure.group_limit, 0u);
  EXPECT_EQ(level_of(pressure), PressureLevel::none);
}

TEST_F(SystemPressureTest, TheMachineTellsHowLongTasksWait) {
  write("proc/pressure/memory",
        "some avg10=12.50 avg60=1.00 avg300=0.10 total=1234\n"
        "full avg10=3.25 avg60=0.50 avg300=0.05 total=567\n");
  const SystemPressure pressure = read_system_pressure(paths_);
  EXPECT_EQ(pressure.some, 12.5);
  EXPECT_EQ(pressure.full, 3.25);
  EXPECT_EQ(level_of(pressure), PressureLevel::high);
}

TEST_F(SystemPressureTest, TheGroupKnowsBetter) {
  write("proc/pressure/memory", "some avg10=90.00 avg60=0 avg300=0 total=0\n");
  write("proc/self/cgroup", "0::/a/b\n");
  write("cgroup/a/b/memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  EXPECT_EQ(read_system_pressure(paths_).some, 0);
  EXPECT_EQ(level_of(read_system_pressure(paths_)), PressureLevel::none);
}

TEST_F(SystemPressureTest, VersionTwoTellsItsUse) {
  write("proc/self/cgroup", "0::/a/b\n");
  write("cgroup/a/b/memory.max", "max\n");
  write("cgroup/a/memory.max", "1000000\n");
  write("cgroup/a/memory.current", "910000\n");
  SystemPressure pressure = read_system_pressure(paths_);
  EXPECT_EQ(pressure.group_limit, 1000000u);
  EXPECT_EQ(pressure.group_used, 910000u);
  EXPECT_EQ(level_of(pressure), PressureLevel::high);
  write("cgroup/a/memory.current", "980000\n");
  EXPECT_EQ(level_of(read_system_pressure(paths_)), PressureLevel::critical);
  write("cgroup/a/memory.current", "500000\n");
  EXPECT_EQ(level_of(read_system_pressure(paths_)), PressureLevel::none);
}

TEST_F(SystemPressureTest, IdlePagesOfFilesAreNoUse) {
  write("proc/self/cgroup", "0::/a\n");
  write("cgroup/a/memory.max", "1000000\n");
  write("cgroup/a/memory.current", "990000\n");
  write("cgroup/a/memory.stat", "anon 290000\nfile 700000\ninactive_file 650000\n");
  EXPECT_EQ(read_system_pressure(paths_).group_used, 340000u);
  EXPECT_EQ(level_of(read_system_pressure(paths_)), PressureLevel::none);
}

TEST_F(SystemPressureTest, VersionOneTellsItsUse) {
  write("proc/self/cgroup", "4:hugetlb,memory:/x\n");
  write("cgroup/memory/x/memory.limit_in_bytes", "1000000\n");
  write("cgroup/memory/x/memory.usage_in_bytes", "990000\n");
  write("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  const SystemPressure pressure = read_system_pressure(paths_);
  EXPECT_EQ(pressure.group_used, 990000u);
  EXPECT_EQ(level_of(pressure), PressureLevel::critical);
}

TEST_F(SystemPressureTest, TasksThatAllWaitAreCritical) {
  write("proc/pressure/memory",
        "some avg10=40.00 avg60=0 avg300=0 total=0\nfull avg10=20.00 avg60=0 avg300=0 total=0\n");
  EXPECT_EQ(level_of(read_system_pressure(paths_)), PressureLevel::critical);
}

}  // namespace
}  // namespace tandem::memory
