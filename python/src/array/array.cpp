// Class array: construction, properties, conversion to numbers and text.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <vector>

#include "array/array_data.h"
#include "array/exchange.h"
#include "array/operators.h"
#include "array/values.h"
#include "bindings.h"
#include "casters.h"
#include "gil.h"

namespace tandem::python {

PyTypeObject* array_type = nullptr;
void bind_iterator(nb::module_& m);

bool integers_from(PyObject* object, std::vector<int64_t>& result) {
  const auto append = [&result](PyObject* item) {
    if (PyBool_Check(item) || !PyIndex_Check(item)) return false;
    const Py_ssize_t value = PyNumber_AsSsize_t(item, PyExc_OverflowError);
    if (value == -1 && PyErr_Occurred()) {
      PyErr_Clear();
      return false;
    }
    result.push_back(value);
    return true;
  };
  if (PyIndex_Check(object) && !is_array(object)) return append(object);
  if (!PySequence_Check(object) || PyUnicode_Check(object) || is_array(object)) return false;
  const nb::object items = nb::steal(PySequence_Fast(object, "expected a sequence"));
  if (!items.is_valid()) {
    PyErr_Clear();
    return false;
  }
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.ptr()); ++i) {
    if (!append(PySequence_Fast_GET_ITEM(items.ptr(), i))) return false;
  }
  return true;
}

namespace {

// An array from whatever Python object can be one.
array make_array(nb::handle value, std::optional<Dtype> dtype) {
  PyObject* object = value.ptr();
  if (is_array(object)) return dtype ? astype(array_of(object), *dtype) : array_of(object);
  if (const auto scalar = scalar_from(object))
    return array(*scalar, dtype.value_or(dtype_of(*scalar)));
  if (PyList_Check(object) || PyTuple_Check(object)) return array_from_sequence(object, dtype);
  if (nb::hasattr(value, "__mlx_array__")) return make_array(value.attr("__mlx_array__")(), dtype);
  if (is_data(object)) return array_from_data(object, dtype);
  const bool text = PyUnicode_Check(object) || PyDict_Check(object) || PyAnySet_Check(object);
  if (!text && PySequence_Check(object)) {
    return array_from_sequence(nb::list(nb::borrow(value)).ptr(), dtype);
  }
  raise<DTypeError>("array", "cannot make an array from an object of type {}",
                    Py_TYPE(object)->tp_name);
}

array as_array(nb::handle value, std::optional<Dtype> dtype, std::optional<bool> copy) {
  PyObject* object = value.ptr();
  const bool plain = is_array(object) || PyList_Check(object) || PyTuple_Check(object) ||
                     scalar_from(object).has_value() || !is_data(object);
  if (plain) {
    TANDEM_USER(copy.value_or(true) || is_array(object), ArgumentError, "asarray",
                "an object of type {} cannot be shared without a copy", Py_TYPE(object)->tp_name);
    const array result = make_array(value, dtype);
    TANDEM_USER(copy.value_or(true) || result.dtype() == array_of(object).dtype(), ArgumentError,
                "asarray", "another dtype needs a copy: got copy=False");
    return copy.value_or(false) && is_array(object) ? host_copy(result) : result;
  }
  const array shared = array_on_data(object, copy);
  // Doubles are float32 here unless they are asked for.
  const Dtype natural = shared.dtype() == Dtype::float64 ? Dtype::float32 : shared.dtype();
  return astype(shared, dtype.value_or(natural));
}

nb::tuple shape_tuple(const array& a) {
  const Dims shape = a.shape();
  nb::object result = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(shape.size())));
  for (size_t i = 0; i < shape.size(); ++i) {
    PyTuple_SET_ITEM(result.ptr(), static_cast<Py_ssize_t>(i), PyLong_FromLongLong(shape[i]));
  }
  return nb::borrow<nb::tuple>(result);
}

std::string text_of(const array& a) {
  const GilReleased released;
  return to_string(a);
}

// Formats as the one number it is, and otherwise as text.
nb::object format(const array& a, const nb::str& specification) {
  if (a.ndim() == 0) {
    return nb::steal(PyObject_Format(element(a, "format").ptr(), specification.ptr()));
  }
  if (nb::len(specification) == 0) return nb::str(text_of(a).c_str());
  const std::string text = "a format needs an array of no axes: got shape " + to_string(a.shape());
  throw nb::type_error(text.c_str());
}

nb::object as_number(const array& a, PyObject* (*convert)(PyObject*), const char* what) {
  const nb::object result = nb::steal(convert(element(a, what).ptr()));
  if (!result.is_valid()) throw nb::python_error();
  return result;
}

