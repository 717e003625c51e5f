// Faults to inject, as settings().fault spells them: a list "kind:which" separated by commas.
//   kind   pool    an allocation from any pool fails
//          alloc   an allocation of simulated device memory fails
//          copy    a copy of a simulated device fails
//          launch  a launch of a simulated device fails
//          late    a done-word of a simulated device is written as late as may be
//   which  "3" the third, "3+" the third and all after it, "every" all
#pragma once

#include <cstdint>
#include <string_view>

namespace tandem::device {

enum class FaultKind : uint8_t { pool, alloc, copy, launch, late };
inline constexpr int kFaultKindCount = 5;

// Which occurrences of one kind fail; none by default. Occurrences count from 1.
struct Fault {
  uint64_t first = 0;
  bool onward = false;  // and all after the first
  bool hits(uint64_t occurrence) const {
    return first != 0 && (onward ? occurrence >= first : occurrence == first);
  }
  bool operator==(const Fault&) const = default;
};

// The fault of `kind` in `spec`; the last one wins. Raises ArgumentError for a text outside the
// grammar.
Fault fault_of(std::string_view spec, FaultKind kind);

}  // namespace tandem::device
