// cuda_harness [--nvrtc LIBRARY] [--sections a,b,..] [--random COUNT] [--launches COUNT]
//              [--report FILE]
//
// Runs the corpus, random kernels, reductions of many shapes and whole ranges of inputs on the
// first GPU through the printed CUDA text and compares every bit with the scalar reference, all
// NaNs being equal; measures rates. Status 1 if anything differs. Needs the driver and NVRTC.
//
// Sections: corpus random reductions half_rows float_rows rates; only if named: leaves half_pairs.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "cuda_sections.h"

namespace {

using namespace tandem::tools;

struct Options {
  std::string nvrtc = "libnvrtc.so.13";
  std::string sections = "corpus,random,reductions,half_rows,float_rows,rates";
  std::string report;
  int64_t random_kernels = 1000;
  int launches = 4;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view word = argv[i];
    const char* value = argv[i + 1];
    if (word == "--nvrtc") options.nvrtc = value;
    if (word == "--sections") options.sections = value;
    if (word == "--report") options.report = value;
    if (word == "--random") options.random_kernels = std::atoll(value);
    if (word == "--launches") options.launches = std::atoi(value);
  }
  return options;
}

struct Part {
  const char* name;
  void (*run)(const HarnessContext& context, Section& section);
};
constexpr Part kParts[] = {{"corpus", compare_corpus},         {"random", compare_random},
                           {"reductions", compare_reductions}, {"half_rows", compare_half_rows},
                           {"float_rows", compare_float_rows}, {"leaves", compare_leaves},
                           {"half_pairs", compare_half_pairs}};

bool names(const Options& options, std::string_view name) {
  return ("," + options.sections + ",").find("," + std::string(name) + ",") != std::string::npos;
}

nlohmann::json run_part(const Part& part, const HarnessContext& context) {
  Section section(part.name);
  const auto begin = std::chrono::steady_clock::now();
  part.run(context, section);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  fmt::print("{:<12} {:>7} comparisons, {:>14} values, {:>5} different, {:.1f} s\n", section.name,
             section.kernels.load(), section.values.load(), section.failures.size(), seconds);
  for (size_t i = 0; i < std::min<size_t>(section.failures.size(), 6); ++i) {
    fmt::print("  {}\n", section.failures[i].substr(0, 1500));
  }
  std::fflush(stdout);
  return {{"name", section.name},
          {"comparisons", section.kernels.load()},
          {"values", section.values.load()},
          {"seconds", seconds},
          {"failures", section.failures}};
}

int run(const Options& options) {
  const CudaDevice device;
  const CudaCompiler compiler(options.nvrtc);
  fmt::print("{}, {}, {} multiprocessors, driver {}\n", device.name(), device.architecture(),
             device.multiprocessors(), device.driver_version());
  const HarnessContext context{compiler, device,
                               static_cast<int>(std::max(1u, std::thread::hardware_concurrency())),
                               options.random_kernels, options.launches};
  nlohmann::json report = {{"device", device.name()}, {"driver", device.driver_version()}};
  bool different = false;
  for (const Part& part : kParts) {
    if (!names(options, part.name)) continue;
    report["sections"].push_back(run_part(part, context));
    different |= !report["sections"].back()["failures"].empty();
  }
  if (names(options, "rates")) {
    for (const Rate& rate : measure_rates(context)) {
      const double terabytes = rate.bytes / rate.microseconds / 1e6;
      fmt::print("{:<46} {:>10.1f} us {:>8.3f} TB/s\n", rate.name, rate.microseconds, terabytes);
      report["rates"].push_back(
          {{"name", rate.name}, {"microseconds", rate.microseconds}, {"terabytes_s", terabytes}});
    }
  }
  if (!options.report.empty()) std::ofstream(options.report) << report.dump(1) << "\n";
  return different ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "cuda_harness: {}\n", error.what());
    return 2;
  }
}
