// Executables by the text they were made from, so that plans share kernels and a changed scalar
// compiles nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "tandem/kernel/launch.h"

namespace tandem::engine {

// A compiler that remembers what another one made. Thread-safe.
class CachingCompiler final : public kernel::Compiler {
 public:
  explicit CachingCompiler(std::unique_ptr<kernel::Compiler> inner) : inner_(std::move(inner)) {}

  std::shared_ptr<device::Executable> compile(const kernel::Kernel& kernel) override;
  std::shared_ptr<device::Executable> library(const kernel::LibraryCall& call) override;

  // Kernels compiled by all caches of the process.
  static uint64_t built();

 private:
  struct Entry {
    kernel::Kernel kernel;
    std::shared_ptr<device::Executable> executable;
  };

  std::unique_ptr<kernel::Compiler> inner_;
  std::mutex mutex_;
  std::unordered_multimap<uint64_t, Entry> kernels_;
  std::vector<std::pair<kernel::LibraryCall, std::shared_ptr<device::Executable>>> calls_;
};

}  // namespace tandem::engine
