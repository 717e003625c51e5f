#include "tandem/base/settings.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

#include "tandem/base/error.h"

namespace tandem {
namespace {

std::string message_of(const std::vector<SettingText>& variables) {
  try {
    parse_settings(variables);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Settings, DefaultsAreThoseOfTheTable) {
  const Settings defaults = parse_settings({});
  EXPECT_EQ(defaults.gpu, "auto");
  EXPECT_EQ(defaults.gpu_memory, int64_t{4} << 30);
  EXPECT_EQ(defaults.gpu_bandwidth, 16e9);
  EXPECT_EQ(defaults.threads, 0);
  EXPECT_TRUE(defaults.fusion);
  EXPECT_FALSE(defaults.verify);
  EXPECT_EQ(defaults.log, "warning");
}

TEST(Settings, EveryKindParses) {
  const Settings set = parse_settings({{"TANDEM_GPU", "Simulated"},
                                       {"TANDEM_GPU_MEMORY", "512MiB"},
                                       {"TANDEM_GPU_BANDWIDTH", "2.5e9"},
                                       {"TANDEM_THREADS", "3"},
                                       {"TANDEM_FUSION", "off"},
                                       {"TANDEM_FAULT", "Any Text"}});
  EXPECT_EQ(set.gpu, "simulated");
  EXPECT_EQ(set.gpu_memory, int64_t{512} << 20);
  EXPECT_EQ(set.gpu_bandwidth, 2.5e9);
  EXPECT_EQ(set.threads, 3);
  EXPECT_FALSE(set.fusion);
  EXPECT_EQ(set.fault, "Any Text");
}

TEST(Settings, FlagsHaveFourSpellings) {
  for (const char* word : {"on", "1", "true", "YES"}) {
    EXPECT_TRUE(parse_settings({{"TANDEM_VERIFY", word}}).verify) << word;
  }
  for (const char* word : {"off", "0", "False", "no"}) {
    EXPECT_FALSE(parse_settings({{"TANDEM_FUSION", word}}).fusion) << word;
  }
}

TEST(Settings, BadValuesNameVariableValueAndExpectation) {
  EXPECT_EQ(message_of({{"TANDEM_FUSION", "maybe"}}),
            "[settings] TANDEM_FUSION has a bad value: got \"maybe\", expected on or off");
  EXPECT_EQ(message_of({{"TANDEM_GPU", "metal"}}),
            "[settings] TANDEM_GPU has a bad value: got \"metal\", "
            "expected one of auto|none|simulated");
  EXPECT_EQ(message_of({{"TANDEM_THREADS", "2.5"}}),
            "[settings] TANDEM_THREADS has a bad value: got \"2.5\", expected a whole number");
  EXPECT_EQ(message_of({{"TANDEM_THREADS", "-1"}}),
            "[settings] TANDEM_THREADS has a bad value: got \"-1\", expected a value in 0..4096");
  EXPECT_EQ(message_of({{"TANDEM_GPU_MEMORY", "1KiB"}}),
            "[settings] TANDEM_GPU_MEMORY has a bad value: got \"1KiB\", "
            "expected a value in 1MiB..");
  EXPECT_EQ(message_of({{"TANDEM_GPU_BANDWIDTH", "inf"}}),
            "[settings] TANDEM_GPU_BANDWIDTH has a bad value: got \"inf\", expected a number");
  EXPECT_EQ(message_of({{"TANDEM_FUSIN", "on"}}),
            "[settings] unknown setting: got TANDEM_FUSIN, expected one of docs/settings.md");
}

TEST(Settings, BytesTakeUnits) {
  EXPECT_EQ(parse_bytes("size", "4096"), 4096);
  EXPECT_EQ(parse_bytes("size", "4096 B"), 4096);
  EXPECT_EQ(parse_bytes("size", "4 GiB"), int64_t{4} << 30);
  EXPECT_EQ(parse_bytes("size", "1.5kib"), 1536);
  EXPECT_EQ(parse_bytes("size", "2GB"), 2'000'000'000);
  EXPECT_EQ(parse_bytes("size", "9223372036854775807"), INT64_MAX);
  for (const char* text : {"", "GiB", "-1", "4 GiBs", "1.5", "1e3", "9000000TiB", "0x10"}) {
    EXPECT_THROW(parse_bytes("size", text), ArgumentError) << text;
  }
}

TEST(Settings, ScopesNestAndCountEpochs) {
  const bool fusion = settings().fusion;
  const uint64_t before = settings_epoch();
  {
    const ScopedSetting outer("fusion", fusion ? "off" : "on");
    EXPECT_EQ(settings().fusion, !fusion);
    {
      const ScopedSetting inner("threads", "7");
      EXPECT_EQ(settings().threads, 7);
      EXPECT_EQ(settings().fusion, !fusion);
    }
    EXPECT_NE(settings().threads, 7);
    EXPECT_GT(settings_epoch(), before);
  }
  EXPECT_EQ(settings().fusion, fusion);
  EXPECT_THROW(ScopedSetting("threads", "many"), ArgumentError);
  EXPECT_THROW(ScopedSetting("no_such", "1"), ArgumentError);
}

TEST(Settings, OtherThreadsReadWhileAScopeChanges) {
  const ScopedSetting outer("threads", "1");
  std::thread reader([] {
    for (int i = 0; i < 1000; ++i) {
      const int64_t threads = settings().threads;
      ASSERT_TRUE(threads == 1 || threads == 2 || threads == 3);
    }
  });
  for (int i = 0; i < 100; ++i) {
    const ScopedSetting inner("threads", i % 2 == 0 ? "2" : "3");
  }
  reader.join();
}

TEST(Settings, TableNamesEveryVariableOnce) {
  std::set<std::string_view> variables;
  for (const SettingInfo& row : setting_table()) {
    EXPECT_TRUE(row.variable.starts_with("TANDEM_")) << row.name;
    EXPECT_TRUE(variables.insert(row.variable).second) << row.variable;
    EXPECT_TRUE(row.doc.ends_with(".")) << row.name;
  }
  EXPECT_TRUE(variables.contains("TANDEM_HUGE_PAGES"));
}

}  // namespace
}  // namespace tandem
