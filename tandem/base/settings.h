// The TANDEM_* environment variables of settings.def as one plain struct, read once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

namespace setting_kind {
using Flag = bool;
using Count = int64_t;
using Bytes = int64_t;
using Number = double;
using Text = std::string;
}  // namespace setting_kind

struct Settings {
#define TANDEM_SETTING(name, kind, initial, allowed, doc) setting_kind::kind name = initial;
#include "tandem/base/settings.def"
#undef TANDEM_SETTING
};

// The settings in force. The first call reads the environment and raises ArgumentError for a value
// that does not parse. Any thread; the reference stays valid for the life of the process.
const Settings& settings();

// Counts the changes of settings() since the start, so that caches can depend on them.
uint64_t settings_epoch();

// One setting as documentation and reports show it.
struct SettingInfo {
  std::string_view name;
  std::string_view variable;
  std::string_view kind;
  std::string_view allowed;
  std::string_view doc;
};
const std::vector<SettingInfo>& setting_table();

// The settings that `variables`, pairs of variable and text, make of the defaults. Raises
// ArgumentError for an unknown variable or a bad value.
using SettingText = std::pair<std::string, std::string>;
Settings parse_settings(const std::vector<SettingText>& variables);

// Number of bytes in "4096", "512MiB", "4 GiB" or "2GB"; raises ArgumentError naming `what`.
int64_t parse_bytes(std::string_view what, std::string_view text);

// Replaces one setting, by name and text as in the environment, until the end of the scope; for
// tests. Scopes nest on one thread; other threads see the change and never a half-made one.
class ScopedSetting {
 public:
  ScopedSetting(std::string_view name, std::string_view text);
  ~ScopedSetting();
  ScopedSetting(const ScopedSetting&) = delete;
  ScopedSetting& operator=(const ScopedSetting&) = delete;

 private:
  const Settings* previous_;
};

}  // namespace tandem
