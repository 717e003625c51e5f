// The parts of the comparison between a GPU and the scalar reference, and what they report.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "cuda_launcher.h"

namespace tandem::tools {

// Counts and the texts of what differed; filled by several threads.
class Section {
 public:
  explicit Section(std::string title) : name(std::move(title)) {}

  void count(int64_t compared_values) {
    ++kernels;
    values += compared_values;
  }
  void fail(const std::string& text);

  const std::string name;
  std::atomic<int64_t> kernels{0}, values{0};
  double seconds = 0;
  std::vector<std::string> failures;

 private:
  std::mutex mutex_;
};

struct HarnessContext {
  const CudaCompiler& compiler;
  const CudaDevice& device;
  int threads = 1;
  int64_t random_kernels = 500;
  int launches = 4;  // of each kernel of the corpus
};

// Calls f(i) for i in [0, count) from several threads, the device current in each. What f throws
// is a failure of the section.
void parallel_for(const HarnessContext& context, Section& section, int64_t count,
                  const std::function<void(int64_t)>& f);

void compare_corpus(const HarnessContext& context, Section& section);
void compare_random(const HarnessContext& context, Section& section);
void compare_reductions(const HarnessContext& context, Section& section);
void compare_half_rows(const HarnessContext& context, Section& section);   // all 65,536 inputs
void compare_float_rows(const HarnessContext& context, Section& section);  // 2^24 inputs
void compare_leaves(const HarnessContext& context, Section& section);      // all 2^32 inputs
void compare_half_pairs(const HarnessContext& context, Section& section);  // all 2^32 pairs

struct Rate {
  std::string name;
  double microseconds = 0, bytes = 0;
};
std::vector<Rate> measure_rates(const HarnessContext& context);

}  // namespace tandem::tools