PyObject* to_complex(PyObject* number) {
  return PyObject_CallOneArg(reinterpret_cast<PyObject*>(&PyComplex_Type), number);
}

std::vector<PyType_Slot> array_slots() {
  std::vector<PyType_Slot> slots;
  add_operator_slots(slots);
  add_container_slots(slots);
  for (const PyType_Slot* slot = buffer_slots(); slot->slot != 0; ++slot) slots.push_back(*slot);
  slots.push_back({0, nullptr});
  return slots;
}

constexpr char kArrayDoc[] =
    "An immutable value with a shape and a dtype, computed when somebody asks for it.\n\n"
    "It has no location: any device reads it. `array(value, dtype=None)` copies numbers, nested\n"
    "sequences, NumPy arrays, buffers and objects with __array__ or __dlpack__. ints become int32\n"
    "(int64 where they do not fit), floats and float64 float32 unless a dtype is named.\n"
    "Raises ShapeError for sequences that are not uniform, DTypeError for elements it cannot hold.";

void bind_properties(ArrayClass& cls) {
  cls.def_prop_ro("shape", &shape_tuple, nb::sig("def shape(self) -> tuple[int, ...]"),
                  "The extent of each axis.")
      .def_prop_ro("ndim", &array::ndim, "Number of axes.")
      .def_prop_ro("size", &array::size, "Number of elements.")
      .def_prop_ro("dtype", &array::dtype, "Type of the elements.")
      .def_prop_ro("itemsize", &array::itemsize, "Bytes of one element.")
      .def_prop_ro("nbytes", &array::nbytes, "Bytes of all elements.")
      .def_prop_ro("T", [](const array& a) { return transpose(a); }, "The axes in reverse order.");
}

void bind_conversions(ArrayClass& cls) {
  cls.def(
         "item", [](const array& a) { return element(a, "item"); },
         nb::sig("def item(self) -> bool | int | float | complex"),
         "Waits for the value and gives its one element as a Python number.\n"
         "ShapeError unless the array has exactly one element.")
      .def("tolist", &nested_list, nb::sig("def tolist(self) -> typing.Any"),
           "Waits for the value and gives it as nested lists of Python numbers; an array of no\n"
           "axes gives the number alone.")
      .def(
          "astype",
          [](const array& a, Dtype dtype, const StreamOrDevice& s) { return astype(a, dtype, s); },
          nb::arg("dtype"), nb::arg("stream") = nb::none(),
          "The same elements as another dtype; the array itself when it already is.")
      .def("__repr__", &text_of)
      .def("__str__", &text_of)
      .def("__format__", &format, nb::arg("format_spec"),
           nb::sig("def __format__(self, format_spec: str, /) -> str"))
      .def(
          "__int__", [](const array& a) { return as_number(a, PyNumber_Long, "int"); },
          nb::sig("def __int__(self) -> int"))
      .def(
          "__float__", [](const array& a) { return as_number(a, PyNumber_Float, "float"); },
          nb::sig("def __float__(self) -> float"))
      .def(
          "__complex__", [](const array& a) { return as_number(a, to_complex, "complex"); },
          nb::sig("def __complex__(self) -> complex"))
      .def(
          "__index__",
          [](const array& a) {
            if (!is_integer(a.dtype()) || a.ndim() != 0) {
              throw nb::type_error("only an integer array of no axes is an index");
            }
            return element(a, "index");
          },
          nb::sig("def __index__(self) -> int"));
}

}  // namespace

ArrayClass bind_array(nb::module_& m) {
  static const std::vector<PyType_Slot> slots = array_slots();
  ArrayClass cls(m, "array", nb::type_slots(slots.data()), nb::pooled(256), kArrayDoc);
  array_type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  cls.def(
      "__init__",
      [](array* self, nb::handle value, std::optional<Dtype> dtype) {
        new (self) array(make_array(value, dtype));
      },
      nb::arg("val").none(), nb::arg("dtype") = nb::none(),
      nb::sig("def __init__(self, val: typing.Any, dtype: Dtype | None = None) -> None"));
  bind_properties(cls);
  bind_conversions(cls);
  bind_iterator(m);
  m.def(
      "asarray", &as_array, nb::arg("a"), nb::arg("dtype") = nb::none(), nb::kw_only(),
      nb::arg("copy") = nb::none(),
      nb::sig("def asarray(a: typing.Any, dtype: Dtype | None = None, *, copy: bool | None = None) "
              "-> array"),
      "An array of the elements of `a`, sharing its memory where that is possible: NumPy arrays,\n"
      "buffers and DLPack exporters in host memory whose dtype stays. `copy=True` always copies,\n"
      "`copy=False` raises ArgumentError where a copy would be needed.");
  return cls;
}

}  // namespace tandem::python
