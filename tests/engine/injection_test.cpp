// Faults at every place of random programs over CPU and GPU streams: each allocation, copy and
// launch fails in turn. What fails is raised, what can be tried again is right, nothing hangs and
// nothing else is touched.
#include "faults.h"
#include "random_program.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

constexpr ProgramOptions kProgram{.steps = 14, .products = true, .arithmetic = true};

Outcome reference(uint64_t seed) {
  const ScopedSetting fusion("fusion", "off");
  return run_program(seed, kProgram, {});
}

class Injection : public testing::Test {
 protected:
  RunOptions how(uint64_t seed) const { return {.streams = streams_, .drop = true, .seed = seed}; }

  // Programs of consecutive seeds, each with the first, second... occurrence failing until none is
  // left to fail. `run` says whether it failed.
  template <class Run>
  int each_in_turn(uint64_t first_seed, int programs, Run&& run) {
    int failures = 0;
    for (uint64_t seed = first_seed; seed < first_seed + static_cast<uint64_t>(programs); ++seed) {
      const Outcome expected = reference(seed);
      for (uint64_t n = 1;; ++n) {
        SCOPED_TRACE(fmt::format("seed {}, occurrence {}", seed, n));
        if (!run(seed, n, expected)) break;
        ++failures;
      }
    }
    return failures;
  }

  // A run with the n-th event of the GPU failing raises DeviceError; a run after it is right.
  bool gpu_fault(const char* kind, uint64_t seed, uint64_t n, const Outcome& expected) {
    bool failed = false;
    try {
      const ScopedGpuFaults faults(fmt::format("{}:{}", kind, n));
      EXPECT_EQ(difference(expected, run_program(seed, kProgram, how(seed))), "");
    } catch (const Error& error) {
      failed = true;
      EXPECT_NE(std::string(error.what()).find("injected"), std::string::npos) << error.what();
    }
    EXPECT_EQ(difference(expected, run_program(seed, kProgram, how(seed))), "") << "afterwards";
    return failed;
  }

  std::vector<Stream> streams_{new_stream(kCpu), default_stream(kGpu), new_stream(kGpu)};
};

TEST_F(Injection, every_allocation_fails_once_and_the_retry_is_right) {
  const int failures =
      each_in_turn(70000, 40, [&](uint64_t seed, uint64_t n, const Outcome& expected) {
        bool failed = false;
        RunOptions options = how(seed);
        options.evaluate = [&](std::span<const array> roots) {
          try {
            const ScopedPoolFaults faults({n, true});
            eval(roots);
          } catch (const OutOfMemory&) {
            failed = true;
          }
          eval(roots);
        };
        EXPECT_EQ(difference(expected, run_program(seed, kProgram, options)), "");
        return failed;
      });
  EXPECT_GE(failures, 200);
}

TEST_F(Injection, every_copy_fails_once_and_the_next_run_is_right) {
  EXPECT_GE(each_in_turn(71000, 40,
                         [&](uint64_t seed, uint64_t n, const Outcome& expected) {
                           return gpu_fault("copy", seed, n, expected);
                         }),
            100);
}

TEST_F(Injection, every_launch_fails_once_and_the_next_run_is_right) {
  EXPECT_GE(each_in_turn(72000, 40,
                         [&](uint64_t seed, uint64_t n, const Outcome& expected) {
                           return gpu_fault("launch", seed, n, expected);
                         }),
            100);
}

}  // namespace
}  // namespace tandem
