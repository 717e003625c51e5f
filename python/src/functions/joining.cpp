// Joining, cutting, repeating, padding and moving along axes: functions and methods.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

nb::list make_split(const array& a, const AxesArgument& parts, int64_t axis,
                    const StreamOrDevice& s, bool equal) {
  const std::vector<int64_t> numbers = parts.value.value_or(std::vector<int64_t>());
  return list_of(equal ? split(a, numbers[0], axis, s) : split(a, numbers, axis, s));
}

// A number asks for equal parts, a sequence names positions.
nb::list split_from(const array& a, nb::handle parts, int64_t axis, const StreamOrDevice& s) {
  AxesArgument numbers;
  TANDEM_USER(integers_from(parts.ptr(), numbers.value.emplace()), ArgumentError, "split",
              "expects a number of parts or a sequence of positions");
  return make_split(a, numbers, axis, s, PySequence_Check(parts.ptr()) == 0);
}

constexpr char kSplitText[] =
    "Equal parts along an axis, by their number, or the parts between the positions given.\n"
    "ArgumentError when there are no such equal parts, AxisError for a bad axis.";

PadMode mode_from(const std::string& mode) {
  if (mode == "constant") return PadMode::constant;
  if (mode == "edge") return PadMode::edge;
  if (mode == "reflect") return PadMode::reflect;
  TANDEM_USER(mode == "symmetric", ArgumentError, "pad",
              "expects mode 'constant', 'edge', 'reflect' or 'symmetric': got '{}'", mode);
  return PadMode::symmetric;
}

// n | (n,) | (before, after), for every axis, or [(before, after), ...], one for each.
std::vector<PadWidth> widths_from(nb::handle source, int rank) {
  std::vector<int64_t> numbers;
  const auto pair_of = [](const std::vector<int64_t>& pair) {
    TANDEM_USER(pair.size() == 1 || pair.size() == 2, ArgumentError, "pad",
                "expects widths (before, after): got {} numbers", pair.size());
    return PadWidth{pair.front(), pair.back()};
  };
  if (PySequence_Check(source.ptr()) && PySequence_Size(source.ptr()) == 0) return {};
  if (integers_from(source.ptr(), numbers)) {
    return std::vector<PadWidth>(static_cast<size_t>(rank), pair_of(numbers));
  }
  TANDEM_USER(PySequence_Check(source.ptr()), ArgumentError, "pad",
              "expects widths as a number or pairs of numbers");
  std::vector<PadWidth> widths;
  for (nb::handle item : source) {
    numbers.clear();
    TANDEM_USER(integers_from(item.ptr(), numbers), ArgumentError, "pad",
                "expects widths as a number or pairs of numbers");
    widths.push_back(pair_of(numbers));
  }
  if (widths.size() == 1) widths.resize(static_cast<size_t>(rank), widths[0]);
  return widths;
}

void bind_joins(nb::module_& m) {
  for (const char* name : {"concatenate", "concat"}) {
    m.def(
        name,
        [](const ArraysArgument& arrays, std::optional<int64_t> axis, const StreamOrDevice& s) {
          return concatenate(arrays.value, axis, s);
        },
        nb::arg("arrays"), nb::arg("axis").none() = 0, nb::kw_only(), kStream(),
        "Arrays one after the other along an axis, or flattened for None. ShapeError when the "
        "other\n"
        "extents differ, ArgumentError without arrays.");
  }
  m.def(
      "stack",
      [](const ArraysArgument& arrays, std::optional<int64_t> axis, const StreamOrDevice& s) {
        return stack(arrays.value, axis, s);
      },
      nb::arg("arrays"), nb::arg("axis").none() = 0, nb::kw_only(), kStream(),
      "Arrays of one shape along a new axis; flattened before for None. ShapeError when the "
      "shapes\n"
      "differ, ArgumentError without arrays.");
  m.def("split", &split_from, nb::arg("a"), nb::arg("indices_or_sections"), nb::arg("axis") = 0,
        nb::kw_only(), kStream(),
        nb::sig("def split(a: array, indices_or_sections: int | collections.abc.Sequence[int], "
                "axis: int = 0, *, stream: Stream | Device | DeviceType | None = None) "
                "-> list[array]"),
        kSplitText);
  m.def(
      "unstack",
      [](const array& x, int64_t axis, const StreamOrDevice& s) {
        return nb::tuple(list_of(unstack(x, axis, s)));
      },
      nb::arg("x"), nb::kw_only(), nb::arg("axis") = 0, kStream(),
      nb::sig("def unstack(x: array, *, axis: int = 0, stream: Stream | Device | DeviceType | None "
              "= None) -> tuple[array, ...]"),
      "The elements along an axis, which is dropped. AxisError for a bad axis.");
}

