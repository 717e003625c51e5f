// array.at[...], and the functions that read and write at positions, along diagonals and strides.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <vector>

#include "array/indexing.h"
#include "bindings.h"
#include "casters.h"
#include "gil.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

// An array and an index that is about to take in values.
struct ArrayAt {
  array value;
  std::optional<Index> index = {};

  array updated(nb::handle given, Update how) const {
    TANDEM_USER(index.has_value(), ArgumentError, "array.at",
                "expects an index first, as in x.at[0].{}(1)", name_of(how));
    const Operand operand = value_from(given.ptr());
    std::optional<GilReleased> released;
    if (has_mask(*index)) released.emplace();
    return index_update(value, *index, operand, how);
  }
};

array take_any(const array& a, const Operand& indices, std::optional<int64_t> axis,
               const StreamOrDevice& s) {
  const Scalar* scalar = indices.as_scalar();
  if (!scalar) return take(a, *indices.as_array(), axis, s);
  const auto* position = std::get_if<int64_t>(scalar);
  TANDEM_USER(position, DTypeError, "take", "indices are whole numbers: got another scalar");
  return take(a, *position, axis, s);
}

struct NamedUpdate {
  Update how;
  const char* doc;
};
constexpr NamedUpdate kUpdates[] = {
    {Update::add, "Adds `value` to the elements named, once for every time they are named."},
    {Update::subtract, "Subtracts `value`, once for every time an element is named."},
    {Update::multiply, "Multiplies by `value`, once for every time an element is named."},
    {Update::divide,
     "Divides by `value`, once for every time an element is named; integers are divided as\n"
     "float32 and cast back."},
    {Update::maximum, "The larger of the element and every `value` given for it; NaN wins."},
    {Update::minimum, "The smaller of the element and every `value` given for it; NaN wins."},
};

void bind_at(nb::module_& m, ArrayClass& cls) {
  nb::class_<ArrayAt> at(m, "ArrayAt",
                         "Some elements of an array, to take in values: x.at[index].add(1) is a\n"
                         "copy of x where each element named by the index has 1 added for every\n"
                         "time it is named, while x[index] += 1 adds once.");
  at.def(
      "__getitem__",
      [](const ArrayAt& self, nb::handle key) {
        return ArrayAt{self.value, index_from(key.ptr())};
      },
      nb::arg("indices").none(),
      nb::sig("def __getitem__(self, indices: typing.Any, /) -> ArrayAt"));
  for (const NamedUpdate& update : kUpdates) {
    at.def(
        std::string(name_of(update.how)).c_str(),
        [how = update.how](const ArrayAt& self, nb::handle value) {
          return self.updated(value, how);
        },
        nb::arg("value"), update.doc);
  }
  cls.def_prop_ro(
      "at", [](const array& a) { return ArrayAt{a}; },
      "Elements to take in values: x.at[index].add(value), subtract, multiply, divide, maximum,\n"
      "minimum. Unlike x[index] += value, an element that is named twice takes in both values.");
}

void bind_take(nb::module_& m) {
  m.def(
      "take", &take_any, nb::arg("a"), nb::arg("indices"), nb::arg("axis") = nb::none(),
      nb::kw_only(), kStream(),
      "The elements at `indices` along an axis, which is replaced by the axes of the indices; of\n"
      "the flattened array when no axis is named. Negative indices count from the end; elements\n"
      "of an index array that are out of range give the nearest end. AxisError for a bad axis or\n"
      "a number out of range, DTypeError for indices that are no integers.");
  m.def("take_along_axis", &take_along_axis, nb::arg("a"), nb::arg("indices"),
        nb::arg("axis").none() = -1, nb::kw_only(), kStream(),
        "result[.., i, ..] = a[.., indices[.., i, ..], ..] along the axis; the other axes\n"
        "broadcast. Of the flattened array when the axis is None. ShapeError unless both have as\n"
        "many axes.");
  m.def(
      "put_along_axis", &put_along_axis, nb::arg("a"), nb::arg("indices"), nb::arg("values"),
      nb::arg("axis") = nb::none(), nb::kw_only(), kStream(),
      "A copy of `a` with result[.., indices[.., i, ..], ..] = values[.., i, ..] along the axis,\n"
      "or in the flattened array when none is named. Where an index repeats, the last value\n"
      "stays. ShapeError unless indices and array have as many axes.");
}

