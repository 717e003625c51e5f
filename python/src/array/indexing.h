// Python's index expressions.
#pragma once

#include <span>

#include "array/objects.h"

namespace tandem::python {

// The items of x[key]: numbers, slices, ..., None, integer arrays and masks, also as NumPy arrays,
// nested lists or bools. Raises ArgumentError for anything else.
Index index_from(PyObject* key);

// True when a mask in the index has to be evaluated to apply it.
bool has_mask(const Index& index);

// What is written by x[key] = value: numbers, arrays and nested lists.
Operand value_from(PyObject* value);

}  // namespace tandem::python
