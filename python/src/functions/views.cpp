// Reshaping, reordering and broadcasting: functions and the methods of the same names.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <vector>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

array make_reshape(const array& a, const ShapeArgument& shape, const StreamOrDevice& s) {
  return reshape(a, shape.value, s);
}

array make_flatten(const array& a, int64_t start, int64_t end, const StreamOrDevice& s) {
  return flatten(a, start, end, s);
}

array make_squeeze(const array& a, const AxesArgument& axes, const StreamOrDevice& s) {
  return squeeze(a, axes.value, s);
}

array make_transpose(const array& a, const AxesArgument& axes, const StreamOrDevice& s) {
  return transpose(a, axes.value, s);
}

array make_swapaxes(const array& a, int64_t first, int64_t second, const StreamOrDevice& s) {
  return swapaxes(a, first, second, s);
}

array make_moveaxis(const array& a, int64_t source, int64_t destination, const StreamOrDevice& s) {
  return moveaxis(a, source, destination, s);
}

// Extents or axes given one by one or as one sequence.
std::optional<std::vector<int64_t>> spread(const nb::args& arguments, const char* what) {
  if (arguments.size() == 0) return std::nullopt;
  const nb::handle only = arguments[0];
  const nb::handle source = arguments.size() == 1 ? only : nb::handle(arguments);
  std::vector<int64_t> result;
  if (arguments.size() == 1 && only.is_none()) return std::nullopt;
  TANDEM_USER(integers_from(source.ptr(), result), ArgumentError, what,
              "expected whole numbers or one sequence of them");
  return result;
}

void bind_shape_functions(nb::module_& m) {
  m.def("reshape", &make_reshape, nb::arg("a"), nb::arg("shape"), nb::kw_only(), kStream(),
        "The same elements in row-major order as another shape; one extent may be -1. Copies only\n"
        "where no strides can express the result. ShapeError if the element counts differ.");
  m.def("flatten", &make_flatten, nb::arg("a"), nb::arg("start_axis") = 0, nb::arg("end_axis") = -1,
        nb::kw_only(), kStream(), "Axes start_axis to end_axis, both included, become one.");
  m.def("squeeze", &make_squeeze, nb::arg("a"), nb::arg("axis") = nb::none(), nb::kw_only(),
        kStream(),
        "Removes axes of extent 1: all, or those named. ShapeError if one of them is longer.");
  m.def(
      "expand_dims",
      [](const array& a, const AxesArgument& axes, const StreamOrDevice& s) {
        return expand_dims(a, axes.value.value_or(std::vector<int64_t>()), s);
      },
      nb::arg("a"), nb::arg("axis"), nb::kw_only(), kStream(),
      "Adds axes of extent 1 at the named positions of the result.");
  m.def(
      "broadcast_to",
      [](const Operand& a, const ShapeArgument& shape, const StreamOrDevice& s) {
        return broadcast_to(a.to_array(), shape.value, s);
      },
      nb::arg("a"), nb::arg("shape"), nb::kw_only(), kStream(),
      "The array repeated along axes of extent 1 and new leading axes, without a copy.\n"
      "ShapeError if the shapes do not fit.");
  m.def(
      "broadcast_shapes",
      [](const nb::args& shapes) {
        Shape result;
        for (nb::handle item : shapes) {
          std::vector<int64_t> shape;
          TANDEM_USER(integers_from(item.ptr(), shape), ArgumentError, "broadcast_shapes",
                      "expected shapes");
          result = broadcast_shapes(result, shape, "broadcast_shapes");
        }
        nb::list extents;
        for (int64_t extent : result) extents.append(extent);
        return nb::tuple(extents);
      },
      nb::sig("def broadcast_shapes(*shapes: collections.abc.Sequence[int]) -> tuple[int, ...]"),
      "The shape that all the shapes broadcast to. ShapeError if there is none.");
}

void bind_order_functions(nb::module_& m) {
  for (const char* name : {"transpose", "permute_dims"}) {
    m.def(name, &make_transpose, nb::arg("a"), nb::arg("axes") = nb::none(), nb::kw_only(),
          kStream(), "The axes in reverse order, or in the order named. AxisError for a bad axis.");
  }
  m.def(
      "matrix_transpose",
      [](const array& a, const StreamOrDevice& s) { return swapaxes(a, -1, -2, s); }, nb::arg("a"),
      nb::kw_only(), kStream(), "The last two axes exchanged.");
  m.def("swapaxes", &make_swapaxes, nb::arg("a"), nb::arg("axis1"), nb::arg("axis2"), nb::kw_only(),
        kStream(), "Two axes exchanged. AxisError for a bad axis.");
  m.def("moveaxis", &make_moveaxis, nb::arg("a"), nb::arg("source"), nb::arg("destination"),
        nb::kw_only(), kStream(), "One axis moved to another place. AxisError for a bad axis.");
  m.def(
      "contiguous", [](const array& a, bool, const StreamOrDevice& s) { return contiguous(a, s); },
      nb::arg("a"), nb::arg("allow_col_major") = false, nb::kw_only(), kStream(),
      "A row-major copy, or the array itself when it is one already.");
}

}  // namespace

void bind_views(nb::module_& m, ArrayClass& cls) {
  bind_shape_functions(m);
  bind_order_functions(m);
  cls.def(
         "reshape",
         [](const array& a, const nb::args& shape, const StreamOrDevice& s) {
           return reshape(a, spread(shape, "reshape").value_or(std::vector<int64_t>()), s);
         },
         nb::arg("shape"), nb::kw_only(), kStream(),
         nb::sig("def reshape(self, *shape: typing.Any, stream: Stream | Device | DeviceType | "
                 "None = None) -> array"),
         "The elements as another shape, given as ints or one sequence. See the function.")
      .def(
          "transpose",
          [](const array& a, const nb::args& axes, const StreamOrDevice& s) {
            return transpose(a, spread(axes, "transpose"), s);
          },
          nb::arg("axes"), nb::kw_only(), kStream(),
          nb::sig("def transpose(self, *axes: typing.Any, stream: Stream | Device | DeviceType | "
                  "None = None) -> array"),
          "The axes in reverse order, or in the order given as ints or one sequence.")
      .def("flatten", &make_flatten, nb::arg("start_axis") = 0, nb::arg("end_axis") = -1,
           nb::kw_only(), kStream(), "See the function flatten.")
      .def("squeeze", &make_squeeze, nb::arg("axis") = nb::none(), nb::kw_only(), kStream(),
           "See the function squeeze.")
      .def("swapaxes", &make_swapaxes, nb::arg("axis1"), nb::arg("axis2"), nb::kw_only(), kStream(),
           "See the function swapaxes.")
      .def("moveaxis", &make_moveaxis, nb::arg("source"), nb::arg("destination"), nb::kw_only(),
           kStream(), "See the function moveaxis.");
}

}  // namespace tandem::python
