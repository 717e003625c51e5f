// Trace: what ran where and when. Streams, copy engines and kernels append events while recording
// is on; everything a user is shown of a run (time lines, overlap, bytes) is computed from these
// events.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "tandem/device/ids.h"

namespace tandem::device {

enum class EventKind : uint8_t { kernel, library, copy, fill, host };
enum class Clock : uint8_t { wall, model };  // model: the time line of a simulated device

struct TraceEvent {
  EventKind kind = EventKind::kernel;
  Clock clock = Clock::wall;
  Device device;
  uint16_t stream = 0;
  std::string name;
  int64_t begin_ns = 0;  // wall: steady clock; model: since the device was made
  int64_t end_ns = 0;
  int64_t bytes = 0;  // read and written, or copied
  uint32_t note = 0;  // while somebody profiles: what is known of the launch (engine/profile.h)
};

// Thread-safe. Recording off costs one relaxed load.
class Trace {
 public:
  static Trace& instance();

  bool recording() const { return recording_.load(std::memory_order_relaxed); }
  void start();                    // forgets earlier events
  std::vector<TraceEvent> stop();  // the events since start, in order of their end
  void add(TraceEvent event);

  // Nanoseconds of the steady clock.
  static int64_t now();

 private:
  std::atomic<bool> recording_{false};
  std::mutex mutex_;
  std::vector<TraceEvent> events_;
};

}  // namespace tandem::device
