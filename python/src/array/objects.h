// Python objects of class array: checks, access and wrapping without a look-up by C++ type, since
// these are on the path of every operation.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>
#include <utility>

#include "tandem/tandem.h"

namespace tandem::python {

namespace nb = nanobind;

// The Python class array; set when the module is made.
extern PyTypeObject* array_type;

inline bool is_array(PyObject* object) {
  return Py_TYPE(object) == array_type || PyType_IsSubtype(Py_TYPE(object), array_type);
}

inline array& array_of(PyObject* object) { return *nb::inst_ptr<array>(object); }

// A new Python object that holds `value`.
inline PyObject* wrap(array value) {
  nb::object result = nb::inst_alloc(reinterpret_cast<PyObject*>(array_type));
  new (nb::inst_ptr<array>(result)) array(std::move(value));
  nb::inst_mark_ready(result);
  return result.release().ptr();
}

// The number a Python object is: bool, int, float, complex and their subclasses, and what converts
// itself through __index__ or __float__ when `convert`. Raises ArgumentError for an int that does
// not fit 64 bits.
std::optional<Scalar> scalar_from(PyObject* object, bool convert = false);

// What an operation takes: an array, a scalar, or an object from which an array can be made without
// guessing (NumPy arrays, buffers, DLPack, __array__); empty for anything else.
std::optional<Operand> operand_from(PyObject* object);

nb::object to_python(const Scalar& scalar);

}  // namespace tandem::python
