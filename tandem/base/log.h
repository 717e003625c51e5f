// Messages to the user of a program: one line each to standard error, or to a sink put in its
// place. Any thread. Nothing here throws: a message that cannot be written is lost.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <utility>

namespace tandem {

enum class LogLevel { off, error, warning, info, debug };

// Receives each message that passes the level; called from any thread, one call at a time.
using LogSink = std::function<void(LogLevel level, std::string_view text)>;

// Puts `sink` in place, an empty one for standard error, and returns the one before.
LogSink set_log_sink(LogSink sink);

// Whether a message of `level` passes settings().log.
bool log_enabled(LogLevel level) noexcept;

// Writes text whatever the level; the functions below are the usual way in.
void log_line(LogLevel level, std::string_view text) noexcept;

template <class... Args>
void log_at(LogLevel level, fmt::format_string<Args...> text, Args&&... args) noexcept {
  if (!log_enabled(level)) return;
  try {
    log_line(level, fmt::format(text, std::forward<Args>(args)...));
  } catch (...) {
    log_line(level, "a message could not be formatted");
  }
}

template <class... Args>
void log_error(fmt::format_string<Args...> text, Args&&... args) noexcept {
  log_at(LogLevel::error, text, std::forward<Args>(args)...);
}

template <class... Args>
void log_warning(fmt::format_string<Args...> text, Args&&... args) noexcept {
  log_at(LogLevel::warning, text, std::forward<Args>(args)...);
}

template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) noexcept {
  log_at(LogLevel::info, text, std::forward<Args>(args)...);
}

template <class... Args>
void log_debug(fmt::format_string<Args...> text, Args&&... args) noexcept {
  log_at(LogLevel::debug, text, std::forward<Args>(args)...);
}

// A warning that is written once per process and key, however often it is raised.
void warn_once(std::string_view key, std::string_view text) noexcept;

}  // namespace tandem
