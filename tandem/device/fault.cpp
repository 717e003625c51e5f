#include "tandem/device/fault.h"

#include <array>
#include <charconv>
#include <optional>

#include "tandem/base/check.h"

namespace tandem::device {
namespace {

constexpr std::array<std::string_view, kFaultKindCount> kNames = {"pool", "alloc", "copy", "launch",
                                                                  "late"};

std::optional<Fault> parse_which(std::string_view text) {
  if (text == "every") return Fault{1, true};
  Fault fault;
  if (!text.empty() && text.back() == '+') {
    fault.onward = true;
    text.remove_suffix(1);
  }
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), fault.first);
  if (code != std::errc{} || end != text.data() + text.size() || fault.first == 0) return {};
  return fault;
}

bool is_known(std::string_view name) {
  for (const std::string_view known : kNames) {
    if (known == name) return true;
  }
  return false;
}

}  // namespace

Fault fault_of(std::string_view spec, FaultKind kind) {
  Fault result;
  while (!spec.empty()) {
    const size_t comma = spec.find(',');
    const std::string_view item = spec.substr(0, comma);
    spec.remove_prefix(comma == spec.npos ? spec.size() : comma + 1);
    const size_t colon = item.find(':');
    const std::string_view name = item.substr(0, colon);
    const std::optional<Fault> fault =
        colon == item.npos ? std::nullopt : parse_which(item.substr(colon + 1));
    TANDEM_USER(fault && is_known(name), ArgumentError, "fault",
                "the fault does not parse: got \"{}\", expected pool, alloc, copy, launch or late, "
                "a colon and a number from 1, a number with +, or every",
                item);
    if (name == kNames[static_cast<size_t>(kind)]) result = *fault;
  }
  return result;
}

}  // namespace tandem::device
