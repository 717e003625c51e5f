// Reductions: functions and the methods of the same names.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>

#include <optional>
#include <utility>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

using Reduction = array (*)(const array&, const Axes&, bool, StreamOrDevice);
struct Named {
  const char* name;
  Reduction function;
  const char* doc;
};

constexpr Named kReductions[] = {
    {"sum", &sum,
     "Sum over the named axes (all when none are). bool and small integers are summed as int32\n"
     "(unsigned ones as uint32). AxisError for a bad axis."},
    {"prod", &prod,
     "Product over the named axes (all when none are). bool and small integers are multiplied as\n"
     "int32 (unsigned ones as uint32). AxisError for a bad axis."},
    {"min", &min,
     "Least element over the named axes (all when none are); NaN wins. ArgumentError when there "
     "is\n"
     "nothing to choose from, AxisError for a bad axis."},
    {"max", &max,
     "Greatest element over the named axes (all when none are); NaN wins. ArgumentError when "
     "there\n"
     "is nothing to choose from, AxisError for a bad axis."},
    {"mean", &mean,
     "Sum over the named axes (all when none are) divided by their extent; float32 for integers.\n"
     "AxisError for a bad axis."},
    {"all", &all,
     "Whether every element over the named axes (all when none are) is nonzero. AxisError for a "
     "bad\n"
     "axis."},
    {"any", &any,
     "Whether some element over the named axes (all when none are) is nonzero. AxisError for a "
     "bad\n"
     "axis."},
};

using Spread = array (*)(const array&, const Axes&, bool, int, StreamOrDevice);
struct NamedSpread {
  const char* name;
  Spread function;
  const char* doc;
};
constexpr NamedSpread kSpreads[] = {
    {"var", &var,
     "Mean of the squared distances from the mean over the named axes (all when none are), "
     "divided\n"
     "by the extent less `ddof`, which the array API calls `correction`. AxisError for a bad "
     "axis."},
    {"std", &std,
     "Square root of the variance over the named axes (all when none are), with `ddof` or\n"
     "`correction` as there. AxisError for a bad axis."},
};

using Position = array (*)(const array&, std::optional<int64_t>, bool, StreamOrDevice);
struct NamedPosition {
  const char* name;
  Position function;
  const char* doc;
};
constexpr NamedPosition kPositions[] = {
    {"argmin", &argmin,
     "Position (uint32) of the first least element along an axis, or in the flattened array when\n"
     "none is named. AxisError for a bad axis."},
    {"argmax", &argmax,
     "Position (uint32) of the first greatest element along an axis, or in the flattened array "
     "when\n"
     "none is named. AxisError for a bad axis."},
};

array make_count(const array& a, const AxesArgument& axes, bool keepdims, const StreamOrDevice& s) {
  return count_nonzero(a, axes.value, keepdims, s);
}

}  // namespace

void bind_reductions(nb::module_& m, ArrayClass& cls) {
  for (const Named& op : kReductions) {
    const auto call = [f = op.function](const array& a, const AxesArgument& axes, bool keepdims,
                                        const StreamOrDevice& s) {
      return f(a, axes.value, keepdims, s);
    };
    m.def(op.name, call, nb::arg("a"), nb::arg("axis") = nb::none(), nb::arg("keepdims") = false,
          nb::kw_only(), kStream(), op.doc);
    cls.def(op.name, call, nb::arg("axis") = nb::none(), nb::arg("keepdims") = false, nb::kw_only(),
            kStream(), op.doc);
  }
  for (const NamedSpread& op : kSpreads) {
    const auto call = [f = op.function](const array& a, const AxesArgument& axes, bool keepdims,
                                        int ddof, std::optional<int> correction,
                                        const StreamOrDevice& s) {
      return f(a, axes.value, keepdims, correction.value_or(ddof), s);
    };
    m.def(op.name, call, nb::arg("a"), nb::arg("axis") = nb::none(), nb::arg("keepdims") = false,
          nb::arg("ddof") = 0, nb::kw_only(), nb::arg("correction") = nb::none(), kStream(),
          op.doc);
    cls.def(op.name, call, nb::arg("axis") = nb::none(), nb::arg("keepdims") = false,
            nb::arg("ddof") = 0, nb::kw_only(), nb::arg("correction") = nb::none(), kStream(),
            op.doc);
  }
  for (const NamedPosition& op : kPositions) {
    const auto call = [f = op.function](const array& a, std::optional<int64_t> axis, bool keepdims,
                                        const StreamOrDevice& s) {
      return f(a, axis, keepdims, s);
    };
    m.def(op.name, call, nb::arg("a"), nb::arg("axis") = nb::none(), nb::arg("keepdims") = false,
          nb::kw_only(), kStream(), op.doc);
    cls.def(op.name, call, nb::arg("axis") = nb::none(), nb::arg("keepdims") = false, nb::kw_only(),
            kStream(), op.doc);
  }
  m.def("count_nonzero", &make_count, nb::arg("a"), nb::kw_only(), nb::arg("axis") = nb::none(),
        nb::arg("keepdims") = false, kStream(),
        "How many elements over the named axes (all when none are) are not zero, int32. AxisError "
        "for\n"
        "a bad axis.");
  m.def(
      "minmax",
      [](const array& a, const AxesArgument& axes, bool keepdims, const StreamOrDevice& s) {
        return std::pair(min(a, axes.value, keepdims, s), max(a, axes.value, keepdims, s));
      },
      nb::arg("a"), nb::arg("axis") = nb::none(), nb::arg("keepdims") = false, nb::kw_only(),
      kStream(),
      "Least and greatest element over the named axes (all when none are); NaN wins.\n"
      "ArgumentError when there is nothing to choose from, AxisError for a bad axis.");
}

}  // namespace tandem::python
