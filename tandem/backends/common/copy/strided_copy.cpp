#include "tandem/backends/common/copy/strided_copy.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

constexpr int64_t kGrainBytes = 1 << 18;  // worth a thread
constexpr int64_t kTile = 32;             // side of a block of a transposition, in elements

struct Axis {
  int64_t extent, source, target;
};
using Space = SmallVector<Axis, 6>;

// Axes of extent 1 dropped, neighbours that are one run in both arrays joined; outermost first.
Space collapse(Dims shape, Dims source, Dims target) {
  Space space;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) continue;
    const Axis axis{shape[i], source[i], target[i]};
    if (!space.empty() && space.back().source == axis.source * axis.extent &&
        space.back().target == axis.target * axis.extent) {
      space.back() = {space.back().extent * axis.extent, axis.source, axis.target};
    } else {
      space.push_back(axis);
    }
  }
  if (space.empty()) space.push_back({1, 1, 1});
  return space;
}

template <class T>
void copy_row(const T* source, int64_t source_stride, T* target, int64_t target_stride,
              int64_t count) {
  if (target_stride == 1 && source_stride == 1) {
    if (count * static_cast<int64_t>(sizeof(T)) >= 64) {
      std::memcpy(target, source, static_cast<size_t>(count) * sizeof(T));
    } else {
      for (int64_t i = 0; i < count; ++i) target[i] = source[i];
    }
  } else if (target_stride == 1 && source_stride == 0) {
    std::fill_n(target, count, *source);
  } else {
    for (int64_t i = 0; i < count; ++i) target[i * target_stride] = source[i * source_stride];
  }
}

// Walks the points of the axes before the last `inner` ones in row-major order.
class Walk {
 public:
  Walk(const Space& space, size_t inner, int64_t first)
      : space_(space), rank_(space.size() - inner), index_(rank_, 0) {
    for (size_t i = rank_; i-- > 0;) {
      index_[i] = first % space[i].extent;
      first /= space[i].extent;
      source += index_[i] * space[i].source;
      target += index_[i] * space[i].target;
    }
  }
  void next() {
    for (size_t i = rank_; i-- > 0;) {
      source += space_[i].source;
      target += space_[i].target;
      if (++index_[i] < space_[i].extent) return;
      source -= space_[i].extent * space_[i].source;
      target -= space_[i].extent * space_[i].target;
      index_[i] = 0;
    }
  }

  int64_t source = 0, target = 0;  // offsets of the point

 private:
  const Space& space_;
  size_t rank_;
  SmallVector<int64_t, 6> index_;
};

int64_t points(const Space& space, size_t inner) {
  int64_t count = 1;
  for (size_t i = 0; i + inner < space.size(); ++i) count *= space[i].extent;
  return count;
}

// Row by row; a piece may begin and end within a row.
template <class T>
void copy_rows(const Space& space, const T* source, T* target) {
  const Axis inner = space.back();
  const int64_t total = points(space, 0);
  parallel_for(total, kGrainBytes / static_cast<int64_t>(sizeof(T)),
               [&](int64_t begin, int64_t end) {
                 Walk walk(space, 1, begin / inner.extent);
                 int64_t column = begin % inner.extent;
                 while (begin < end) {
                   const int64_t count = std::min(inner.extent - column, end - begin);
                   copy_row(source + walk.source + column * inner.source, inner.source,
                            target + walk.target + column * inner.target, inner.target, count);
                   begin += count;
                   column = 0;
                   walk.next();
                 }
               });
}

// The source is dense along the last axis, the target along the one before it: in blocks.
template <class T>
void copy_transposed(const Space& space, const T* source, T* target) {
  const Axis row = space[space.size() - 2], column = space.back();
  const int64_t bands = (row.extent + kTile - 1) / kTile;
  const int64_t band_bytes = kTile * column.extent * static_cast<int64_t>(sizeof(T));
  const int64_t grain = std::max<int64_t>(1, kGrainBytes / band_bytes);
  parallel_for(points(space, 2) * bands, grain, [&](int64_t begin, int64_t end) {
    for (int64_t band = begin; band < end; ++band) {
      const Walk walk(space, 2, band / bands);
      const int64_t first = band % bands * kTile, last = std::min(first + kTile, row.extent);
      for (int64_t left = 0; left < column.extent; left += kTile) {
        const int64_t right = std::min(left + kTile, column.extent);
        // Whole lines in, whole lines out: strides of a power of two would evict each other.
        T block[kTile * kTile];
        for (int64_t i = first; i < last; ++i) {
          const T* from = source + walk.source + i * row.source;
          T* to = block + (i - first);
          for (int64_t j = left; j < right; ++j) to[(j - left) * kTile] = from[j * column.source];
        }
        for (int64_t j = left; j < right; ++j) {
          copy_row(block + (j - left) * kTile, 1,
                   target + walk.target + first * row.target + j * column.target, row.target,
                   last - first);
        }
      }
    }
  });
}

template <class T>
void copy_as(Space space, const std::byte* source_bytes, std::byte* target_bytes) {
  const auto* const source = reinterpret_cast<const T*>(source_bytes);
  auto* const target = reinterpret_cast<T*>(target_bytes);
  if (space.size() > 1 && std::abs(space.back().source) > 1) {
    // The axis along which the source is dense comes last.
    for (size_t i = space.size() - 1; i-- > 0;) {
      if (std::abs(space[i].source) != 1 || space[i].extent < 4) continue;
      std::rotate(space.begin() + static_cast<std::ptrdiff_t>(i),
                  space.begin() + static_cast<std::ptrdiff_t>(i) + 1, space.end());
      return copy_transposed(space, source, target);
    }
  }
  copy_rows(space, source, target);
}

}  // namespace

void copy_strided(size_t element_bytes, Dims shape, const std::byte* source, Dims source_strides,
                  std::byte* target, Dims target_strides) {
  if (element_count(shape) == 0) return;
  const Space space = collapse(shape, source_strides, target_strides);
  switch (element_bytes) {
    case 1:
      return copy_as<uint8_t>(space, source, target);
    case 2:
      return copy_as<uint16_t>(space, source, target);
    case 4:
      return copy_as<uint32_t>(space, source, target);
    case 8:
      return copy_as<uint64_t>(space, source, target);
    default:
      TANDEM_CHECK(false, "elements of {} bytes", element_bytes);
  }
}

}  // namespace tandem::backends::common
