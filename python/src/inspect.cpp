// The submodule inspect: what happened. Counters, memory, plans, events and the ledger of
// transfers.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

using device::EventKind;
using device::Trace;
using device::TraceEvent;

nb::dict counters() {
  const inspect::Counters c = inspect::counters();
  nb::dict result;
  result["evals"] = c.evals;
  result["plans_built"] = c.plans_built;
  result["plan_hits"] = c.plan_hits;
  result["kernels_built"] = c.kernels_built;
  result["rebinds"] = c.rebinds;
  result["nodes_planned"] = c.nodes_planned;
  result["kernels_launched"] = c.kernels_launched;
  result["library_calls"] = c.library_calls;
  result["nodes_run"] = c.nodes_run;
  result["donations"] = c.donations;
  result["segments"] = c.segments;
  result["edges"] = c.edges;
  result["transfers"] = c.transfers;
  result["retries_after_oom"] = c.retries_after_oom;
  result["pressure_trims"] = c.pressure_trims;
  result["pressure_speculation_stops"] = c.pressure_speculation_stops;
  result["redundant_copies_dropped"] = c.redundant_copies_dropped;
  result["evictions"] = c.evictions;
  result["pressure_waits"] = c.pressure_waits;
  result["small_runs"] = c.small_runs;
  result["small_replans"] = c.small_replans;
  result["out_of_memory"] = c.out_of_memory;
  result["prefetches"] = c.prefetches;
  result["recomputes"] = c.recomputes;
  result["small_donations"] = c.small_donations;
  result["pressure_signals"] = c.pressure_signals;
  result["eager_pushes"] = c.eager_pushes;
  result["streamed_copies_released"] = c.streamed_copies_released;
  return result;
}

std::string kind_name(EventKind kind) {
  switch (kind) {
    case EventKind::kernel:
      return "kernel";
    case EventKind::library:
      return "library";
    case EventKind::copy:
      return "copy";
    case EventKind::fill:
      return "fill";
    case EventKind::host:
      break;
  }
  return "host";
}

constexpr const char* kDirections[] = {"host_to_device", "device_to_host", "device_to_device"};
static_assert(std::size(kDirections) == memory::kDirectionCount);

nb::dict ledger() {
  const memory::LedgerCounts counts = memory::Ledger::instance().counts();
  nb::dict result;
  for (int d = 0; d < memory::kDirectionCount; ++d) {
    nb::dict causes;
    for (int c = 0; c < memory::kCauseCount; ++c) {
      const auto name = memory::name_of(static_cast<memory::Cause>(c));
      nb::dict entry;
      entry["bytes"] = counts.bytes[d][c];
      entry["transfers"] = counts.transfers[d][c];
      causes[nb::str(name.data(), name.size())] = entry;
    }
    result[kDirections[d]] = causes;
  }
  result["total_bytes"] = counts.total_bytes();
  result["total_transfers"] = counts.total_transfers();
  result["eliminated_bytes"] = counts.eliminated_bytes;
  result["eliminated_transfers"] = counts.eliminated_transfers;
  return result;
}

nb::list placement() {
  nb::list result;
  for (const inspect::SiteUse& site : inspect::placement()) {
    nb::dict entry;
    entry["label"] = site.label;
    entry["access"] = site.access;
    entry["values"] = site.values;
    entry["cpu_reads"] = site.cpu_reads;
    entry["gpu_reads"] = site.gpu_reads;
    entry["class_changes"] = site.class_changes;
    result.append(entry);
  }
  return result;
}

void bind_trace(nb::module_& m) {
  nb::class_<TraceEvent>(m, "Event", "One piece of work: what ran, where and when.")
      .def_prop_ro(
          "kind", [](const TraceEvent& e) { return kind_name(e.kind); },
          "'kernel', 'library', 'copy', 'fill' or 'host'.")
      .def_prop_ro(
          "clock",
          [](const TraceEvent& e) {
            return std::string(e.clock == device::Clock::wall ? "wall" : "model");
          },
          "'wall', or 'model' for the clock of a simulated device.")
      .def_ro("device", &TraceEvent::device, "Where it ran.")
      .def_ro("stream", &TraceEvent::stream, "Number of its stream.")
      .def_ro("name", &TraceEvent::name, "What ran.")
      .def_ro("begin_ns", &TraceEvent::begin_ns, "Start in nanoseconds of its clock.")
      .def_ro("end_ns", &TraceEvent::end_ns, "End in nanoseconds of its clock.")
      .def_ro("bytes", &TraceEvent::bytes, "Bytes read and written, or copied.")
      .def_ro("note", &TraceEvent::note,
              "Number of what a profile knows of the launch; 0 without a profile.")
      .def("__repr__", [](const TraceEvent& e) {
        return "Event(" + kind_name(e.kind) + " " + e.name + " on " + to_string(e.device) + ", " +
               std::to_string(e.end_ns - e.begin_ns) + " ns, " + std::to_string(e.bytes) +
               " bytes)";
      });
  m.def(
      "start_trace", [] { Trace::instance().start(); },
      "Starts to record events, forgetting earlier ones.");
  m.def(
      "stop_trace", [] { return Trace::instance().stop(); },
      "Stops recording; the events since start_trace() in order of their end.");
}

}  // namespace

void bind_inspect(nb::module_& parent) {
  nb::module_ m =
      parent.def_submodule("inspect", "What happened: counters, memory, plans, events.");
  bind_trace(m);
  bind_profile(m);
  m.def("counters", &counters, nb::sig("def counters() -> dict[str, int]"),
        "Counts since the start of the process: evals, plans, kernels, transfers.");
  m.def(
      "placement", &placement, nb::sig("def placement() -> list[dict[str, typing.Any]]"),
      "How the results of each known computation are used, and the class that placement follows:\n"
      "'unknown', 'cpu_dominant', 'gpu_dominant', 'balanced' or 'streaming'. Tracked once a GPU\n"
      "is used.");
  m.def("ledger", &ledger, nb::sig("def ledger() -> dict[str, typing.Any]"),
        "Bytes and transfers between devices by direction and cause, and what was not needed.");
  m.def("reset_ledger", [] { memory::Ledger::instance().reset(); }, "Sets the ledger to zero.");
  m.def(
      "memory",
      [](const Device& device) {
        const inspect::Memory memory = inspect::memory(device);
        nb::dict result;
        result["active"] = memory.active;
        result["peak"] = memory.peak;
        result["cached"] = memory.cached;
        return result;
      },
      nb::arg("device"), nb::sig("def memory(device: tandem._core.Device) -> dict[str, int]"),
      "Bytes in use, their peak and bytes kept for reuse on one device.");
  m.def("live_nodes", &inspect::live_nodes,
        "Nodes that exist, evaluated ones included: what grows when something is never let go.");
  m.def(
      "plan_text",
      [](const nb::args& arrays) {
        std::vector<array> roots;
        for (nb::handle item : arrays) roots.push_back(nb::cast<const array&>(item));
        return inspect::plan_text(roots);
      },
      nb::sig("def plan_text(*arrays: tandem._core.array) -> str"),
      "The plan by which these arrays would be computed: segments, kernels, edges, transfers.");
  m.def("now_ns", &Trace::now, "Nanoseconds of the clock of 'wall' events.");
}

}  // namespace tandem::python
