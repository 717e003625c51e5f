// One launch of a program: the accesses bound to memory, shared by the threads that work on it.
#pragma once

#include "tandem/backends/common/interpreter/program.h"
#include "tandem/backends/common/interpreter/space.h"

namespace tandem::backends::common::interpreter {

struct BoundAccess {
  std::byte* data = nullptr;
  int64_t index_extent = 0, index_stride = 0;  // in units
  bool fixed = false;                          // the same element at every point
  bool aliased = false;  // a load and a store that share memory: both happen in their turn
  bool streams = false;  // a large output, written past the caches
  // A large input without gaps: bytes between what is read and what is asked for meanwhile.
  uint16_t ahead = 0;
};

struct Launch {
  Launch(const Program& launched, const device::LaunchArguments& given);

  // Strides of every access, in units, over the axes that begin at `axis`, as Space::assign takes
  // them.
  using Strides = SmallArray<const int64_t*, 16>;
  void strides_from(int axis, Strides& strides) const;
  std::span<const int64_t> extents(int from, int to) const {
    return arguments.extents.subspan(static_cast<size_t>(from), static_cast<size_t>(to - from));
  }
  int rank() const { return program.parallel_rank + program.reduced_rank; }

  const Program& program;
  const device::LaunchArguments& arguments;
  SmallArray<BoundAccess, 8> accesses;
  bool has_elements = true;  // no extent is 0

 private:
  void bind(size_t access);
  void find_aliases();
  void look_ahead();

  SmallArray<int64_t, 32> strides_;  // access x axis
};

}  // namespace tandem::backends::common::interpreter
