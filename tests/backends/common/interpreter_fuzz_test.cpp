// A bounded run of the fuzzer: random kernels on the interpreter, every instruction set and several
// thread counts, against the reference.
#include <gtest/gtest.h>

#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/settings.h"
#include "tandem/kernel/fuzz/fuzz.h"

namespace tandem::backends::common {
namespace {

kernel::fuzz::Evaluator interpreter(const char* isa, int threads) {
  return {std::string("interpreter ") + isa,
          [isa, threads](const kernel::Kernel& kernel, const device::LaunchArguments& launch) {
            const ScopedSetting setting("isa", isa);
            const ScopedThreadCount scope(threads);
            run_interpreted(*compile_interpreted(kernel), launch);
          }};
}

TEST(InterpreterFuzz, RandomKernelsHaveTheBitsOfTheReference) {
  const std::vector<kernel::fuzz::Evaluator> evaluators = {
      interpreter("avx2", 1), interpreter("avx512", 3), interpreter("auto", 7)};
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    const auto failure = kernel::fuzz::fuzz_evaluators(seed, evaluators);
    ASSERT_FALSE(failure.has_value()) << failure->describe();
  }
}

}  // namespace
}  // namespace tandem::backends::common
