// The functions and methods of op_table/composites.def.
#include <nanobind/stl/optional.h>

#include <utility>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

// What nanobind is given for a C++ function: itself or, where it gives a pair, a form that gives a
// list, as other functions with several results do.
template <class Result, class... Parameters>
auto bindable(Result (*function)(Parameters...)) {
  if constexpr (std::is_same_v<Result, array>) {
    return function;
  } else {
    return [function](Parameters... arguments) {
      auto [first, second] = function(arguments...);
      nb::list result;
      result.append(std::move(first));
      result.append(std::move(second));
      return result;
    };
  }
}

constexpr bool kmethod = true;
constexpr bool knone = false;

}  // namespace

void bind_composites(nb::module_& m, ArrayClass& cls) {
  nb::list names;
#define REQUIRED(name) nb::arg(#name).none(),
#define OPTIONAL(name, value) nb::arg(#name) = value,
#define TANDEM_COMPOSITE(name, member, parameters, doc)                                          \
  names.append(#name);                                                                           \
  m.def(#name, bindable(&tandem::name), nb::arg("a"), parameters nb::arg("stream") = nb::none(), \
        doc);                                                                                    \
  if constexpr (k##member) {                                                                     \
    cls.def(#name, bindable(&tandem::name), parameters nb::arg("stream") = nb::none(), doc);     \
  }
#include "tandem/op_table/composites.def"
#undef TANDEM_COMPOSITE
#undef OPTIONAL
#undef REQUIRED
  m.attr("_composites") = names;
}

}  // namespace tandem::python
