// Placement: how the values that one place of a program makes are used, and the class that follows.
// A site is an output of a plan; its values are short-lived, the site sees all of them. Guarded by
// the engine's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tandem/base/ref.h"
#include "tandem/device/ids.h"

namespace tandem::memory {

enum class AccessClass : uint8_t {
  unknown,
  cpu_dominant,  // values are read several times, three in four by the CPU
  gpu_dominant,  // or by a GPU
  balanced,
  streaming,  // values are read once at most
};
std::string_view name_of(AccessClass access);

class Site : public RefCounted<Site> {
 public:
  // Values per window; windows that must agree before the class changes; windows after a change
  // without another.
  static constexpr uint32_t kWindow = 8, kConfirm = 2, kCoolDown = 4;

  explicit Site(std::string label) : label_(std::move(label)) {}

  // What makes the values, for people.
  const std::string& label() const { return label_; }

  // A value was made. Ends a window with every kWindow-th.
  void produced();
  // One of its values was read on `device`.
  void read(Device device, size_t bytes);

  AccessClass access() const { return access_; }
  // The GPU that read last, for pushes.
  Device gpu() const { return gpu_; }
  uint64_t values() const { return values_; }
  uint64_t reads(DeviceType type) const { return reads_[static_cast<size_t>(type)]; }
  uint64_t bytes_read(DeviceType type) const { return bytes_[static_cast<size_t>(type)]; }
  uint64_t changes() const { return changes_; }

 private:
  AccessClass class_of_window() const;
  void end_window();

  std::string label_;
  AccessClass access_ = AccessClass::unknown, candidate_ = AccessClass::unknown;
  uint32_t agreed_ = 0, cool_down_ = 0;
  uint32_t window_values_ = 0, window_reads_[2] = {0, 0};
  uint64_t values_ = 0, reads_[2] = {0, 0}, bytes_[2] = {0, 0}, changes_ = 0;
  Device gpu_{DeviceType::gpu, 0};
};

}  // namespace tandem::memory
