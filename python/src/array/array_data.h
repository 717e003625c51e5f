// Arrays from objects that hold elements: nested lists, buffers (NumPy), DLPack, __array__.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>

#include "tandem/tandem.h"

namespace tandem::python {

namespace nb = nanobind;

// Whether an array can be made from the elements that `object` holds.
bool is_data(PyObject* object);

// Copies the elements of a buffer, a DLPack exporter or an object with __array__. float64 becomes
// float32 and complex128 complex64 unless `dtype` says otherwise. Raises DTypeError for element
// types there are none of.
array array_from_data(PyObject* object, std::optional<Dtype> dtype);

// The same without copying, where the memory allows; `copy` false raises ArgumentError where it
// does not. The object is kept alive until nobody uses its memory.
array array_on_data(PyObject* object, std::optional<bool> copy);

// Lets go of shared objects that no array uses any more. Called with the GIL, now and then: arrays
// may die on threads that must not run Python.
void release_unused_objects();

// A nested list or tuple of numbers and arrays.
array array_from_sequence(PyObject* sequence, std::optional<Dtype> dtype);

// Copies row-major elements of types that are narrowed on the way.
array converted_copy(const double* data, Dims shape, Dtype dtype);
array converted_copy(const std::complex<double>* data, Dims shape, Dtype dtype);

}  // namespace tandem::python
