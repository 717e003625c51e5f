#include "tests/backends/conformance.h"

#include "tandem/backends/simulated/simulated.h"

namespace tandem::backends {
namespace {

BackendUnderTest simulated_gpu(const char* name, bool adversarial) {
  const auto make_backend = [adversarial] {
    simulated::SimulatedOptions options;
    options.memory_bytes = size_t{64} << 20;
    options.machine = simulated::make_machine();
    options.verify = true;
    options.adversarial = adversarial;
    options.seed = 1;
    return simulated::make_simulated_backend(0, options);
  };
  return {name, make_backend, simulated::make_simulated_compiler};
}

INSTANTIATE_TEST_SUITE_P(SimulatedGpu, BackendConformance,
                         ::testing::Values(simulated_gpu("fifo", false),
                                           simulated_gpu("adversarial", true)));

}  // namespace
}  // namespace tandem::backends
