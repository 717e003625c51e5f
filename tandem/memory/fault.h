// PoolFaults: makes chosen allocations from pools fail, so that tests can fail every one in turn.
// Counts over all pools of the process. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "tandem/device/fault.h"

namespace tandem::memory {

class PoolFaults {
 public:
  static PoolFaults& instance();

  // Counts allocations from zero again and fails those that `fault` names.
  void arm(device::Fault fault);
  // Stops counting and failing.
  void disarm();
  // Allocations since arm; those that failed included.
  uint64_t seen() const { return seen_.load(std::memory_order_relaxed); }

  // Called by pools: whether this allocation fails. One relaxed load when not armed.
  bool strikes() { return armed_.load(std::memory_order_relaxed) && next_fails(); }

 private:
  bool next_fails();

  std::atomic<bool> armed_{false};
  std::atomic<uint64_t> seen_{0};
  std::atomic<uint64_t> first_{0};
  std::atomic<bool> onward_{false};
};

}  // namespace tandem::memory
