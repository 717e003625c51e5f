// EngineMutex: the engine's lock. It is held for less than a microsecond as a rule, so a thread
// that finds it taken looks again for about as long before it sleeps: a sleep and the wake that
// ends it cost ten times that.
#pragma once

#include <sys/single_threaded.h>

#include <atomic>
#include <cstdint>
#include <mutex>

#include "tandem/device/timeline.h"

namespace tandem::engine {

// Meets the requirements of Lockable.
class EngineMutex {
 public:
  bool try_lock() {
    if (__libc_single_threaded) {
      if (state_.load(std::memory_order_relaxed) != kFree) return false;
      state_.store(kHeld, std::memory_order_relaxed);
      return true;
    }
    uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void lock() {
    if (!try_lock()) [[unlikely]]
      wait_for_lock();
  }
  void unlock() {
    if (__libc_single_threaded) return state_.store(kFree, std::memory_order_relaxed);
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) [[unlikely]]
      state_.notify_one();
  }

 private:
  static constexpr uint32_t kFree = 0, kHeld = 1, kAwaited = 2;  // by somebody who sleeps
  static constexpr int kLooks = 64;

  void wait_for_lock() {
    for (int look = 0; look < kLooks; ++look) {
      if (state_.load(std::memory_order_relaxed) == kFree && try_lock()) return;
      device::pause_briefly();
    }
    while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree) {
      state_.wait(kAwaited, std::memory_order_relaxed);
    }
  }

  alignas(64) std::atomic<uint32_t> state_{kFree};
};

using EngineLock = std::unique_lock<EngineMutex>;

}  // namespace tandem::engine
