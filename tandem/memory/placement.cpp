#include "tandem/memory/placement.h"

#include <array>

namespace tandem::memory {

std::string_view name_of(AccessClass access) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "unknown", "cpu_dominant", "gpu_dominant", "balanced", "streaming"};
  return kNames[static_cast<size_t>(access)];
}

void Site::produced() {
  // The value that is new now belongs to the next window: nobody has read it.
  if (window_values_ == kWindow) end_window();
  ++window_values_;
  ++values_;
}

void Site::read(Device device, size_t bytes) {
  const auto type = static_cast<size_t>(device.type);
  ++window_reads_[type];
  ++reads_[type];
  bytes_[type] += bytes;
  if (device.type == DeviceType::gpu) gpu_ = device;
}

AccessClass Site::class_of_window() const {
  const uint32_t cpu = window_reads_[0], gpu = window_reads_[1], all = cpu + gpu;
  if (all == 0) return AccessClass::unknown;
  if (all <= window_values_) return AccessClass::streaming;
  if (4 * cpu >= 3 * all) return AccessClass::cpu_dominant;
  if (4 * gpu >= 3 * all) return AccessClass::gpu_dominant;
  return AccessClass::balanced;
}

void Site::end_window() {
  const AccessClass seen = class_of_window();
  window_values_ = window_reads_[0] = window_reads_[1] = 0;
  if (cool_down_ > 0) --cool_down_;
  if (seen == AccessClass::unknown) return;  // nothing was learnt
  agreed_ = seen == candidate_ ? agreed_ + 1 : 1;
  candidate_ = seen;
  if (seen == access_ || agreed_ < kConfirm || cool_down_ > 0) return;
  access_ = seen;
  cool_down_ = kCoolDown;
  ++changes_;
}

}  // namespace tandem::memory
