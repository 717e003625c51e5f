#include "tandem/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tandem/base/settings.h"

namespace tandem {
namespace {

using testing::ElementsAre;

// Collects what is logged while it lives.
class Recorder {
 public:
  Recorder()
      : previous_(
            set_log_sink([this](LogLevel, std::string_view text) { lines_.emplace_back(text); })) {}
  ~Recorder() { set_log_sink(previous_); }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
  LogSink previous_;
};

TEST(Log, LevelDecidesWhatPasses) {
  const Recorder recorder;
  const ScopedSetting level("log", "info");
  log_error("error {}", 1);
  log_warning("warning {}", 2);
  log_info("info {}", 3);
  log_debug("debug {}", 4);
  EXPECT_THAT(recorder.lines(), ElementsAre("error 1", "warning 2", "info 3"));
}

TEST(Log, OffSilencesEverything) {
  const Recorder recorder;
  const ScopedSetting level("log", "off");
  log_error("error");
  warn_once("log_test.off", "warning");
  EXPECT_TRUE(recorder.lines().empty());
}

TEST(Log, WarnOnceIsPerKey) {
  const Recorder recorder;
  const ScopedSetting level("log", "warning");
  for (int i = 0; i < 3; ++i) {
    warn_once("log_test.first", "first");
    warn_once("log_test.second", "second");
  }
  EXPECT_THAT(recorder.lines(), ElementsAre("first", "second"));
}

TEST(Log, StandardErrorLineHasLevelAndText) {
  const ScopedSetting level("log", "warning");
  testing::internal::CaptureStderr();
  log_warning("{} left", 3);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "tandem: warning: 3 left\n");
}

TEST(Log, AThrowingSinkLosesOnlyItsMessage) {
  const ScopedSetting level("log", "warning");
  LogSink previous = set_log_sink([](LogLevel, std::string_view) { throw 1; });
  log_warning("lost");
  set_log_sink(std::move(previous));
  const Recorder recorder;
  log_warning("kept");
  EXPECT_THAT(recorder.lines(), ElementsAre("kept"));
}

}  // namespace
}  // namespace tandem
