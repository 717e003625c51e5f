// cuda_corpus FOLDER [--random COUNT]
//
// Writes the CUDA text of the corpus (cuda_cases.h) and of COUNT random kernels to FOLDER, each
// kernel under every schedule that it can be printed for, as <name>.<schedule>.cu, and corpus.json:
// for each text its file, the name of the function to launch and the members of its argument.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cuda_cases.h"
#include "tandem/backends/cuda/text/arguments.h"
#include "tandem/backends/cuda/text/print_kernel.h"

namespace {

using namespace tandem;
using backends::cuda::TextOptions;

nlohmann::json write_text(const std::filesystem::path& folder, const tools::CudaCase& each,
                          const TextOptions& options) {
  const std::string file =
      fmt::format("{}.{}{}{}.cu", each.name, backends::cuda::name_of(options.schedule),
                  options.narrow_index ? ".narrow" : "", options.keep ? ".keep" : "");
  std::ofstream(folder / file) << backends::cuda::print_kernel(each.kernel, options);
  std::vector<std::string> members;
  for (const auto& word : backends::cuda::argument_words(each.kernel, options)) {
    members.push_back(backends::cuda::name_of(word));
  }
  return {{"file", file}, {"entry", backends::cuda::kEntryName}, {"arguments", members}};
}

}  // namespace

int main(int argc, char** argv) {
  const bool random = argc == 4 && std::string_view(argv[2]) == "--random";
  if (argc != 2 && !random) {
    fmt::print(stderr, "usage: cuda_corpus FOLDER [--random COUNT]\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  std::vector<tools::CudaCase> cases;
  for (auto part :
       {tools::row_cases, tools::cast_cases, tools::reduction_cases, tools::composed_cases}) {
    for (tools::CudaCase& each : part()) cases.push_back(std::move(each));
  }
  const uint64_t count = random ? std::strtoull(argv[3], nullptr, 10) : 0;
  for (uint64_t seed = 1; seed <= count; ++seed) cases.push_back(tools::random_case(seed));

  nlohmann::json texts;
  bool narrow = false;  // by turns
  for (const tools::CudaCase& each : cases) {
    for (const auto schedule : backends::cuda::schedules_of(each.kernel)) {
      narrow = !narrow;
      texts.push_back(write_text(folder, each, {schedule, narrow}));
      if (backends::cuda::kept_words(each.kernel, schedule) == 0) continue;
      texts.push_back(write_text(folder, each, {schedule, narrow, true}));
    }
  }
  const auto options = backends::cuda::compile_options();
  const nlohmann::json corpus = {
      {"options", std::vector<std::string>(options.begin(), options.end())}, {"texts", texts}};
  std::ofstream(folder / "corpus.json") << corpus.dump(1) << "\n";
  fmt::print("{} texts of {} kernels\n", texts.size(), cases.size());
  return 0;
}
