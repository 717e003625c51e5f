// Numbers between Python and C++, and what an operation accepts as an operand.
#include <cmath>
#include <string_view>

#include "array/array_data.h"
#include "array/objects.h"

namespace tandem::python {
namespace {

Scalar integer_from(PyObject* object) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow != 0) {
    const nb::str text = nb::str(nb::handle(object));
    raise<ArgumentError>("scalar", "integer does not fit 64 bits: got {}", text.c_str());
  }
  if (value == -1 && PyErr_Occurred()) throw nb::python_error();
  return Scalar(static_cast<int64_t>(value));
}

std::optional<Scalar> converted(PyObject* object) {
  if (PyIndex_Check(object)) {
    const nb::object integer = nb::steal(PyNumber_Index(object));
    if (integer.is_valid()) return integer_from(integer.ptr());
    PyErr_Clear();
  }
  const PyNumberMethods* number = Py_TYPE(object)->tp_as_number;
  if (number && number->nb_float) {
    const double value = PyFloat_AsDouble(object);
    if (value != -1.0 || !PyErr_Occurred()) return Scalar(value);
    throw nb::python_error();
  }
  return std::nullopt;
}

// A number that NumPy holds by itself: numpy.int64(2), but no array.
bool is_numpy_number(PyObject* object) {
  const std::string_view name = Py_TYPE(object)->tp_name;
  return name.starts_with("numpy.") && name != "numpy.ndarray" && name != "numpy.memmap" &&
         PyNumber_Check(object);
}

}  // namespace

std::optional<Scalar> scalar_from(PyObject* object, bool convert) {
  if (PyFloat_Check(object)) return Scalar(PyFloat_AS_DOUBLE(object));
  if (PyBool_Check(object)) return Scalar(object == Py_True);
  if (PyLong_Check(object)) return integer_from(object);
  if (PyComplex_Check(object)) {
    return Scalar(std::complex<float>(static_cast<float>(PyComplex_RealAsDouble(object)),
                                      static_cast<float>(PyComplex_ImagAsDouble(object))));
  }
  return convert ? converted(object) : std::nullopt;
}

std::optional<Operand> operand_from(PyObject* object) {
  if (is_array(object)) return Operand(array_of(object));
  if (const auto scalar = scalar_from(object)) return Operand(*scalar);
  if (is_numpy_number(object)) {
    // As weak as Python's own numbers: it takes the dtype of the array beside it.
    const nb::object number = nb::handle(object).attr("item")();
    const auto scalar = scalar_from(number.ptr());
    return scalar ? std::optional(Operand(*scalar)) : std::nullopt;
  }
  if (is_data(object)) return Operand(array_from_data(object, std::nullopt));
  const nb::handle foreign(object);
  if (!PyType_Check(object) && nb::hasattr(foreign, "__mlx_array__")) {
    const nb::object given = foreign.attr("__mlx_array__")();
    if (is_array(given.ptr())) return Operand(array_of(given.ptr()));
  }
  return std::nullopt;
}

nb::object to_python(const Scalar& scalar) {
  return std::visit(
      [](auto value) -> nb::object {
        using T = decltype(value);
        if constexpr (std::is_same_v<T, bool>) return nb::bool_(value);
        if constexpr (std::is_same_v<T, int64_t>) return nb::int_(value);
        if constexpr (std::is_same_v<T, double>) return nb::float_(value);
        if constexpr (std::is_same_v<T, std::complex<float>>) {
          PyObject* result = PyComplex_FromDoubles(static_cast<double>(value.real()),
                                                   static_cast<double>(value.imag()));
          return nb::steal(result);
        }
      },
      scalar);
}

}  // namespace tandem::python
