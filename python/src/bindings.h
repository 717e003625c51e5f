// The Python module tandem._core, in parts: each function below adds one theme to the module.
#pragma once

#include <nanobind/nanobind.h>

#include "tandem/tandem.h"

namespace tandem::python {

namespace nb = nanobind;
using ArrayClass = nb::class_<array>;

void bind_errors(nb::module_& m);
void bind_dtype(nb::module_& m);
void bind_dtype_info(nb::module_& m);
void bind_printing(nb::module_& m);
void bind_streams(nb::module_& m);
// The class itself with its construction, properties and conversions; later parts add methods to
// it.
ArrayClass bind_array(nb::module_& m);
void bind_rows(nb::module_& m, ArrayClass& cls);
void bind_composites(nb::module_& m, ArrayClass& cls);
void bind_creation(nb::module_& m);
void bind_views(nb::module_& m, ArrayClass& cls);
void bind_layout(nb::module_& m, ArrayClass& cls);
void bind_joining(nb::module_& m, ArrayClass& cls);
void bind_sorting(nb::module_& m);
void bind_indexing(nb::module_& m, ArrayClass& cls);
void bind_reductions(nb::module_& m, ArrayClass& cls);
void bind_scans(nb::module_& m, ArrayClass& cls);
void bind_products(nb::module_& m);
void bind_random(nb::module_& m);
void bind_exchange(nb::module_& m, ArrayClass& cls);
void bind_protocols(ArrayClass& cls);
void bind_evaluation(nb::module_& m);
void bind_memory(nb::module_& m);
void bind_compile(nb::module_& m);
void bind_io(nb::module_& m);
void bind_inspect(nb::module_& m);
void bind_profile(nb::module_& m);  // into the submodule inspect

}  // namespace tandem::python
