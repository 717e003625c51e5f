#include "tandem/engine/kernel_cache.h"

namespace tandem::engine {
namespace {

// A program that makes ever new kernels starts over instead of growing; plans keep theirs alive.
constexpr size_t kMaxKernels = 4096;

std::atomic<uint64_t> kernels_built{0};

uint64_t hash_of(const kernel::Kernel& kernel) {
  uint64_t hash = kernel.nodes.size() * 31 + kernel.buffers.size();
  const auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * 0x9fb21c651e98df25ull;
    hash ^= hash >> 29;
  };
  for (const kernel::BufferParam& buffer : kernel.buffers) {
    mix(static_cast<uint64_t>(buffer.dtype) << 1 | (buffer.written ? 1 : 0));
  }
  for (const kernel::Node& node : kernel.nodes) {
    mix(static_cast<uint64_t>(node.op) | static_cast<uint64_t>(node.type) << 8 |
        static_cast<uint64_t>(node.part) << 16 | static_cast<uint64_t>(node.slot) << 32);
    static_assert(kernel::kMaxInputs % 2 == 0);
    for (size_t i = 0; i < node.in.size(); i += 2) {
      mix(static_cast<uint64_t>(node.in[i]) << 32 | node.in[i + 1]);
    }
    mix(node.bits);
  }
  mix(kernel.parallel_rank * 256u + kernel.reduced_rank);
  return hash;
}

}  // namespace

uint64_t CachingCompiler::built() { return kernels_built.load(std::memory_order_relaxed); }

std::shared_ptr<device::Executable> CachingCompiler::compile(const kernel::Kernel& kernel) {
  const uint64_t hash = hash_of(kernel);
  {
    const std::lock_guard lock(mutex_);
    const auto [first, last] = kernels_.equal_range(hash);
    for (auto it = first; it != last; ++it) {
      if (it->second.kernel == kernel) return it->second.executable;
    }
  }
  auto executable = inner_->compile(kernel);
  kernels_built.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  if (kernels_.size() >= kMaxKernels) kernels_.clear();
  kernels_.emplace(hash, Entry{kernel, executable});
  return executable;
}

std::shared_ptr<device::Executable> CachingCompiler::library(const kernel::LibraryCall& call) {
  const std::lock_guard lock(mutex_);
  for (const auto& [known, executable] : calls_) {
    if (known == call) return executable;
  }
  auto executable = inner_->library(call);
  calls_.emplace_back(call, executable);
  return executable;
}

}  // namespace tandem::engine
