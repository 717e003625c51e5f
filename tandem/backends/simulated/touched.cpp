#include "tandem/backends/simulated/touched.h"

#include <algorithm>
#include <cstdlib>

namespace tandem::backends::simulated {
namespace {

struct Axis {
  int64_t count = 0;
  int64_t step = 0;  // bytes, positive
};

// The axes along which the address moves, with positive steps, smallest first, and the lowest
// address.
struct Walk {
  const std::byte* lowest = nullptr;
  std::vector<Axis> axes;
};

std::optional<Walk> walk_of(const device::BufferArgument& buffer, std::span<const int64_t> extents,
                            size_t element_bytes) {
  Walk walk{static_cast<const std::byte*>(buffer.data), {}};
  const auto add = [&](int64_t count, int64_t stride) {
    if (count <= 1 || stride == 0) return;
    const int64_t step = stride * static_cast<int64_t>(element_bytes);
    if (step < 0) walk.lowest += step * (count - 1);
    walk.axes.push_back({count, std::abs(step)});
  };
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    if (extents[axis] == 0) return std::nullopt;
    add(extents[axis], buffer.strides[axis]);
  }
  add(buffer.index_extent, buffer.index_stride);
  std::sort(walk.axes.begin(), walk.axes.end(),
            [](const Axis& a, const Axis& b) { return a.step < b.step; });
  return walk;
}

// Joins the inner axes that leave no gap; returns the bytes of one run and drops those axes.
int64_t join_inner(Walk& walk, size_t element_bytes) {
  auto run = static_cast<int64_t>(element_bytes);
  size_t joined = 0;
  while (joined < walk.axes.size() && walk.axes[joined].step <= run) {
    run += (walk.axes[joined].count - 1) * walk.axes[joined].step;
    ++joined;
  }
  walk.axes.erase(walk.axes.begin(), walk.axes.begin() + static_cast<std::ptrdiff_t>(joined));
  return run;
}

}  // namespace

std::optional<ByteRange> hull_of(const device::BufferArgument& buffer,
                                 std::span<const int64_t> extents, size_t element_bytes) {
  const std::optional<Walk> walk = walk_of(buffer, extents, element_bytes);
  if (!walk) return std::nullopt;
  int64_t last = 0;
  for (const Axis& axis : walk->axes) last += (axis.count - 1) * axis.step;
  return ByteRange{walk->lowest, walk->lowest + last + element_bytes};
}

std::vector<ByteRange> runs_of(const device::BufferArgument& buffer,
                               std::span<const int64_t> extents, size_t element_bytes,
                               size_t most) {
  std::optional<Walk> walk = walk_of(buffer, extents, element_bytes);
  if (!walk) return {};
  const int64_t run = join_inner(*walk, element_bytes);
  std::vector<int64_t> position(walk->axes.size(), 0);
  std::vector<ByteRange> runs;
  const std::byte* at = walk->lowest;
  while (runs.size() < most) {
    runs.push_back({at, at + run});
    size_t axis = 0;
    for (; axis < position.size(); ++axis) {
      at += walk->axes[axis].step;
      if (++position[axis] < walk->axes[axis].count) break;
      at -= walk->axes[axis].step * walk->axes[axis].count;
      position[axis] = 0;
    }
    if (axis == position.size()) break;
  }
  return runs;
}

double bytes_of(const device::BufferArgument& buffer, std::span<const int64_t> extents,
                size_t element_bytes) {
  std::optional<Walk> walk = walk_of(buffer, extents, element_bytes);
  if (!walk) return 0;
  auto bytes = static_cast<double>(join_inner(*walk, element_bytes));
  for (const Axis& axis : walk->axes) bytes *= static_cast<double>(axis.count);
  return bytes;
}

}  // namespace tandem::backends::simulated
