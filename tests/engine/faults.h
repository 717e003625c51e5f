// Faults for the length of a scope: of the simulated GPU, and of memory pools.
#pragma once

#include <string>

#include "helpers.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/memory/fault.h"

namespace tandem {

inline backends::simulated::SimulatedControls& gpu_controls() {
  return backends::simulated::controls(*engine::Engine::instance().devices().get(kGpu).backend);
}

class ScopedGpuFaults {
 public:
  explicit ScopedGpuFaults(const std::string& spec) { gpu_controls().set_faults(spec); }
  ~ScopedGpuFaults() { gpu_controls().set_faults(""); }
};

class ScopedPoolFaults {
 public:
  explicit ScopedPoolFaults(device::Fault fault) { memory::PoolFaults::instance().arm(fault); }
  ~ScopedPoolFaults() { memory::PoolFaults::instance().disarm(); }
};

}  // namespace tandem
