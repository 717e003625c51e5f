// Limits of memory for the length of a test, and what the counters of the memory steps gained.
#pragma once

#include "helpers.h"
#include "tandem/base/settings.h"

namespace tandem {

inline constexpr size_t kMiB = size_t{1} << 20;
inline constexpr size_t kUnit = kMiB;  // bytes of the arrays of these tests

// Limits a device to `bytes` more than it uses now.
class ScopedLimit {
 public:
  ScopedLimit(Device device, size_t bytes) : device_(device) {
    synchronize_all();
    clear_cache();
    reset_peak_memory();
    before_ = set_memory_limit(bytes + inspect::memory(device).active, device);
  }
  ~ScopedLimit() {
    set_memory_limit(before_, device_);
    synchronize_all();
    clear_cache();
  }

 private:
  Device device_;
  size_t before_;
};

class MemoryGain {
 public:
  MemoryGain() : before_(inspect::counters()) {}
  uint64_t operator()(uint64_t inspect::Counters::* counter) const {
    return inspect::counters().*counter - before_.*counter;
  }

 private:
  inspect::Counters before_;
};

// Leaves a decision out for the length of a scope.
class LeftOut {
 public:
  explicit LeftOut(engine::Decision decision) : decision_(decision) {
    engine::Engine::instance().leave_out(decision_, true);
  }
  ~LeftOut() { engine::Engine::instance().leave_out(decision_, false); }
  LeftOut(const LeftOut&) = delete;

 private:
  engine::Decision decision_;
};

// One megabyte of float32.
inline array unit_array(int seed) { return ramp({512, 512}, 0.25 * seed, 1.0 / (512 * 512)); }

// The same result without fusion, on one stream of the CPU.
template <class Build>
std::vector<std::byte> reference_bytes(Build&& build) {
  const ScopedSetting unfused("fusion", "off");
  return bytes(build(kCpu));
}

}  // namespace tandem
