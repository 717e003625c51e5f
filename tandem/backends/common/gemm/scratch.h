// Short-lived work memory of a kernel, from a cache of the calling thread.
#pragma once

#include <cstddef>

namespace tandem::backends::common {

// A block of at least `bytes`, aligned to 64, with arbitrary contents. Goes back to the cache of
// the thread that drops it; a cache keeps at most kScratchCacheBytes. Raises OutOfMemory.
class Scratch {
 public:
  explicit Scratch(size_t bytes);
  ~Scratch();
  Scratch(Scratch&& other) noexcept : data_(other.data_), bytes_(other.bytes_) {
    other.data_ = nullptr;
  }
  Scratch& operator=(Scratch&&) = delete;

  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }

 private:
  std::byte* data_;
  size_t bytes_;
};

inline constexpr size_t kScratchCacheBytes = size_t{64} << 20;

// Bytes the calling thread's cache holds, for tests.
size_t scratch_cached_bytes();

}  // namespace tandem::backends::common
