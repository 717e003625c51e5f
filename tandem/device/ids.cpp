#include "tandem/device/ids.h"

#include <fmt/format.h>

namespace tandem {

std::string to_string(Device device) {
  return fmt::format("Device({}, {})", device.type == DeviceType::cpu ? "cpu" : "gpu",
                     device.index);
}

std::string to_string(const Stream& stream) {
  return fmt::format("Stream({}, {})", to_string(stream.device), stream.index);
}

}  // namespace tandem
