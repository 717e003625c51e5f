#include "tandem/memory/fault.h"

namespace tandem::memory {

PoolFaults& PoolFaults::instance() {
  static PoolFaults* faults = new PoolFaults;  // pools may outlive static objects
  return *faults;
}

void PoolFaults::arm(device::Fault fault) {
  armed_.store(false, std::memory_order_relaxed);
  seen_.store(0, std::memory_order_relaxed);
  first_.store(fault.first, std::memory_order_relaxed);
  onward_.store(fault.onward, std::memory_order_relaxed);
  armed_.store(true, std::memory_order_release);
}

void PoolFaults::disarm() { armed_.store(false, std::memory_order_relaxed); }

bool PoolFaults::next_fails() {
  const device::Fault fault{first_.load(std::memory_order_relaxed),
                            onward_.load(std::memory_order_relaxed)};
  return fault.hits(seen_.fetch_add(1, std::memory_order_relaxed) + 1);
}

}  // namespace tandem::memory
