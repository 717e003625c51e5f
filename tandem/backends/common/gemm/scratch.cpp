#include "tandem/backends/common/gemm/scratch.h"

#include <sys/mman.h>

#include <cstdlib>
#include <limits>
#include <vector>

#include "tandem/base/error.h"
#include "tandem/base/settings.h"

namespace tandem::backends::common {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;

struct Block {
  std::byte* data;
  size_t bytes;
};

struct Cache {
  std::vector<Block> blocks;
  size_t bytes = 0;

  ~Cache() {
    for (const Block& block : blocks) std::free(block.data);
  }

  // The smallest cached block that holds `wanted` and wastes at most as much again.
  Block take(size_t wanted) {
    size_t best = blocks.size();
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].bytes < wanted || blocks[i].bytes > 2 * wanted + kHugePage) continue;
      if (best == blocks.size() || blocks[i].bytes < blocks[best].bytes) best = i;
    }
    if (best == blocks.size()) return {nullptr, 0};
    const Block block = blocks[best];
    blocks[best] = blocks.back();
    blocks.pop_back();
    bytes -= block.bytes;
    return block;
  }
};

Cache& cache() {
  thread_local Cache instance;
  return instance;
}

[[noreturn]] void raise_no_memory(size_t bytes) {
  raise<OutOfMemory>("scratch", "no memory for the work of a kernel: {} bytes wanted", bytes);
}

Block allocate(size_t wanted) {
  if (wanted > std::numeric_limits<size_t>::max() / 2) raise_no_memory(wanted);
  const size_t alignment = wanted >= kHugePage ? kHugePage : 64;
  const size_t bytes = (wanted + alignment - 1) / alignment * alignment;
  auto* data = static_cast<std::byte*>(std::aligned_alloc(alignment, bytes));
  if (data == nullptr) raise_no_memory(bytes);
  if (alignment == kHugePage && settings().huge_pages) madvise(data, bytes, MADV_HUGEPAGE);
  return {data, bytes};
}

}  // namespace

Scratch::Scratch(size_t bytes) {
  const size_t wanted = bytes == 0 ? 64 : bytes;
  Block block = cache().take(wanted);
  if (block.data == nullptr) block = allocate(wanted);
  data_ = block.data;
  bytes_ = block.bytes;
}

Scratch::~Scratch() {
  if (data_ == nullptr) return;
  Cache& mine = cache();
  if (mine.bytes + bytes_ > kScratchCacheBytes) {
    std::free(data_);
    return;
  }
  mine.blocks.push_back({data_, bytes_});
  mine.bytes += bytes_;
}

size_t scratch_cached_bytes() { return cache().bytes; }

}  // namespace tandem::backends::common
