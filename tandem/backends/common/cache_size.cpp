#include "tandem/backends/common/cache_size.h"

#include <array>
#include <fstream>
#include <string>

#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

constexpr std::array<int64_t, 3> kUsual = {int64_t{32} << 10, int64_t{1} << 20, int64_t{32} << 20};

// The C library multiplies the last level by the number of its instances on some machines, so this
// asks the kernel. 0 if it does not say.
int64_t stated_bytes(int level) {
  for (int index = 0; index < 8; ++index) {
    const std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    int found = 0;
    std::string type;
    int64_t size = 0;
    std::string unit;
    std::ifstream(folder + "level") >> found;
    std::ifstream(folder + "type") >> type;
    std::ifstream(folder + "size") >> size >> unit;
    if (found != level || type == "Instruction") continue;
    return size * (unit == "K" ? int64_t{1} << 10 : unit == "M" ? int64_t{1} << 20 : 1);
  }
  return 0;
}

}  // namespace

int64_t cache_bytes(int level) {
  TANDEM_CHECK(level >= 1 && level <= 3, "no cache of level {}", level);
  static const std::array<int64_t, 3> sizes = [] {
    std::array<int64_t, 3> result = kUsual;
    for (int i = 0; i < 3; ++i) {
      const int64_t stated = stated_bytes(i + 1);
      if (stated > 0) result[static_cast<size_t>(i)] = stated;
    }
    return result;
  }();
  return sizes[static_cast<size_t>(level - 1)];
}

}  // namespace tandem::backends::common
