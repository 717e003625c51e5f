// Pool: blocks of memory of one device, reused in the order of streams. A released block is tagged
// with the Points of its last uses: it is handed out at once for work on the same stream, elsewhere
// together with the Points that the new user must wait for. Thread-safe. Sizes are bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "tandem/base/small_vector.h"
#include "tandem/device/ids.h"
#include "tandem/device/timeline.h"

namespace tandem::memory {

using Points = SmallVector<device::Point, 2>;

// Where a pool gets its memory from: host pages, a backend, a test's list of failures.
class Source {
 public:
  virtual ~Source() = default;
  virtual void* allocate(size_t bytes) = 0;  // nullptr when there is none left
  virtual void release(void* data, size_t bytes) = 0;
  virtual std::string_view name() const = 0;
  virtual size_t granularity() const = 0;  // slabs are multiples of this
};

// A range handed out by a pool. `capacity` may exceed what was asked for.
struct Block {
  std::byte* data = nullptr;
  size_t capacity = 0;
  Points after;  // work that must be done before the block is touched
};

struct PoolStatistics {
  size_t active_bytes = 0;  // handed out
  size_t peak_bytes = 0;    // highest active since the last reset
  size_t cached_bytes = 0;  // free, kept
  size_t source_bytes = 0;  // taken from the source
  uint64_t allocations = 0;
  uint64_t reuses = 0;  // served without the source
  uint64_t source_calls = 0;
  uint64_t failures = 0;  // source refused or cap reached
  uint64_t trims = 0;
};

class Pool {
 public:
  // `cap` limits active + cached bytes; 0 means no limit.
  Pool(std::unique_ptr<Source> source, const device::Timeline& timeline, size_t cap);
  ~Pool();
  Pool(const Pool&) = delete;

  // A block for work on `stream`. Empty (data == nullptr) when the source refuses and nothing
  // cached fits; zero bytes give a valid non-null address. `preferred` is handed out if it is free
  // (sticky outputs).
  Block allocate(size_t bytes, uint16_t stream, const std::byte* preferred = nullptr);

  void release(std::byte* data, size_t capacity, std::span<const device::Point> last_uses);

  // Gives cached blocks whose Points are reached back to the source until at most `keep` bytes stay
  // cached; returns the bytes given back.
  size_t trim(size_t keep);

  // Upper limit of cached bytes; what exceeds it is given back at release.
  void set_cache_limit(size_t bytes);
  size_t cache_limit() const;
  void set_cap(size_t bytes);
  size_t cap() const;

  // Of each stream the earliest Point that is not reached and that free memory waits for.
  Points pending() const;

  PoolStatistics statistics() const;
  void reset_peak();
  std::string_view name() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Anonymous host pages, 2 MiB-aligned slabs advised as huge pages when settings().huge_pages is on.
std::unique_ptr<Source> make_host_source();

}  // namespace tandem::memory
