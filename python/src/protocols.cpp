// Protocols of class array that are off the path of every operation: the array API standard, bytes,
// backward iteration.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>

#include "bindings.h"
#include "casters.h"
#include "gil.h"

namespace tandem::python {
namespace {

array matrix_transposed(const array& a) {
  TANDEM_USER(a.ndim() >= 2, ShapeError, "matrix_transpose", "needs two dimensions: got shape {}",
              to_string(a.shape()));
  return swapaxes(a, -1, -2);
}

nb::bytes bytes_of(const array& a) {
  const array ordered = contiguous(a);
  const void* data = nullptr;
  {
    const GilReleased released;
    data = ordered.data();
  }
  return nb::bytes(data, a.nbytes());
}

nb::object backward(const array& a) {
  if (a.ndim() == 0) throw nb::type_error("iteration over an array of no axes");
  const nb::object flipped = nb::steal(wrap(flip(a, std::vector<int64_t>{0})));
  return nb::iter(flipped);
}

// The standard's arrays live on a device; these do not.
nb::object to_device(nb::handle self, DeviceArgument device, nb::handle stream) {
  TANDEM_USER(is_available(device.value), DeviceError, "to_device", "there is no device {}",
              to_string(device.value));
  StreamOrDevice ignored;
  TANDEM_USER(stream.is_none() || stream_from(stream.ptr(), ignored), ArgumentError, "to_device",
              "expects a stream: got {}", Py_TYPE(stream.ptr())->tp_name);
  return nb::borrow(self);
}

}  // namespace

void bind_protocols(ArrayClass& cls) {
  cls.def_prop_ro("mT", &matrix_transposed,
                  "The last two axes exchanged. ShapeError for fewer than two.")
      .def_prop_ro(
          "device", [](const array&) { return default_device(); },
          "The default device: an array has no location of its own, any device reads it.")
      .def("to_device", &to_device, nb::arg("device"), nb::kw_only(),
           nb::arg("stream") = nb::none(),
           nb::sig("def to_device(self, device: Device | DeviceType, /, *, stream: typing.Any = "
                   "None) -> array"),
           "The array itself: any device reads it. DeviceError if there is no such device.")
      .def(
          "__array_namespace__",
          [](const array&, const std::optional<std::string>& version) {
            TANDEM_USER(!version, ArgumentError, "array_namespace",
                        "no version of the standard is promised: got '{}', expected None",
                        *version);
            return nb::module_::import_("tandem.core");
          },
          nb::arg("api_version") = nb::none(),
          nb::sig("def __array_namespace__(self, api_version: str | None = None) -> "
                  "types.ModuleType"),
          "The module with the functions of the Python array API.")
      .def("__bytes__", &bytes_of, nb::sig("def __bytes__(self) -> bytes"),
           "Waits for the value and gives its elements in row-major order.")
      .def("__reversed__", &backward, nb::sig("def __reversed__(self) -> ArrayIterator"),
           "Iterates the first axis from its end.")
      .def(
          "__div__", [](const array& a, const Operand& b) { return divide(a, b); },
          nb::arg("other"), "The same as a / other.")
      .def(
          "__rdiv__", [](const array& a, const Operand& b) { return divide(b, a); },
          nb::arg("other"), "The same as other / a.");
}

}  // namespace tandem::python
