// A test-only hook: which defect, if any, is planted in the evaluators. Executables and verifiers
// ask while they compile or verify, never while they run, so production paths pay nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace tandem::kernel {

enum class Defect : uint8_t {
  none,
#define TANDEM_DEFECT(name, text) name,
#include "tandem/kernel/defects.def"
#undef TANDEM_DEFECT
};
#define TANDEM_DEFECT(name, text) +1
inline constexpr int kDefectCount = 0
#include "tandem/kernel/defects.def"
    ;
#undef TANDEM_DEFECT

bool planted(Defect defect);

// Process-wide; `none` removes it. Only for the fuzzer and its tests.
void plant(Defect defect);

std::string_view name_of(Defect defect);
std::string_view describe(Defect defect);

}  // namespace tandem::kernel
