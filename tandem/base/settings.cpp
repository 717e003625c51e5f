#include "tandem/base/settings.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "tandem/base/check.h"
#include "tandem/base/log.h"

namespace tandem {
namespace {

constexpr std::string_view kPrefix = "TANDEM_";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string variable_of(std::string_view name) {
  std::string result(kPrefix);
  for (const unsigned char c : name) result += static_cast<char>(std::toupper(c));
  return result;
}

[[noreturn]] void reject(std::string_view variable, std::string_view text,
                         std::string_view expected) {
  raise<ArgumentError>("settings", "{} has a bad value: got \"{}\", expected {}", variable, text,
                       expected);
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> unit_of(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 9> kUnits = {{
      {"b", 1.0},
      {"kib", 0x1p10},
      {"mib", 0x1p20},
      {"gib", 0x1p30},
      {"tib", 0x1p40},
      {"kb", 1e3},
      {"mb", 1e6},
      {"gb", 1e9},
      {"tb", 1e12},
  }};
  if (text.empty()) return 1.0;
  for (const auto& [name, factor] : kUnits) {
    if (lower(text) == name) return factor;
  }
  return std::nullopt;
}

std::optional<int64_t> try_bytes(std::string_view text) {
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  size_t unit = digits;
  while (unit < text.size() && text[unit] == ' ') ++unit;
  const std::optional<double> factor = unit_of(text.substr(unit));
  if (!factor) return std::nullopt;
  if (*factor == 1.0) return parse_number<int64_t>(text.substr(0, digits));
  const std::optional<double> amount = parse_number<double>(text.substr(0, digits));
  if (!amount || *amount * *factor >= 0x1p63) return std::nullopt;
  return static_cast<int64_t>(*amount * *factor);
}

// The ends of "low..high"; an end left out is the limit of double.
struct Range {
  double low = std::numeric_limits<double>::lowest();
  double high = std::numeric_limits<double>::max();
};

Range range_of(std::string_view allowed) {
  Range range;
  const size_t dots = allowed.find("..");
  if (dots == allowed.npos) return range;
  const auto end_of = [](std::string_view text) {
    const std::optional<int64_t> bytes = try_bytes(text);
    return bytes ? std::optional<double>(static_cast<double>(*bytes)) : parse_number<double>(text);
  };
  range.low = end_of(allowed.substr(0, dots)).value_or(range.low);
  range.high = end_of(allowed.substr(dots + 2)).value_or(range.high);
  return range;
}

void check_range(std::string_view variable, std::string_view text, std::string_view allowed,
                 double value) {
  const Range range = range_of(allowed);
  if (value >= range.low && value <= range.high) return;
  reject(variable, text, fmt::format("a value in {}", allowed));
}

bool parse_flag(std::string_view variable, std::string_view text, std::string_view) {
  const std::string word = lower(text);
  if (word == "on" || word == "1" || word == "true" || word == "yes") return true;
  if (word == "off" || word == "0" || word == "false" || word == "no") return false;
  reject(variable, text, "on or off");
}

int64_t parse_count(std::string_view variable, std::string_view text, std::string_view allowed) {
  const std::optional<int64_t> value = parse_number<int64_t>(text);
  if (!value) reject(variable, text, "a whole number");
  check_range(variable, text, allowed, static_cast<double>(*value));
  return *value;
}

int64_t parse_size(std::string_view variable, std::string_view text, std::string_view allowed) {
  const int64_t value = parse_bytes(variable, text);
  check_range(variable, text, allowed, static_cast<double>(value));
  return value;
}

double parse_real(std::string_view variable, std::string_view text, std::string_view allowed) {
  const std::optional<double> value = parse_number<double>(text);
  if (!value || !std::isfinite(*value)) reject(variable, text, "a number");
  check_range(variable, text, allowed, *value);
  return *value;
}

std::string parse_text(std::string_view variable, std::string_view text, std::string_view allowed) {
  if (allowed.empty()) return std::string(text);
  const std::string word = lower(text);
  for (size_t start = 0; start <= allowed.size();) {
    const size_t end = std::min(allowed.find('|', start), allowed.size());
    if (allowed.substr(start, end - start) == word) return word;
    start = end + 1;
  }
  reject(variable, text, fmt::format("one of {}", allowed));
}

void assign(Settings& target, std::string_view variable, std::string_view text) {
  constexpr auto Flag = parse_flag;
  constexpr auto Count = parse_count;
  constexpr auto Bytes = parse_size;
  constexpr auto Number = parse_real;
  constexpr auto Text = parse_text;
#define TANDEM_SETTING(name, kind, initial, allowed, doc) \
  if (variable == variable_of(#name)) {                   \
    target.name = kind(variable, text, allowed);          \
    return;                                               \
  }
#include "tandem/base/settings.def"
#undef TANDEM_SETTING
  raise<ArgumentError>("settings", "unknown setting: got {}, expected one of docs/settings.md",
                       variable);
}

bool is_known(std::string_view variable) {
  const auto& table = setting_table();
  return std::any_of(table.begin(), table.end(),
                     [&](const SettingInfo& row) { return row.variable == variable; });
}

// The TANDEM_* variables of the environment: those of the table, and the rest.
struct Environment {
  std::vector<SettingText> known;
  std::vector<std::string> unknown;
};

Environment read_environment() {
  Environment result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == text.npos) continue;
    const std::string_view variable = text.substr(0, equals);
    if (is_known(variable)) {
      result.known.emplace_back(variable, text.substr(equals + 1));
    } else {
      result.unknown.emplace_back(variable);
    }
  }
  return result;
}

std::atomic<const Settings*> current{nullptr};
std::atomic<uint64_t> epoch{0};

// Settings that were in force are never freed, only kept: readers hold plain references.
void keep(const Settings* made) {
  static std::mutex mutex;
  static auto* kept = new std::vector<const Settings*>;
  const std::lock_guard lock(mutex);
  kept->push_back(made);
}

void put_in_force(const Settings* next) {
  static std::mutex mutex;
  static auto* const all = new std::vector<const Settings*>;  // so that leak checkers find them
  {
    const std::lock_guard lock(mutex);
    all->push_back(next);
  }
  current.store(next, std::memory_order_release);
  epoch.fetch_add(1, std::memory_order_relaxed);
}

const Settings& load_from_environment() {
  static std::mutex mutex;
  Environment environment;
  {
    const std::lock_guard lock(mutex);
    if (const Settings* ready = current.load(std::memory_order_acquire)) return *ready;
    environment = read_environment();
    current.store(new Settings(parse_settings(environment.known)), std::memory_order_release);
  }
  for (const std::string& variable : environment.unknown) {
    log_warning("{} is not a setting and has no effect; docs/settings.md lists them", variable);
  }
  return *current.load(std::memory_order_acquire);
}

}  // namespace

const Settings& settings() {
  const Settings* ready = current.load(std::memory_order_acquire);
  return ready != nullptr ? *ready : load_from_environment();
}

uint64_t settings_epoch() { return epoch.load(std::memory_order_relaxed); }

const std::vector<SettingInfo>& setting_table() {
  static const auto* names = new std::vector<std::string>{
#define TANDEM_SETTING(name, kind, initial, allowed, doc) variable_of(#name),
#include "tandem/base/settings.def"
#undef TANDEM_SETTING
  };
  static const auto* table = [] {
    auto* rows = new std::vector<SettingInfo>{
#define TANDEM_SETTING(name, kind, initial, allowed, doc) {#name, {}, #kind, allowed, doc},
#include "tandem/base/settings.def"
#undef TANDEM_SETTING
    };
    for (size_t i = 0; i < rows->size(); ++i) (*rows)[i].variable = (*names)[i];
    return rows;
  }();
  return *table;
}

Settings parse_settings(const std::vector<SettingText>& variables) {
  Settings result;
  for (const auto& [variable, text] : variables) assign(result, variable, text);
  return result;
}

int64_t parse_bytes(std::string_view what, std::string_view text) {
  const std::optional<int64_t> value = try_bytes(text);
  if (!value) reject(what, text, "a number of bytes such as 4096, 512MiB or 4GiB");
  return *value;
}

ScopedSetting::ScopedSetting(std::string_view name, std::string_view text)
    : previous_(&settings()) {
  auto next = std::make_unique<Settings>(*previous_);
  assign(*next, variable_of(name), text);
  keep(next.get());
  put_in_force(next.release());
}

ScopedSetting::~ScopedSetting() { put_in_force(previous_); }

}  // namespace tandem
