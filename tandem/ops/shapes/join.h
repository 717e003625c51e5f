// Joining arrays, cutting them, repeating and moving their elements along axes. Operands of several
// dtypes are promoted.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tandem/ops/operand.h"

namespace tandem {

// One after the other along an axis (flattened, without one). Raises ShapeError when the other
// extents differ, ArgumentError without arrays.
array concatenate(std::span<const array> arrays, std::optional<int64_t> axis = 0,
                  StreamOrDevice s = {});
// Along a new axis (flattened first, without one).
array stack(std::span<const array> arrays, std::optional<int64_t> axis = 0, StreamOrDevice s = {});

// Equal parts along an axis; raises ArgumentError when they are not equal.
std::vector<array> split(const array& a, int64_t sections, int64_t axis = 0, StreamOrDevice s = {});
// The parts between the positions, which may count from the end.
std::vector<array> split(const array& a, const std::vector<int64_t>& positions, int64_t axis = 0,
                         StreamOrDevice s = {});
// The elements along an axis, which is dropped.
std::vector<array> unstack(const array& a, int64_t axis = 0, StreamOrDevice s = {});

// Each element `repeats` times in a row along an axis (flattened, without one).
array repeat(const array& a, int64_t repeats, std::optional<int64_t> axis = {},
             StreamOrDevice s = {});
// The whole array again and again, `repetitions` for the last axes.
array tile(const array& a, const std::vector<int64_t>& repetitions, StreamOrDevice s = {});

enum class PadMode : uint8_t { constant, edge, reflect, symmetric };
struct PadWidth {
  int64_t before = 0, after = 0;
};
// One width per axis. `value` is a scalar; reflect mirrors without the edge, symmetric with it.
array pad(const array& a, std::span<const PadWidth> widths, PadMode mode = PadMode::constant,
          const Operand& value = 0, StreamOrDevice s = {});

// Elements moved by `shift` places along each axis, those that leave come in at the other end; of
// the flattened array without axes.
array roll(const array& a, const std::vector<int64_t>& shifts,
           const std::optional<std::vector<int64_t>>& axes = {}, StreamOrDevice s = {});
// Reversed along the axes (all, when none are named): a view.
array flip(const array& a, const std::optional<std::vector<int64_t>>& axes = {},
           StreamOrDevice s = {});
// Differences of neighbours along an axis, n times; for bool whether they differ.
array diff(const array& a, int64_t n = 1, int64_t axis = -1, StreamOrDevice s = {});

}  // namespace tandem
