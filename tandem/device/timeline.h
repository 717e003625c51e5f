// Timeline: one done-word per stream. Whoever finishes the n-th piece of work of a stream advances its
// word to n; anybody may ask or wait. Thread-safe. Words never move back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "tandem/device/ids.h"

namespace tandem::device {

class Timeline {
 public:
  static constexpr int kMaxStreams = 65536;

  Timeline();
  ~Timeline();
  Timeline(const Timeline&) = delete;

  // The done-word of a stream; its address is stable, so that a device may write it.
  std::atomic<uint64_t>& done_word(uint16_t stream);

  bool reached(Point point) const;

  // Marks everything up to `point` on its stream as done and wakes waiters.
  void advance(Point point);

  // Blocks until `point` is reached or `timeout` has passed; true when reached. Spins first.
  bool wait(Point point, std::chrono::nanoseconds timeout) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::device
