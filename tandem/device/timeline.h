// Timeline: one done-word per stream. Whoever finishes the n-th piece of work of a stream advances
// its word to n; anybody may ask or wait. Thread-safe. Words never move back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "tandem/device/ids.h"

namespace tandem::device {

// One step of a spinning wait: lets the core's other thread run.
void pause_briefly();

class Timeline {
 public:
  static constexpr int kMaxStreams = 65536;

  Timeline();
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  // The done-word of a stream; its address is stable, so that a device may write it.
  std::atomic<uint64_t>& done_word(uint16_t stream);

  bool reached(Point point) const;

  // Marks everything up to `point` on its stream as done and wakes waiters.
  void advance(Point point);

  // Watches the word for up to kSpin without sleeping; true when reached.
  bool spin(Point point) const;

  // Blocks until `point` is reached or `timeout` has passed; true when reached. Spins first unless
  // told not to. A word that a device writes without `advance` is noticed within kBlindSlice.
  bool wait(Point point, std::chrono::nanoseconds timeout, bool spin_first = true) const;

  // Blocks until one of `points` is reached, `wake_any` has been called since `ticket` was taken,
  // or `timeout` has passed. For the one thread that watches on behalf of all.
  void wait_any(std::span<const Point> points, uint64_t ticket,
                std::chrono::nanoseconds timeout) const;
  uint64_t any_ticket() const;
  void wake_any();

  // In the child of a fork, before any other use there: forgets threads that slept in the parent.
  void reset_after_fork();

  static constexpr std::chrono::microseconds kSpin{40};
  static constexpr std::chrono::microseconds kBlindSlice{1000};

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::device
