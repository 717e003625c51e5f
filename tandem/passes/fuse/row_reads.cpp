#include "tandem/passes/fuse/row_reads.h"

#include <algorithm>
#include <bit>

namespace tandem::passes {
namespace {

using graph::Structured;

bool is_reduced(uint64_t reduced, size_t axis) {
  return (reduced >> std::min<size_t>(axis, 63) & 1);
}

// A shape that broadcasts to the domain: every reduced axis repeats, every other is there whole.
bool repeats_along(uint64_t reduced, Dims shape, Dims domain) {
  if (shape.size() > domain.size()) return false;
  const size_t missing = domain.size() - shape.size();
  for (size_t axis = 0; axis < domain.size(); ++axis) {
    const bool repeats = axis < missing || shape[axis - missing] != domain[axis];
    if (repeats != is_reduced(reduced, axis)) return false;
  }
  return true;
}

}  // namespace

bool reads_own_row(const Operand& operand, RowForm form, uint64_t reduced, Dims domain,
                   std::span<const int64_t> dims) {
  const ViewStep* reshape = nullptr;
  for (const ViewStep& step : operand.views) {
    if (step.op.is(Structured::broadcast)) continue;
    // A broadcast before it may have moved elements.
    if (!step.op.is(Structured::reshape) || &step != operand.views.begin()) return false;
    reshape = &step;
  }
  if (reshape)
    return repeats_along(reduced, dims.subspan(reshape->first_dim, reshape->rank), domain);
  if (form == RowForm::kept) return true;
  // The axes that are left stand in order at the end of the domain only if the first are reduced.
  const int count = std::popcount(reduced);
  return reduced == (count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1);
}

}  // namespace tandem::passes
