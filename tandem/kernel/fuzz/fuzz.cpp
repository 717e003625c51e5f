#include "tandem/kernel/fuzz/fuzz.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>

#include "tandem/kernel/fuzz/generator.h"
#include "tandem/kernel/fuzz/mutate.h"
#include "tandem/kernel/reference/memory_access.h"
#include "tandem/kernel/reference/reference.h"
#include "tandem/kernel/signatures.h"
#include "tandem/kernel/text/printer.h"
#include "tandem/kernel/verify/verifier.h"
#include "tandem/kernel/verify/verify_launch.h"

namespace tandem::kernel::fuzz {

namespace {

std::optional<std::string> disagreement_with(const std::vector<Block>& expected,
                                             const Case& fuzz_case, const Evaluator& evaluator) {
  std::vector<Block> blocks = fuzz_case.blocks;
  try {
    evaluator.run(fuzz_case.kernel, Launch(fuzz_case, blocks).arguments());
  } catch (const std::exception& error) {
    return fmt::format("raised {}", error.what());
  }
  return first_difference(fuzz_case, expected, blocks);
}

std::optional<std::string> rejection(const Case& fuzz_case) {
  for (const std::string& message : verify(fuzz_case.kernel)) return message;
  std::vector<Block> blocks = fuzz_case.blocks;
  for (const std::string& message :
       verify_launch(fuzz_case.kernel, Launch(fuzz_case, blocks).arguments())) {
    return message;
  }
  return std::nullopt;
}

bool is_valid(const Case& fuzz_case) { return !rejection(fuzz_case).has_value(); }

bool survives_text(const Kernel& kernel) {
  try {
    return parse(print(kernel)) == kernel;
  } catch (const std::exception&) {
    return false;
  }
}

// What is stored to narrow dtypes is a value of them: shown on a run with wide outputs.
std::optional<std::string> unrounded_store(const Case& fuzz_case) {
  Case wide = fuzz_case;
  wide.kernel = widened(fuzz_case.kernel);
  if (wide.kernel == fuzz_case.kernel) return std::nullopt;
  for (size_t i = 0; i < wide.layouts.size(); ++i) {
    if (wide.kernel.buffers[i].dtype == fuzz_case.kernel.buffers[i].dtype) continue;
    BufferLayout& layout = wide.layouts[i];
    const Dtype narrow = fuzz_case.kernel.buffers[i].dtype;
    const auto scale = static_cast<int64_t>(4 / size_of(narrow));
    layout.offset *= scale;
    layout.margin *= static_cast<size_t>(scale);
    Block block(fuzz_case.blocks[layout.block].size() * static_cast<size_t>(scale), std::byte{0});
    layout.block = wide.blocks.size();
    wide.blocks.push_back(std::move(block));
  }
  for (size_t i = 0; const Block& block : expected_blocks(wide)) {
    const size_t number = i++;
    if (number < fuzz_case.blocks.size()) continue;
    for (size_t b = 0; b < wide.layouts.size(); ++b) {
      if (wide.layouts[b].block != number) continue;
      const Dtype narrow = fuzz_case.kernel.buffers[b].dtype;
      for (size_t at = 0; at + 4 <= block.size(); at += 4) {
        const uint64_t value = load_element(wide.kernel.buffers[b].dtype, &block[at]);
        std::byte stored[4];
        store_element(narrow, stored, value);
        const uint64_t back = load_element(narrow, stored);
        const bool nan = is_floating(narrow) && (value & 0x7fffffffu) > 0x7f800000u;
        if (back != value && !nan) {
          return fmt::format("{:#x} was stored to {} unrounded", value, name_of(narrow));
        }
      }
    }
  }
  return std::nullopt;
}

// Runs a corrupted kernel that the verifier accepted; what it computes need not be specified.
std::optional<std::string> fault_of(Random& random, const Kernel& kernel,
                                    const std::vector<Evaluator>& evaluators, Case& fuzz_case) {
  fuzz_case.kernel = kernel;
  if (const auto fault = find_fault(kernel)) return "accepted, but malformed: " + *fault;
  if (!survives_text(kernel)) return "accepted, but its text reads back as something else";
  fuzz_case = random_launch(random, {kernel, std::vector<int>(kernel.buffers.size(), -1)});
  try {
    (void)expected_blocks(fuzz_case);
    if (const auto unrounded = unrounded_store(fuzz_case)) return unrounded;
    for (const Evaluator& evaluator : evaluators) {
      std::vector<Block> blocks = fuzz_case.blocks;
      evaluator.run(kernel, Launch(fuzz_case, blocks).arguments());
    }
  } catch (const std::exception& error) {
    return fmt::format("accepted, but raised {}", error.what());
  }
  return std::nullopt;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

bool is_of_verifier(Defect defect) { return name_of(defect).starts_with("verify_"); }

}  // namespace

std::string Failure::describe() const {
  std::string text =
      fmt::format("seed {}: {}: {}\n{}", seed, evaluator, what, fuzz::describe(fuzz_case));
  if (shrunk) text += fmt::format("shrunk to\n{}", fuzz::describe(*shrunk));
  return text;
}

std::optional<std::string> disagreement(const Case& fuzz_case, const Evaluator& evaluator) {
  return disagreement_with(expected_blocks(fuzz_case), fuzz_case, evaluator);
}

std::optional<Failure> fuzz_evaluators(uint64_t seed, const std::vector<Evaluator>& evaluators) {
  const Case fuzz_case = random_case(seed);
  if (const auto message = rejection(fuzz_case)) {
    return Failure{seed, "verifier", *message, fuzz_case, std::nullopt};
  }
  if (const auto fault = find_fault(fuzz_case.kernel)) {
    return Failure{seed, "second opinion", *fault, fuzz_case, std::nullopt};
  }
  if (!survives_text(fuzz_case.kernel)) {
    return Failure{seed, "round trip", "the text reads back as something else", fuzz_case,
                   std::nullopt};
  }
  const std::vector<Block> expected = expected_blocks(fuzz_case);
  for (const Evaluator& evaluator : evaluators) {
    const auto what = disagreement_with(expected, fuzz_case, evaluator);
    if (!what) continue;
    const auto fails = [&](const Case& candidate) {
      return is_valid(candidate) && disagreement(candidate, evaluator).has_value();
    };
    return Failure{seed, evaluator.name, *what, fuzz_case, shrink(fuzz_case, fails)};
  }
  return std::nullopt;
}

std::optional<Failure> fuzz_verifier(uint64_t seed, const std::vector<Evaluator>& evaluators) {
  Random random(seed);
  const Kernel kernel = random_kernel(random).kernel;
  for (int i = 0; i < 32; ++i) {
    const Kernel mutant = mutate(random, kernel);
    if (!verify(mutant).empty()) {
      (void)print(mutant);  // the text of any kernel can be shown
      continue;
    }
    Case fuzz_case;
    if (const auto what = fault_of(random, mutant, evaluators, fuzz_case)) {
      return Failure{seed, "verifier", *what, fuzz_case, std::nullopt};
    }
  }
  return std::nullopt;
}

namespace {

// How the case of a seed shows the planted defect, if it does.
std::optional<std::string> symptom(Defect defect, const std::vector<Evaluator>& evaluators,
                                   uint64_t seed) {
  if (is_of_verifier(defect)) {
    const auto failure = fuzz_verifier(seed, {});
    return failure ? std::optional(failure->what) : std::nullopt;
  }
  const Case fuzz_case = random_case(seed);
  const std::vector<Block> expected = expected_blocks(fuzz_case);
  for (const Evaluator& evaluator : evaluators) {
    if (const auto what = disagreement_with(expected, fuzz_case, evaluator)) return what;
  }
  return std::nullopt;
}

}  // namespace

DefectResult find_defect(Defect defect, const std::vector<Evaluator>& evaluators, uint64_t seed,
                         double seconds) {
  DefectResult result;
  result.defect = defect;
  const auto begin = std::chrono::steady_clock::now();
  while (!result.found && seconds_since(begin) < seconds) {
    const uint64_t case_seed = seed + static_cast<uint64_t>(result.cases++);
    plant(defect);
    const auto what = symptom(defect, evaluators, case_seed);
    plant(Defect::none);
    // A case that fails without the defect as well shows nothing of it.
    if (!what || symptom(defect, evaluators, case_seed)) continue;
    result.found = true;
    result.how = *what;
  }
  result.seconds = seconds_since(begin);
  return result;
}

}  // namespace tandem::kernel::fuzz
