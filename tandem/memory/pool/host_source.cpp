#include <sys/mman.h>

#include <cstdint>

#include "tandem/base/settings.h"
#include "tandem/memory/pool/pool.h"

namespace tandem::memory {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kGranularity = size_t{64} << 10;

// Anonymous pages that start at a multiple of `alignment`: maps more and cuts off both ends.
void* map_aligned(size_t bytes, size_t alignment) {
  if (bytes > ~size_t{0} - alignment) return nullptr;
  const size_t mapped = bytes + alignment;
  void* const start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  const auto address = reinterpret_cast<uintptr_t>(start);
  const uintptr_t aligned = (address + alignment - 1) / alignment * alignment;
  if (aligned > address) munmap(start, aligned - address);
  const uintptr_t end = aligned + bytes;
  if (address + mapped > end) munmap(reinterpret_cast<void*>(end), address + mapped - end);
  return reinterpret_cast<void*>(aligned);
}

class HostSource final : public Source {
 public:
  void* allocate(size_t bytes) override {
    const bool large = bytes >= kHugePage;
    void* const data = map_aligned(bytes, large ? kHugePage : kGranularity);
    // Advice only: a kernel without huge pages gives small ones.
    if (data != nullptr && large && settings().huge_pages) madvise(data, bytes, MADV_HUGEPAGE);
    return data;
  }
  void release(void* data, size_t bytes) override { munmap(data, bytes); }
  std::string_view name() const override { return "host"; }
  size_t granularity() const override { return kGranularity; }
};

}  // namespace

std::unique_ptr<Source> make_host_source() { return std::make_unique<HostSource>(); }

}  // namespace tandem::memory
