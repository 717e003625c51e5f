// The fuzzer: evaluators against the reference, the text round trip, the verifier against corrupted
// kernels. Deterministic per seed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tandem/kernel/defects.h"
#include "tandem/kernel/fuzz/case.h"

namespace tandem::kernel::fuzz {

// Something that executes kernels: compiles and runs.
struct Evaluator {
  std::string name;
  std::function<void(const Kernel&, const device::LaunchArguments&)> run;
};

struct Failure {
  uint64_t seed = 0;
  std::string evaluator;  // or the check that failed: "round trip", "verifier"
  std::string what;       // the first difference, or the error
  Case fuzz_case;
  std::optional<Case> shrunk;

  std::string describe() const;
};

// Runs the case on the evaluator; empty where it agrees with the reference.
std::optional<std::string> disagreement(const Case& fuzz_case, const Evaluator& evaluator);

// The case of a seed on every evaluator, with the round trip through text and the verifier.
std::optional<Failure> fuzz_evaluators(uint64_t seed, const std::vector<Evaluator>& evaluators);

// Corruptions of the seed's kernel: each must be rejected by the verifier, or be well-formed,
// survive the round trip through text, and run on the reference and the evaluators without an
// error.
std::optional<Failure> fuzz_verifier(uint64_t seed, const std::vector<Evaluator>& evaluators);

// A smaller case for which `fails` still holds: fewer stores, nodes, buffers, smaller extents. At
// most `attempts` candidates are tried.
Case shrink(Case fuzz_case, const std::function<bool(const Case&)>& fails, int attempts = 2000);

// Plants the defect and fuzzes until a case fails that does not fail without it, or the time is
// over.
struct DefectResult {
  Defect defect = Defect::none;
  bool found = false;
  int cases = 0;
  double seconds = 0;
  std::string how;
};
DefectResult find_defect(Defect defect, const std::vector<Evaluator>& evaluators, uint64_t seed,
                         double seconds);

}  // namespace tandem::kernel::fuzz
