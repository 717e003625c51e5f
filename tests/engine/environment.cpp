// Settings of the whole test program, made before anything reads them: two simulated GPUs that take
// their work in the order that is worst for a program which misses a dependency. What the caller
// has set stays.
#include <gtest/gtest.h>

#include <cstdlib>

namespace tandem {
namespace {

class TwoHostileGpus : public testing::Environment {
 public:
  void SetUp() override {
    constexpr int kKeep = 0;
    setenv("TANDEM_GPU", "simulated", kKeep);
    setenv("TANDEM_GPU_COUNT", "2", kKeep);
    setenv("TANDEM_SCHEDULE", "adversarial", kKeep);
    setenv("TANDEM_VERIFY", "on", kKeep);
  }
};

[[maybe_unused]] const testing::Environment* const registered =
    testing::AddGlobalTestEnvironment(new TwoHostileGpus);

}  // namespace
}  // namespace tandem
