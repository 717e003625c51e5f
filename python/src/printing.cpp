// How arrays are printed: global options, and options for a `with` block.
#include <nanobind/stl/string.h>

#include <optional>
#include <string>

#include "bindings.h"

namespace tandem::python {
namespace {

// Sets the options on entry and restores those before on exit.
class PrintOptionsContext {
 public:
  explicit PrintOptionsContext(PrintOptions options) : options_(options) {}
  void enter() {
    before_ = get_printoptions();
    set_printoptions(options_);
  }
  void exit() {
    if (before_) set_printoptions(*before_);
    before_.reset();
  }

 private:
  PrintOptions options_;
  std::optional<PrintOptions> before_;
};

}  // namespace

void bind_printing(nb::module_& m) {
  nb::class_<PrintOptions>(m, "PrintOptions", "How arrays are printed.")
      .def(
          "__init__", [](PrintOptions* self, int precision) { new (self) PrintOptions{precision}; },
          nb::arg("precision") = -1)
      .def_rw("precision", &PrintOptions::precision,
              "Decimals of floating numbers; negative: six digits, as few as suffice.")
      .def("__repr__", [](const PrintOptions& o) {
        return "PrintOptions(precision=" + std::to_string(o.precision) + ")";
      });
  nb::class_<PrintOptionsContext>(m, "_PrintOptionsContext",
                                  "Print options for a `with` block; see printoptions().")
      .def("__enter__",
           [](nb::object self) {
             nb::cast<PrintOptionsContext&>(self).enter();
             return self;
           })
      .def("__exit__", [](PrintOptionsContext& self, const nb::args&) { self.exit(); });
  m.def("get_printoptions", &get_printoptions, "The options that arrays are printed with.");
  m.def(
      "set_printoptions", [](int precision) { set_printoptions(PrintOptions{precision}); },
      nb::arg("precision") = -1,
      "Sets how arrays are printed: floating numbers with `precision` decimals, or with six\n"
      "digits, as few as suffice, when it is negative.");
  m.def(
      "printoptions", [](int precision) { return PrintOptionsContext(PrintOptions{precision}); },
      nb::arg("precision") = -1,
      nb::sig("def printoptions(precision: int = -1) -> "
              "contextlib.AbstractContextManager[typing.Any]"),
      "Context manager: print options inside the block; the earlier ones return at its end.");
}

}  // namespace tandem::python
