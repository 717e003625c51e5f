#include "tandem/base/log.h"

#include <array>
#include <cstdio>
#include <mutex>
#include <set>
#include <string>

#include "tandem/base/settings.h"

namespace tandem {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"off", "error", "warning", "info",
                                                         "debug"};

// Never destroyed: messages may come from threads that outlive static destruction.
struct Log {
  std::recursive_mutex mutex;  // recursive: a sink may itself log
  LogSink sink;
  std::set<std::string, std::less<>> warned;
};

Log& log() {
  static auto* instance = new Log;
  return *instance;
}

void write_to_stderr(LogLevel level, std::string_view text) {
  const std::string line =
      fmt::format("tandem: {}: {}\n", kLevelNames[static_cast<size_t>(level)], text);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

LogSink set_log_sink(LogSink sink) {
  const std::lock_guard lock(log().mutex);
  return std::exchange(log().sink, std::move(sink));
}

bool log_enabled(LogLevel level) noexcept {
  try {
    const std::string& limit = settings().log;
    for (size_t i = 0; i < kLevelNames.size(); ++i) {
      if (kLevelNames[i] == limit) return level != LogLevel::off && static_cast<size_t>(level) <= i;
    }
  } catch (...) {
    // A setting does not parse: whoever asks for settings() is told; messages keep the default.
  }
  return level == LogLevel::error || level == LogLevel::warning;
}

void log_line(LogLevel level, std::string_view text) noexcept {
  try {
    const std::lock_guard lock(log().mutex);
    if (log().sink) {
      log().sink(level, text);
    } else {
      write_to_stderr(level, text);
    }
  } catch (...) {
    // Nothing is left to tell it with.
  }
}

void warn_once(std::string_view key, std::string_view text) noexcept {
  if (!log_enabled(LogLevel::warning)) return;
  try {
    const std::lock_guard lock(log().mutex);
    if (!log().warned.emplace(key).second) return;
    log_line(LogLevel::warning, text);
  } catch (...) {
    // Out of memory for the key: the warning is lost.
  }
}

}  // namespace tandem
