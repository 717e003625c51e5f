#include "tandem/device/trace.h"

#include <chrono>

namespace tandem::device {

Trace& Trace::instance() {
  static Trace* trace = new Trace;  // outlives threads that still record at exit
  return *trace;
}

void Trace::start() {
  const std::lock_guard lock(mutex_);
  events_.clear();
  recording_.store(true, std::memory_order_relaxed);
}

std::vector<TraceEvent> Trace::stop() {
  const std::lock_guard lock(mutex_);
  recording_.store(false, std::memory_order_relaxed);
  return std::move(events_);
}

void Trace::add(TraceEvent event) {
  const std::lock_guard lock(mutex_);
  if (recording()) events_.push_back(std::move(event));
}

int64_t Trace::now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace tandem::device
