// The extension module tandem._core.
#include <limits>
#include <numbers>

#include "bindings.h"

namespace {

void bind_constants(nanobind::module_& m) {
  m.attr("pi") = std::numbers::pi;
  m.attr("e") = std::numbers::e;
  m.attr("euler_gamma") = std::numbers::egamma;
  m.attr("inf") = std::numeric_limits<double>::infinity();
  m.attr("nan") = std::numeric_limits<double>::quiet_NaN();
  m.attr("newaxis") = nanobind::none();
  m.attr("__version__") = TANDEM_VERSION;
}

}  // namespace

NB_MODULE(_core, m) {
  using namespace tandem::python;
  nanobind::set_leak_warnings(false);  // module state lives as long as the process
  m.doc() =
      "Arrays without a location, operations with a device: the compiled part of tandem.core.";
  bind_errors(m);
  bind_dtype(m);
  bind_dtype_info(m);
  bind_printing(m);
  bind_streams(m);
  ArrayClass cls = bind_array(m);
  bind_rows(m, cls);
  bind_composites(m, cls);
  bind_creation(m);
  bind_views(m, cls);
  bind_layout(m, cls);
  bind_joining(m, cls);
  bind_sorting(m);
  bind_indexing(m, cls);
  bind_reductions(m, cls);
  bind_scans(m, cls);
  bind_products(m);
  bind_random(m);
  bind_exchange(m, cls);
  bind_protocols(cls);
  bind_evaluation(m);
  bind_memory(m);
  bind_compile(m);
  bind_io(m);
  bind_inspect(m);
  bind_constants(m);
}
