#include "tandem/kernel/defects.h"

#include <atomic>

namespace tandem::kernel {

namespace {

struct DefectInfo {
  std::string_view name, text;
};

constexpr DefectInfo kDefects[] = {
    {"none", "nothing is planted"},
#define TANDEM_DEFECT(name, text) {#name, text},
#include "tandem/kernel/defects.def"
#undef TANDEM_DEFECT
};

std::atomic<Defect> current = Defect::none;

}  // namespace

bool planted(Defect defect) { return current.load(std::memory_order_relaxed) == defect; }
void plant(Defect defect) { current.store(defect, std::memory_order_relaxed); }
std::string_view name_of(Defect defect) { return kDefects[static_cast<int>(defect)].name; }
std::string_view describe(Defect defect) { return kDefects[static_cast<int>(defect)].text; }

}  // namespace tandem::kernel
