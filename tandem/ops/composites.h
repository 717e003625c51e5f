// Elementwise functions defined over the rows of op_table/elementwise.def. op_table/composites.def
// lists them for the bindings and the tests.
#pragma once

#include <optional>
#include <utility>

#include "tandem/ops/operand.h"

namespace tandem {

// Rounded to so many decimal places, ties to even. Integers change only where that is negative.
// float16 and bfloat16 are scaled in float32.
array round(const Operand& a, int decimals = 0, StreamOrDevice s = {});

// min(max(a, low), high). Raises ArgumentError where there is neither.
array clip(const Operand& a, const std::optional<Operand>& a_min,
           const std::optional<Operand>& a_max, StreamOrDevice s = {});

// NaN and infinities replaced, of either part of a complex number; infinities by the largest finite
// numbers of the dtype unless named. Integers are returned as they are.
array nan_to_num(const Operand& a, double nan = 0, std::optional<double> posinf = {},
                 std::optional<double> neginf = {}, StreamOrDevice s = {});

// The quotient rounded down and the remainder. Raises DTypeError for complex numbers.
std::pair<array, array> divmod(const Operand& a, const Operand& b, StreamOrDevice s = {});

// |a - b| <= atol + rtol |b|, in float32 at least, or both the same infinity.
array isclose(const Operand& a, const Operand& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false, StreamOrDevice s = {});
array allclose(const Operand& a, const Operand& b, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false, StreamOrDevice s = {});

// Of different shapes: false. Dtypes may differ.
array array_equal(const Operand& a, const Operand& b, bool equal_nan = false,
                  StreamOrDevice s = {});

}  // namespace tandem