void bind_slices(nb::module_& m) {
  m.def(
      "slice",
      [](const array& a, const array& start, const std::vector<int64_t>& axes,
         const ShapeArgument& size,
         const StreamOrDevice& s) { return slice(a, start, axes, size.value, s); },
      nb::arg("a"), nb::arg("start_indices"), nb::arg("axes"), nb::arg("slice_size"), nb::kw_only(),
      kStream(),
      "A part of the array, of shape `slice_size`, that starts at `start_indices` on the named\n"
      "axes and at 0 on the others. The starts may be the result of a computation; they are moved\n"
      "so that the part lies inside. ShapeError for a size that does not fit.");
  m.def(
      "slice_update",
      [](const array& a, const array& update, const array& start, const std::vector<int64_t>& axes,
         const StreamOrDevice& s) { return slice_update(a, update, start, axes, s); },
      nb::arg("a"), nb::arg("update"), nb::arg("start_indices"), nb::arg("axes"), nb::kw_only(),
      kStream(),
      "A copy of the array with `update` written where slice would read. ShapeError for an update\n"
      "that does not fit.");
}

void bind_diagonals(nb::module_& m, ArrayClass& cls) {
  const auto make_diagonal = [](const array& a, int64_t offset, int64_t axis1, int64_t axis2,
                                const StreamOrDevice& s) {
    return diagonal(a, offset, axis1, axis2, s);
  };
  m.def("diagonal", make_diagonal, nb::arg("a"), nb::arg("offset") = 0, nb::arg("axis1") = 0,
        nb::arg("axis2") = 1, kStream(),
        "Elements with index i on the first axis and i + offset on the second, as a last axis in\n"
        "place of both. AxisError for a bad axis, ShapeError for fewer than two axes.");
  cls.def("diagonal", make_diagonal, nb::arg("offset") = 0, nb::arg("axis1") = 0,
          nb::arg("axis2") = 1, kStream(), "See the function diagonal.");
  const auto make_diag = [](const array& a, int64_t k, const StreamOrDevice& s) {
    return diag(a, k, s);
  };
  m.def("diag", make_diag, nb::arg("a"), nb::arg("k") = 0, nb::kw_only(), kStream(),
        "The k-th diagonal of a matrix, or the square matrix with a vector there and zeros\n"
        "elsewhere. ShapeError for other ranks.");
  cls.def("diag", make_diag, nb::arg("k") = 0, nb::kw_only(), kStream(), "See the function diag.");
  m.def(
      "trace",
      [](const array& a, int64_t offset, int64_t axis1, int64_t axis2, std::optional<Dtype> dtype,
         const StreamOrDevice& s) { return trace(a, offset, axis1, axis2, dtype, s); },
      nb::arg("a"), nb::arg("offset") = 0, nb::arg("axis1") = 0, nb::arg("axis2") = 1,
      nb::arg("dtype") = nb::none(), nb::kw_only(), kStream(),
      "The sum along a diagonal, in `dtype` when it is named. Raises what diagonal raises.");
  m.def(
      "as_strided",
      [](const array& a, const std::optional<ShapeArgument>& shape,
         const std::optional<std::vector<int64_t>>& strides, int64_t offset,
         const StreamOrDevice& s) {
        return as_strided(
            a, shape ? std::optional(shape->value) : std::nullopt,
            strides ? std::optional(Strides(strides->begin(), strides->end())) : std::nullopt,
            offset, s);
      },
      nb::arg("a"), nb::arg("shape") = nb::none(), nb::arg("strides") = nb::none(),
      nb::arg("offset") = 0, nb::kw_only(), kStream(),
      "A view of the elements in row-major order: element p of it is number offset + the sum of\n"
      "p[i] * strides[i]. ShapeError when it would reach outside.");
}

}  // namespace

void bind_indexing(nb::module_& m, ArrayClass& cls) {
  bind_at(m, cls);
  bind_take(m);
  bind_slices(m);
  bind_diagonals(m, cls);
}

}  // namespace tandem::python
