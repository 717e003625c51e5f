// Sorting and what is made of it.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

void bind_orders(nb::module_& m) {
  m.def(
      "sort",
      [](const array& a, std::optional<int64_t> axis, const StreamOrDevice& s) {
        return sort(a, axis, s);
      },
      nb::arg("a"), nb::arg("axis").none() = -1, nb::kw_only(), kStream(),
      "Ascending along an axis, or flattened for None. -0 comes before +0, complex numbers are "
      "ordered\n"
      "by their real and then their imaginary part, NaN comes last. AxisError for a bad axis.");
  m.def(
      "argsort",
      [](const array& a, std::optional<int64_t> axis, const StreamOrDevice& s) {
        return argsort(a, axis, s);
      },
      nb::arg("a"), nb::arg("axis").none() = -1, nb::kw_only(), kStream(),
      "Positions (uint32) that sort along an axis, or the flattened array for None; equal "
      "elements\n"
      "keep their order. AxisError for a bad axis.");
  m.def(
      "partition",
      [](const array& a, int64_t kth, std::optional<int64_t> axis, const StreamOrDevice& s) {
        return partition(a, kth, axis, s);
      },
      nb::arg("a"), nb::arg("kth"), nb::arg("axis").none() = -1, nb::kw_only(), kStream(),
      "Element kth is where sorting would put it, no greater one before and no lesser one behind\n"
      "it. ArgumentError when kth is out of range.");
  m.def(
      "argpartition",
      [](const array& a, int64_t kth, std::optional<int64_t> axis, const StreamOrDevice& s) {
        return argpartition(a, kth, axis, s);
      },
      nb::arg("a"), nb::arg("kth"), nb::arg("axis").none() = -1, nb::kw_only(), kStream(),
      "Positions (uint32) of the elements as partition arranges them. ArgumentError when kth is "
      "out\n"
      "of range.");
  m.def(
      "topk",
      [](const array& a, int64_t k, std::optional<int64_t> axis, const StreamOrDevice& s) {
        return topk(a, k, axis, s);
      },
      nb::arg("a"), nb::arg("k"), nb::arg("axis").none() = -1, nb::kw_only(), kStream(),
      "The k greatest elements along an axis, ascending. ArgumentError unless 0 <= k <= extent.");
}

Side side_from(const std::string& side) {
  TANDEM_USER(side == "left" || side == "right", ArgumentError, "searchsorted",
              "expects side 'left' or 'right': got '{}'", side);
  return side == "right" ? Side::right : Side::left;
}

}  // namespace

void bind_sorting(nb::module_& m) {
  bind_orders(m);
  m.def(
      "searchsorted",
      [](const Operand& sorted, const Operand& values, const std::string& side,
         const StreamOrDevice& s) {
        return searchsorted(sorted.to_array(), values.to_array(), side_from(side), s);
      },
      nb::arg("sorted_sequence"), nb::arg("values"), nb::arg("side") = "left", nb::kw_only(),
      kStream(),
      "Places (uint32) where values belong in a sorted sequence: before equal elements ('left') "
      "or\n"
      "behind them ('right'). ShapeError unless the sequence has one dimension.");
  m.def(
      "median",
      [](const array& a, const AxesArgument& axes, bool keepdims, const StreamOrDevice& s) {
        return median(a, axes.value, keepdims, s);
      },
      nb::arg("a"), nb::arg("axis") = nb::none(), nb::arg("keepdims") = false, nb::kw_only(),
      kStream(),
      "The middle element over the named axes (all when none are), or the mean of the two in the\n"
      "middle; NaN where there is one; float32 for integers. ArgumentError for an empty extent.");
}

}  // namespace tandem::python
