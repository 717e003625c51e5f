// What every row is expected to compute, written against the standard library and independent of
// the row's own text. A row without an entry fails the tests: adding an op adds its entry here.
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "tandem/op_table/op.h"

namespace tandem::op_table {

using Real = long double;
using Whole = __int128;
using Cplx = std::complex<double>;

// A stated value: operands and result, NaN for NaN; the sign of zero counts.
struct Stated {
  std::vector<float> operands;
  float result;
};

struct RowReference {
  RowId id;
  // Null where the row has no text of that class. Comparisons give 0 or 1. Unused operands are 0.
  Real (*real)(Real x, Real y, Real z) = nullptr;
  Whole (*integer)(Whole x, Whole y, Whole z) = nullptr;
  Cplx (*complex)(Cplx x, Cplx y, Cplx z) = nullptr;
  std::vector<Stated> stated = {};
  bool bound_everywhere = true;  // the ULP bound holds beyond the row's domain too
};

std::span<const RowReference> row_references();
const RowReference* find_reference(RowId id);

}  // namespace tandem::op_table
