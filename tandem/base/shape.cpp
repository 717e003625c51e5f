#include "tandem/base/shape.h"

#include "tandem/base/check.h"

namespace tandem {

int64_t element_count(Dims shape, std::string_view op) {
  constexpr int64_t kLimit = int64_t{1} << 62;
  int64_t count = 1;
  bool overflow = false;
  for (const int64_t extent : shape) {
    TANDEM_USER(extent >= 0, ShapeError, op, "extents must not be negative: got {}",
                to_string(shape));
    if (extent == 0) return 0;
    overflow |= __builtin_mul_overflow(count, extent, &count) || count > kLimit;
  }
  TANDEM_USER(!overflow, ShapeError, op, "the shape {} has more than 2^62 elements",
              to_string(shape));
  return count;
}

Strides row_major_strides(Dims shape) {
  Strides strides(shape.size(), 1);
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

bool is_row_major(Dims shape, Dims strides) {
  int64_t expected = 1;
  bool dense = true;
  for (size_t i = shape.size(); i-- > 0;) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1) dense &= strides[i] == expected;
    expected *= shape[i];
  }
  return dense;
}

std::pair<int64_t, int64_t> element_reach(Dims shape, Dims strides) {
  int64_t first = 0, last = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0) return {0, 0};
    const int64_t span = (shape[i] - 1) * strides[i];
    (span < 0 ? first : last) += span;
  }
  return {first, last};
}

Shape broadcast_shapes(Dims a, Dims b, std::string_view op) {
  const Dims longer = a.size() >= b.size() ? a : b;
  const Dims shorter = a.size() >= b.size() ? b : a;
  Shape result(longer);
  const size_t shift = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& extent = result[i + shift];
    if (extent == shorter[i] || shorter[i] == 1) continue;
    TANDEM_USER(extent == 1, ShapeError, op, "shapes do not broadcast: got {} and {}", to_string(a),
                to_string(b));
    extent = shorter[i];
  }
  return result;
}

int normalize_axis(int64_t axis, int rank, std::string_view op) {
  TANDEM_USER(axis >= -rank && axis < rank, AxisError, op,
              "axis {} is out of range for an array with {} dimensions", axis, rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

bool reshape_strides(Dims shape, Dims strides, Dims target, Strides& result) {
  result = Strides(target.size(), 1);
  if (element_count(shape) == 0) {
    result = row_major_strides(target);
    return true;
  }
  // Old axes of extent 1 carry no information; the rest is merged into runs that are dense inside,
  // and every run must be covered exactly by a run of new axes.
  size_t from = 0, to = 0;
  while (from < shape.size() || to < target.size()) {
    int64_t old_extent = 1, new_extent = 1;
    int64_t stride = 1;  // of the innermost old axis in the run
    bool any = false;
    const size_t first_new = to;
    do {
      if (new_extent <= old_extent && to < target.size()) {
        new_extent *= target[to++];
      } else if (from < shape.size()) {
        if (shape[from] != 1) {
          if (any && stride != strides[from] * shape[from]) return false;
          stride = strides[from];
          any = true;
          old_extent *= shape[from];
        }
        ++from;
      } else {
        break;
      }
    } while (new_extent != old_extent ||
             (old_extent == 1 && to < target.size() && target[to] == 1));
    if (new_extent != old_extent) return false;
    int64_t running = any ? stride : 1;
    for (size_t i = to; i-- > first_new;) {
      result[i] = running;
      running *= target[i];
    }
    if (to == target.size() && from < shape.size()) {
      while (from < shape.size() && shape[from] == 1) ++from;
      if (from < shape.size()) return false;
    }
  }
  return true;
}

std::string to_string(Dims shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(shape[i]);
  }
  if (shape.size() == 1) text += ',';
  return text + ")";
}

}  // namespace tandem
