// Python's operators and protocols of class array as type slots: the short way in, without the
// search for an overload.
#pragma once

#include <Python.h>

#include <vector>

namespace tandem::python {

// Appends the operators of every row that names one, comparison and matrix product included.
void add_operator_slots(std::vector<PyType_Slot>& slots);

// Appends len(), indexing, iteration, truth and hash.
void add_container_slots(std::vector<PyType_Slot>& slots);

}  // namespace tandem::python
