// Scans, softmax and logsumexp: functions, and the methods of the same names.
#include <nanobind/stl/optional.h>

#include <optional>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

using Scan = array (*)(const array&, std::optional<int64_t>, bool, bool, StreamOrDevice);
struct Named {
  const char* name;
  Scan function;
  const char* doc;
};

constexpr Named kExtremes[] = {
    {"cummax", &cummax,
     "Greatest element so far along an axis (of the flattened array when none is named); NaN\n"
     "wins, complex numbers are in sort's order. AxisError for a bad axis."},
    {"cummin", &cummin,
     "Least element so far along an axis (of the flattened array when none is named); NaN wins,\n"
     "complex numbers are in sort's order. AxisError for a bad axis."},
    {"logcumsumexp", &logcumsumexp,
     "log(cumsum(exp(a))) along an axis (of the flattened array when none is named), without\n"
     "overflow. AxisError for a bad axis."},
};
struct NamedTotal {
  const char* name;
  const char* alias;
  Scan function;
  const char* doc;
};
constexpr NamedTotal kTotals[] = {
    {"cumsum", "cumulative_sum", &cumsum,
     "Sum so far along an axis (of the flattened array when none is named). `reverse` begins at\n"
     "the end; without `inclusive` an element has the sum of those before it. int32 for bool.\n"
     "AxisError for a bad axis."},
    {"cumprod", "cumulative_prod", &cumprod,
     "Product so far along an axis (of the flattened array when none is named). AxisError for a\n"
     "bad axis."},
};

}  // namespace

void bind_scans(nb::module_& m, ArrayClass& cls) {
  const auto stream = [] { return nb::arg("stream") = nb::none(); };
  const auto axis = [] { return nb::arg("axis") = nb::none(); };
  const auto reverse = [] { return nb::arg("reverse") = false; };
  const auto inclusive = [] { return nb::arg("inclusive") = true; };
  for (const Named& op : kExtremes) {
    const auto call = [f = op.function](const array& a, std::optional<int64_t> along, bool from_end,
                                        bool with_own, const StreamOrDevice& s) {
      return f(a, along, from_end, with_own, s);
    };
    m.def(op.name, call, nb::arg("a"), axis(), nb::kw_only(), reverse(), inclusive(), stream(),
          op.doc);
    cls.def(op.name, call, axis(), nb::kw_only(), reverse(), inclusive(), stream(), op.doc);
  }
  for (const NamedTotal& op : kTotals) {
    const auto call = [f = op.function](const array& a, std::optional<int64_t> along, bool from_end,
                                        bool with_own, std::optional<Dtype> dtype,
                                        const StreamOrDevice& s) {
      return f(dtype ? astype(a, *dtype, s) : a, along, from_end, with_own, s);
    };
    const auto dtype = [] { return nb::arg("dtype") = nb::none(); };
    for (const char* name : {op.name, op.alias}) {
      m.def(name, call, nb::arg("a"), axis(), nb::kw_only(), reverse(), inclusive(), dtype(),
            stream(), op.doc);
    }
    cls.def(op.name, call, axis(), nb::kw_only(), reverse(), inclusive(), dtype(), stream(),
            op.doc);
  }
  m.def(
      "softmax",
      [](const array& a, const AxesArgument& axes, bool, const StreamOrDevice& s) {
        return softmax(a, axes.value, s);
      },
      nb::arg("a"), axis(), nb::kw_only(), nb::arg("precise") = false, stream(),
      "Exponentials divided by their sum over the named axes (all when none are). float16 and\n"
      "bfloat16 are computed in float32 always, so `precise` changes nothing. AxisError for a bad\n"
      "axis.");
  const auto log_sum = [](const array& a, const AxesArgument& axes, bool keepdims,
                          const StreamOrDevice& s) {
    return logsumexp(a, axes.value, keepdims, s);
  };
  constexpr const char* kDoc =
      "log(sum(exp(a))) over the named axes (all when none are), without overflow. ArgumentError\n"
      "when there is nothing to sum, AxisError for a bad axis.";
  m.def("logsumexp", log_sum, nb::arg("a"), axis(), nb::arg("keepdims") = false, nb::kw_only(),
        stream(), kDoc);
  cls.def("logsumexp", log_sum, axis(), nb::arg("keepdims") = false, nb::kw_only(), stream(), kDoc);
}

}  // namespace tandem::python
