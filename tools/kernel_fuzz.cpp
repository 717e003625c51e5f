// kernel_fuzz SECONDS [--seed S] [--self-check]
//
// Random kernels on every evaluator against the scalar reference, to the bit; the text round trip;
// the verifier against corrupted kernels. Exit status 1 on the first failure, which is printed
// with its seed, the kernel, a shrunk kernel and the first element that differs.
//
// --self-check plants the defects of kernel/defects.def one at a time; status 0 if all are found.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_evaluators.h"
#include "tandem/base/settings.h"
#include "tandem/kernel/fuzz/fuzz.h"

namespace {

using namespace tandem::kernel;
using Clock = std::chrono::steady_clock;

struct Options {
  double seconds = 0;
  uint64_t seed = 1;
  bool self_check = false, valid = false;
};

Options parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--self-check") {
      options.self_check = true;
    } else if (word == "--seed" && i + 1 < argc) {
      options.seed = std::strtoull(argv[++i], nullptr, 0);
    } else {
      char* end = nullptr;
      options.seconds = std::strtod(argv[i], &end);
      options.valid = *end == '\0' && options.seconds > 0;
      if (!options.valid) return options;
    }
  }
  return options;
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// From `seed` on until the time is over; the first seed not tried, or none after a failure.
std::optional<uint64_t> fuzz_from(uint64_t seed, double seconds,
                                  const std::vector<fuzz::Evaluator>& evaluators) {
  const auto begin = Clock::now();
  for (; seconds_since(begin) < seconds; ++seed) {
    auto failure = fuzz::fuzz_evaluators(seed, evaluators);
    if (!failure) failure = fuzz::fuzz_verifier(seed, evaluators);
    if (failure) {
      fmt::print("{}", failure->describe());
      return std::nullopt;
    }
  }
  return seed;
}

// Half of the time with the instruction set of the settings, half with the narrowest vectors.
int fuzz_for(const Options& options, const std::vector<fuzz::Evaluator>& evaluators) {
  auto next = fuzz_from(options.seed, options.seconds / 2, evaluators);
  if (next) {
    const tandem::ScopedSetting narrow("isa", "avx2");
    next = fuzz_from(*next, options.seconds / 2, evaluators);
    if (!next) fmt::print("with TANDEM_ISA=avx2\n");
  }
  if (!next) return 1;
  const uint64_t count = *next - options.seed;
  fmt::print("{} kernels, {} corrupted ones, no failure (seeds {} to {})\n", count, 32 * count,
             options.seed, *next - 1);
  return 0;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, std::min<size_t>(text.find('\n'), 90)));
}

int self_check(const Options& options, std::vector<fuzz::Evaluator> evaluators) {
  const auto begin = Clock::now();
  evaluators.resize(1);
  int found = 0;
  fmt::print("{:<26} {:>6} {:>9}  {}\n", "planted defect", "cases", "seconds", "found by");
  for (int d = 1; d <= kDefectCount; ++d) {
    const double left = options.seconds - seconds_since(begin);
    const double share = left / (kDefectCount + 1 - d);
    // An easy defect leaves its time to the others.
    const auto result = fuzz::find_defect(static_cast<Defect>(d), evaluators, options.seed,
                                          std::max(3 * share, 0.5));
    found += result.found;
    fmt::print("{:<26} {:>6} {:>9.3f}  {}\n", name_of(result.defect), result.cases, result.seconds,
               result.found ? first_line(result.how)
                            : "NOT FOUND: " + std::string(describe(result.defect)));
  }
  fmt::print("{} of {} found in {:.1f} s\n", found, kDefectCount, seconds_since(begin));
  return found == kDefectCount ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  if (!options.valid) {
    fmt::print(stderr, "usage: kernel_fuzz SECONDS [--seed S] [--self-check]\n");
    return 2;
  }
  const std::vector<fuzz::Evaluator> evaluators = tandem::kernel_evaluators();
  return options.self_check ? self_check(options, evaluators) : fuzz_for(options, evaluators);
}
