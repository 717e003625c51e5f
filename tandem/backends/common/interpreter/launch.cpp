#include "tandem/backends/common/interpreter/launch.h"

#include <algorithm>

#include "tandem/backends/common/cache_size.h"
#include "tandem/base/check.h"

namespace tandem::backends::common::interpreter {
namespace {

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
  for (int axis = 0; axis < rank(); ++axis) {
    const int64_t extent = arguments.extents[static_cast<size_t>(axis)];
    strides[axis] = argument.strides[axis] * access.scale;
    elements *= extent;
    if (extent != 1 && strides[axis] != 0) bound.fixed = false;
  }
  bound.streams =
      program.written[access.buffer] && elements << access.size_log2 > cache_bytes(3) / 2;
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
