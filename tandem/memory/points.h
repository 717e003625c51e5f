// Questions about sets of Points: is memory that these uses guard free for a stream, and what is
// left to wait for.
#pragma once

#include "tandem/device/timeline.h"
#include "tandem/memory/buffer.h"

namespace tandem::memory {

// Whether work on `stream` may follow at once: each point is on that stream or reached.
inline bool ready_for(const Points& points, uint16_t stream, const device::Timeline& timeline) {
  for (const device::Point point : points) {
    if (point.stream() != stream && !timeline.reached(point)) return false;
  }
  return true;
}

inline bool all_reached(const Points& points, const device::Timeline& timeline) {
  for (const device::Point point : points) {
    if (!timeline.reached(point)) return false;
  }
  return true;
}

// The points that work on `stream` still has to wait for.
inline Points left_for(const Points& points, uint16_t stream, const device::Timeline& timeline) {
  Points left;
  for (const device::Point point : points) {
    if (point.stream() != stream && !timeline.reached(point)) left.push_back(point);
  }
  return left;
}

}  // namespace tandem::memory
