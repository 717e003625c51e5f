// inspect.start_profile and stop_profile: what is known of every launch, with the line of the
// program that asked for it.
#include <Python.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

// Which files are the program's, and places by code object. Guarded by the GIL.
struct Program {
  std::vector<std::string> ours;    // folders of the package: its callers are looked for
  std::vector<std::string> theirs;  // folders inside of those that count as programs
  std::unordered_map<PyObject*, bool> is_program;  // by code object, which is kept alive
};
Program& program() {
  static Program* program = new Program;
  return *program;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
  for (const std::string& prefix : prefixes) {
    if (text.rfind(prefix, 0) == 0) return true;
  }
  return false;
}

std::string file_of(PyObject* code) {
  const nb::object name = nb::borrow(reinterpret_cast<PyCodeObject*>(code)->co_filename);
  return nb::cast<std::string>(name);
}

bool belongs_to_program(PyObject* code) {
  const auto [found, fresh] = program().is_program.emplace(code, false);
  if (fresh) {
    Py_INCREF(code);
    const std::string file = file_of(code);
    found->second = starts_with_any(file, program().theirs) ||
                    (!starts_with_any(file, program().ours) && file.rfind('<', 0) != 0);
  }
  return found->second;
}

// The innermost line of the program on this thread's stack.
uint32_t locate() {
  if (!Py_IsInitialized() || !PyGILState_Check()) return 0;
  auto frame = nb::steal(reinterpret_cast<PyObject*>(PyThreadState_GetFrame(PyThreadState_Get())));
  while (frame.is_valid()) {
    auto* const raw = reinterpret_cast<PyFrameObject*>(frame.ptr());
    const auto code = nb::steal(reinterpret_cast<PyObject*>(PyFrame_GetCode(raw)));
    if (belongs_to_program(code.ptr())) {
      return graph::Sites::intern(file_of(code.ptr()) + ":" +
                                  std::to_string(PyFrame_GetLineNumber(raw)));
    }
    frame = nb::steal(reinterpret_cast<PyObject*>(PyFrame_GetBack(raw)));
  }
  return 0;
}

nb::dict as_dict(const inspect::LaunchNote::Op& op) {
  nb::dict result;
  result["name"] = op.name;
  result["site"] = op.site;
  result["dtype"] = std::string(name_of(op.dtype));
  result["shape"] = op.shape;
  result["cost"] = op.cost;
  return result;
}

nb::dict as_dict(const inspect::LaunchNote::Stored& stored) {
  nb::dict result;
  result["name"] = stored.name;
  result["site"] = stored.site;
  result["reader"] = stored.reader;
  result["reader_site"] = stored.reader_site;
  result["maker"] = stored.maker;
  result["reason"] = stored.reason;
  return result;
}

nb::list stop_profile() {
  nb::list result;
  for (const inspect::LaunchNote& note : inspect::stop_profile()) {
    nb::dict entry;
    entry["label"] = note.label;
    entry["device"] = note.device;
    entry["kernel"] = note.kernel;
    nb::list ops, stored;
    for (const auto& op : note.ops) ops.append(as_dict(op));
    for (const auto& value : note.stored) stored.append(as_dict(value));
    entry["ops"] = ops;
    entry["stored"] = stored;
    entry["read"] = note.read;
    entry["written"] = note.written;
    result.append(entry);
  }
  return result;
}

void start_profile(const std::vector<std::string>& ours, const std::vector<std::string>& theirs) {
  program().ours = ours;
  program().theirs = theirs;
  for (const auto& [code, known] : program().is_program) Py_DECREF(code);
  program().is_program.clear();
  inspect::start_profile(&locate);
}

}  // namespace

void bind_profile(nb::module_& m) {
  m.def("start_profile", &start_profile, nb::arg("ours"), nb::arg("theirs"),
        nb::sig("def start_profile(ours: list[str], theirs: list[str]) -> None"),
        "Notes of every array the line that asks for it, and of every launch what it does. Files\n"
        "in the folders `ours` are not the program's, but for those in `theirs`.");
  m.def("stop_profile", &stop_profile, nb::sig("def stop_profile() -> list[dict[str, typing.Any]]"),
        "Stops; the notes. Event.note is the number of its launch's note, counted from 1.");
}

}  // namespace tandem::python
