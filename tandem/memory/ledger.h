// Ledger: every byte moved between devices, by cause, and every transfer that was not needed.
// "Eliminated" means: a naive copy-in, copy-out of the op would have moved the bytes, and the
// address used is the one received. Thread-safe counters.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace tandem::memory {

enum class Cause : uint8_t {
  input,         // an operand was read on a device that had no copy
  output,        // a host read of a device's result
  export_again,  // a writable export was live, so the mirror had to be copied again
  eviction,
  prefetch,
};
inline constexpr int kCauseCount = 5;
std::string_view name_of(Cause cause);

enum class Direction : uint8_t { host_to_device, device_to_host, device_to_device };
inline constexpr int kDirectionCount = 3;

struct LedgerCounts {
  uint64_t bytes[kDirectionCount][kCauseCount] = {};
  uint64_t transfers[kDirectionCount][kCauseCount] = {};
  uint64_t eliminated_bytes = 0;
  uint64_t eliminated_transfers = 0;

  uint64_t total_bytes() const;
  uint64_t total_transfers() const;
};

class Ledger {
 public:
  static Ledger& instance();
  void moved(Direction direction, Cause cause, size_t bytes);
  void eliminated(size_t bytes);
  LedgerCounts counts() const;
  void reset();

 private:
  std::array<std::array<std::atomic<uint64_t>, kCauseCount>, kDirectionCount> bytes_{};
  std::array<std::array<std::atomic<uint64_t>, kCauseCount>, kDirectionCount> transfers_{};
  std::atomic<uint64_t> eliminated_bytes_{0};
  std::atomic<uint64_t> eliminated_transfers_{0};
};

}  // namespace tandem::memory
