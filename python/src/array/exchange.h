// The parts of data exchange that other parts of the module need.
#pragma once

#include <Python.h>

#include "tandem/tandem.h"

namespace tandem::python {

// Type slots of the buffer protocol, ended by a zero slot.
const PyType_Slot* buffer_slots();

// A row-major copy with memory of its own.
array host_copy(const array& value);

}  // namespace tandem::python
