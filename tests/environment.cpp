// Settings of a whole test program, made before anything reads them: two simulated GPUs that take
// their work in the order that is worst for a program which misses a dependency. What the caller
// has set stays. TEST_DEVICE=gpu makes the GPU the default device.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "tandem/tandem.h"

namespace tandem {
namespace {

class TestSettings : public testing::Environment {
 public:
  void SetUp() override {
    constexpr int kKeep = 0;
    setenv("TANDEM_GPU", "simulated", kKeep);
    setenv("TANDEM_GPU_COUNT", "2", kKeep);
    setenv("TANDEM_SCHEDULE", "adversarial", kKeep);
    setenv("TANDEM_VERIFY", "on", kKeep);
    const char* device = std::getenv("TEST_DEVICE");
    if (device && std::string_view(device) == "gpu") set_default_device({DeviceType::gpu, 0});
  }
};

[[maybe_unused]] const testing::Environment* const registered =
    testing::AddGlobalTestEnvironment(new TestSettings);

}  // namespace
}  // namespace tandem
