// Values of evaluated arrays as Python objects.
#pragma once

#include <nanobind/nanobind.h>

#include "tandem/tandem.h"

namespace tandem::python {

namespace nb = nanobind;

// Evaluates and waits with the GIL released; the host address of the first element.
const std::byte* host_data(const array& a);

// The one element; raises ShapeError naming `what` when there are more or none.
nb::object element(const array& a, const char* what);
// The elements as nested lists, or the one element of an array of no axes.
nb::object nested_list(const array& a);
bool is_true(const array& a);

}  // namespace tandem::python
