// How much memory arrays use and may use.
#include <nanobind/stl/optional.h>

#include <optional>

#include "bindings.h"
#include "casters.h"
#include "gil.h"

namespace tandem::python {
namespace {

std::optional<Device> device_of(const std::optional<DeviceArgument>& argument) {
  return argument ? std::optional(argument->value) : std::nullopt;
}

void bind_use(nb::module_& m) {
  m.def("get_active_memory", &get_active_memory,
        "Bytes that arrays use now, on all devices together.");
  m.def("get_peak_memory", &get_peak_memory,
        "Most bytes that arrays used at once on each device since reset_peak_memory(), summed.");
  m.def("get_cache_memory", &get_cache_memory, "Bytes kept for reuse, on all devices together.");
  m.def("reset_peak_memory", &reset_peak_memory, "Makes the peak what is in use now.");
  m.def(
      "clear_cache",
      [] {
        const GilReleased released;
        clear_cache();
      },
      "Gives memory that is kept for reuse back to the system.");
}

}  // namespace

void bind_memory(nb::module_& m) {
  bind_use(m);
  m.def(
      "set_memory_limit",
      [](size_t limit, const std::optional<DeviceArgument>& device) {
        return set_memory_limit(limit, device_of(device));
      },
      nb::arg("limit"), nb::kw_only(), nb::arg("device") = nb::none(),
      "Limits the bytes that the arrays of a device and what is kept there for reuse may take, or\n"
      "those of each device; 0 is no limit. A computation that needs more is run piece by piece,\n"
      "with values moved out of the way; OutOfMemory is raised when that is not enough. Returns\n"
      "the limit before, of the CPU when no device is named.");
  m.def(
      "get_memory_limit",
      [](const std::optional<DeviceArgument>& device) {
        return get_memory_limit(device_of(device).value_or(Device{}));
      },
      nb::kw_only(), nb::arg("device") = nb::none(),
      "The limit in bytes of a device, of the CPU when none is named; 0 is none.");
  m.def(
      "set_cache_limit",
      [](size_t limit, const std::optional<DeviceArgument>& device) {
        return set_cache_limit(limit, device_of(device));
      },
      nb::arg("limit"), nb::kw_only(), nb::arg("device") = nb::none(),
      "Limits the bytes that a device, or each of them, keeps for reuse. Returns the limit "
      "before,\n"
      "of the CPU when no device is named.");
  m.def(
      "set_wired_limit", [](size_t) { return 0; }, nb::arg("limit"),
      "Taken for compatibility with systems that wire memory down for their GPU: nothing is wired\n"
      "here. Returns 0, the limit before.");
}

}  // namespace tandem::python
