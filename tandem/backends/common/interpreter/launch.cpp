#include "tandem/backends/common/interpreter/launch.h"

#include <algorithm>
#include <cstdlib>

#include "tandem/backends/common/cache_size.h"
#include "tandem/base/check.h"

namespace tandem::backends::common::interpreter {
namespace {

constexpr uint16_t kReadAhead = 8192, kReadAheadOfStreams = 2048;  // bytes

struct Reach {
  uintptr_t begin = 0, end = 0;
};

// The bytes between the first and the last element an access can touch.
Reach reach_of(const Access& access, const BoundAccess& bound, std::span<const int64_t> extents,
               const int64_t* strides) {
  int64_t low = 0;
  int64_t high = 0;
  const auto stretch = [&](int64_t extent, int64_t stride) {
    if (extent == 0) return;
    (stride < 0 ? low : high) += (extent - 1) * stride;
  };
  for (size_t axis = 0; axis < extents.size(); ++axis) stretch(extents[axis], strides[axis]);
  if (access.indexed) stretch(bound.index_extent, bound.index_stride);
  const int64_t unit = int64_t{1} << access.size_log2;
  const auto base = reinterpret_cast<uintptr_t>(bound.data);
  return {base + static_cast<uintptr_t>(low * unit),
          base + static_cast<uintptr_t>((high + access.scale) * unit)};
}

}  // namespace

Launch::Launch(const Program& launched, const device::LaunchArguments& given)
    : program(launched), arguments(given), accesses(launched.accesses.size()) {
  strides_.resize(accesses.size() * std::max<size_t>(1, static_cast<size_t>(rank())));
  for (const int64_t extent : given.extents) has_elements = has_elements && extent != 0;
  for (size_t a = 0; a < accesses.size(); ++a) bind(a);
  find_aliases();
  look_ahead();
}

// Writes past the caches take turns with reads, which then need less of a start. A single operation
// between them reads no faster than hardware sees by itself.
void Launch::look_ahead() {
  size_t streams = 0;
  size_t reads = 0;
  for (size_t a = 0; a < accesses.size(); ++a) {
    streams += accesses[a].streams ? 1 : 0;
    reads += accesses[a].ahead != 0 ? 1 : 0;
  }
  if (streams == 0) return;
  const bool single =
      program.passes.size() == 1 && program.passes[0].steps.size() <= reads + streams + 1;
  for (size_t a = 0; a < accesses.size(); ++a) {
    if (accesses[a].ahead != 0) accesses[a].ahead = single ? 0 : kReadAheadOfStreams;
  }
}

void Launch::strides_from(int axis, Strides& strides) const {
  strides.resize(accesses.size());
  for (size_t a = 0; a < accesses.size(); ++a) {
    strides[a] = strides_.data() + a * static_cast<size_t>(rank()) + axis;
  }
}

void Launch::bind(size_t number) {
  const Access& access = program.accesses[number];
  BoundAccess& bound = accesses[number];
  int64_t* strides = strides_.data() + number * static_cast<size_t>(rank());
  bound = BoundAccess{};
  if (access.buffer == Access::kNoBuffer) {
    std::fill_n(strides, rank(), 0);
    strides[access.axis] = 1;
    return;
  }
  const device::BufferArgument& argument = arguments.buffers[access.buffer];
  bound.data = static_cast<std::byte*>(argument.data) + access.part_offset;
  bound.index_extent = argument.index_extent;
  bound.index_stride = argument.index_stride * access.scale;
  bound.fixed = !access.indexed;
  int64_t elements = 1;
  int64_t span = 1;
  for (int axis = 0; axis < rank(); ++axis) {
    const int64_t extent = arguments.extents[static_cast<size_t>(axis)];
    strides[axis] = argument.strides[axis] * access.scale;
    elements *= extent;
    span += (extent - 1) * std::abs(strides[axis]);
    if (extent != 1 && strides[axis] != 0) bound.fixed = false;
  }
  const int64_t bytes = elements << access.size_log2;
  const bool written = program.written[access.buffer] != 0;
  bound.streams = written && bytes >= cache_bytes(3) / 2;
  const bool far = bytes > cache_bytes(3) / 8 && span == elements;
  if (far && !written && !access.indexed) bound.ahead = kReadAhead;
}

void Launch::find_aliases() {
  for (size_t a = 0; a < accesses.size(); ++a) {
    const Access& load = program.accesses[a];
    if (load.buffer == Access::kNoBuffer || program.written[load.buffer]) continue;
    const size_t axes = static_cast<size_t>(rank());
    const Reach read = reach_of(load, accesses[a], arguments.extents, strides_.data() + a * axes);
    for (size_t b = 0; b < accesses.size(); ++b) {
      const Access& store = program.accesses[b];
      if (store.buffer == Access::kNoBuffer || !program.written[store.buffer]) continue;
      const Reach write =
          reach_of(store, accesses[b], arguments.extents, strides_.data() + b * axes);
      if (read.begin < write.end && write.begin < read.end) {
        accesses[a].aliased = accesses[b].aliased = true;
      }
    }
  }
}

}  // namespace tandem::backends::common::interpreter
