#include "tandem/backends/simulated/address_space.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "tandem/base/check.h"

namespace tandem::backends::simulated {
namespace {

constexpr size_t kAlignment = 256;
constexpr size_t kPage = 4096;

std::byte* reserve(size_t bytes, int protection) {
  void* const data =
      mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  TANDEM_USER(data != MAP_FAILED, DeviceError, "simulated gpu",
              "its memory cannot be reserved: got {} bytes, expected a size that the machine has "
              "addresses for (TANDEM_GPU_MEMORY)",
              bytes);
  return static_cast<std::byte*>(data);
}

}  // namespace

AddressSpace::AddressSpace(size_t bytes, bool poison)
    : bytes_((bytes + kPage - 1) / kPage * kPage), poison_(poison) {
  window_ = reserve(bytes_, PROT_NONE);
  store_ = reserve(bytes_, PROT_READ | PROT_WRITE);
  merge_gap(window_, bytes_);
}

AddressSpace::~AddressSpace() {
  munmap(window_, bytes_);
  munmap(store_, bytes_);
}

std::byte* AddressSpace::allocate(size_t bytes) {
  if (bytes > bytes_) return nullptr;
  const size_t size = std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  std::byte* data = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto best = gaps_by_size_.lower_bound({size, nullptr});
    if (best == gaps_by_size_.end()) return nullptr;
    const auto [gap, start] = *best;
    data = start;
    gaps_by_size_.erase(best);
    gaps_.erase(data);
    if (gap > size) {
      gaps_.emplace(data + size, gap - size);
      gaps_by_size_.emplace(gap - size, data + size);
    }
    live_.emplace(data, size);
    used_ += size;
  }
  if (poison_) std::memset(host(data), kPoison, size);
  return data;
}

void AddressSpace::release(std::byte* data, size_t bytes) {
  size_t size = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto it = live_.find(data);
    TANDEM_USER(it != live_.end() && bytes <= it->second, InternalError, "simulated gpu",
                "memory released that is not allocated: got {} bytes at {}, expected an "
                "allocation of this device",
                bytes, static_cast<void*>(data));
    size = it->second;
    live_.erase(it);
    used_ -= size;
  }
  // The range is in neither map here, so nobody else touches it.
  if (poison_) {
    std::memset(host(data), kPoison, size);
  } else {
    const auto begin = (reinterpret_cast<uintptr_t>(host(data)) + kPage - 1) / kPage * kPage;
    const auto end = reinterpret_cast<uintptr_t>(host(data) + size) / kPage * kPage;
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  const std::lock_guard lock(mutex_);
  merge_gap(data, size);
}

void AddressSpace::merge_gap(std::byte* data, size_t bytes) {
  auto next = gaps_.lower_bound(data);
  if (next != gaps_.end() && next->first == data + bytes) {
    bytes += next->second;
    gaps_by_size_.erase({next->second, next->first});
    next = gaps_.erase(next);
  }
  if (next != gaps_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == data) {
      data = before->first;
      bytes += before->second;
      gaps_by_size_.erase({before->second, before->first});
      gaps_.erase(before);
    }
  }
  gaps_.emplace(data, bytes);
  gaps_by_size_.emplace(bytes, data);
}

bool AddressSpace::is_live(const std::byte* begin, const std::byte* end) const {
  if (begin >= end) return true;
  const std::lock_guard lock(mutex_);
  auto it = live_.upper_bound(const_cast<std::byte*>(begin));
  if (it == live_.begin()) return false;
  --it;
  return end <= it->first + it->second;
}

size_t AddressSpace::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace tandem::backends::simulated