void bind_repeats(nb::module_& m) {
  m.def(
      "repeat",
      [](const Operand& a, int64_t repeats, std::optional<int64_t> axis, const StreamOrDevice& s) {
        return repeat(a.to_array(), repeats, axis, s);
      },
      nb::arg("array"), nb::arg("repeats"), nb::arg("axis") = nb::none(), nb::kw_only(), kStream(),
      "Each element `repeats` times in a row along an axis, or of the flattened array for None.\n"
      "ArgumentError for a negative number.");
  m.def(
      "tile",
      [](const Operand& a, const ShapeArgument& repetitions, const StreamOrDevice& s) {
        return tile(a.to_array(), {repetitions.value.begin(), repetitions.value.end()}, s);
      },
      nb::arg("a"), nb::arg("reps"), nb::kw_only(), kStream(),
      "The whole array again and again, `reps` times along the last axes. ArgumentError for a\n"
      "negative number.");
  m.def(
      "pad",
      [](const array& a, nb::handle width, const std::string& mode, const Operand& value,
         const StreamOrDevice& s) {
        return pad(a, widths_from(width, a.ndim()), mode_from(mode), value, s);
      },
      nb::arg("a"), nb::arg("pad_width"), nb::arg("mode") = "constant",
      nb::arg("constant_values") = 0, nb::kw_only(), kStream(),
      nb::sig("def pad(a: array, pad_width: int | collections.abc.Sequence[int] | "
              "collections.abc.Sequence[collections.abc.Sequence[int]], mode: str = 'constant', "
              "constant_values: array | bool | int | float | complex = 0, *, stream: Stream | "
              "Device | DeviceType | None = None) -> array"),
      "More elements before and behind each axis: `constant_values`, the outermost ones ('edge'), "
      "or\n"
      "the array mirrored without ('reflect') or with ('symmetric') its edges. Widths are one "
      "number,\n"
      "one pair (before, after), or a pair for each axis. ArgumentError for negative widths.");
}

void bind_moves(nb::module_& m) {
  m.def(
      "roll",
      [](const array& a, const ShapeArgument& shift, const AxesArgument& axes,
         const StreamOrDevice& s) {
        return roll(a, {shift.value.begin(), shift.value.end()}, axes.value, s);
      },
      nb::arg("a"), nb::arg("shift"), nb::arg("axis") = nb::none(), nb::kw_only(), kStream(),
      "Elements moved along axes, those that leave come in at the other end; of the flattened "
      "array\n"
      "when no axis is named. AxisError for a bad axis.");
  m.def(
      "flip",
      [](const array& a, const AxesArgument& axes, const StreamOrDevice& s) {
        return flip(a, axes.value, s);
      },
      nb::arg("a"), nb::arg("axis") = nb::none(), nb::kw_only(), kStream(),
      "Reversed along the named axes (all when none are), without a copy. AxisError for a bad "
      "axis.");
  m.def(
      "diff",
      [](const array& a, int64_t n, int64_t axis, const StreamOrDevice& s) {
        return diff(a, n, axis, s);
      },
      nb::arg("a"), nb::arg("n") = 1, nb::arg("axis") = -1, nb::kw_only(), kStream(),
      "Differences of neighbours along an axis, n times over; of bool whether they differ.\n"
      "ArgumentError for a negative n, AxisError for a bad axis.");
}

}  // namespace

bool arrays_from(PyObject* object, std::vector<array>& result) {
  if (is_array(object)) {
    result = unstack(array_of(object), 0);
    return true;
  }
  if (!PyList_Check(object) && !PyTuple_Check(object)) return false;
  for (nb::handle item : nb::handle(object)) {
    const std::optional<Operand> operand = operand_from(item.ptr());
    if (!operand) return false;
    result.push_back(operand->to_array());
  }
  return true;
}

std::vector<array> arrays_of(const nb::args& arguments, const char* op) {
  std::vector<array> result;
  for (nb::handle item : arguments) {
    const std::optional<Operand> operand = operand_from(item.ptr());
    TANDEM_USER(operand.has_value(), DTypeError, op, "expects arrays: got {}",
                nb::type_name(item.type()).c_str());
    result.push_back(operand->to_array());
  }
  return result;
}

nb::list list_of(const std::vector<array>& arrays) {
  nb::list result;
  for (const array& a : arrays) result.append(nb::steal(wrap(a)));
  return result;
}

void bind_joining(nb::module_& m, ArrayClass& cls) {
  bind_joins(m);
  bind_repeats(m);
  bind_moves(m);
  cls.def("split", &split_from, nb::arg("indices_or_sections"), nb::arg("axis") = 0, nb::kw_only(),
          kStream(),
          nb::sig("def split(self, indices_or_sections: int | collections.abc.Sequence[int], "
                  "axis: int = 0, *, stream: Stream | Device | DeviceType | None = None) "
                  "-> list[array]"),
          kSplitText);
}

}  // namespace tandem::python
