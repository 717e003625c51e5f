// Asking for values: eval, async_eval and the memory of arrays.
#include <thread>
#include <vector>

#include "array_data.h"
#include "bindings.h"
#include "objects.h"

namespace tandem::python {
namespace {

// Appends the arrays of a tree of lists, tuples and dicts; other objects are skipped.
void collect(nb::handle tree, std::vector<array>& arrays, int depth = 0) {
  TANDEM_USER(depth < 1000, ArgumentError, "eval", "containers nested too deep: got {} levels",
              depth);
  PyObject* object = tree.ptr();
  if (is_array(object)) {
    arrays.push_back(array_of(object));
  } else if (PyList_Check(object) || PyTuple_Check(object)) {
    for (nb::handle item : tree) collect(item, arrays, depth + 1);
  } else if (PyDict_Check(object)) {
    for (nb::handle item : nb::borrow<nb::dict>(tree).values()) collect(item, arrays, depth + 1);
  }
}

void evaluate(const nb::args& trees) {
  std::vector<array> arrays;
  collect(trees, arrays);
  release_unused_objects();
  const nb::gil_scoped_release released;
  eval(arrays);
}

void evaluate_async(const nb::args& trees) {
  std::vector<array> arrays;
  collect(trees, arrays);
  release_unused_objects();
  const nb::gil_scoped_release released;
  async_eval(arrays);
}

// Whether a signal handler of Python wants the wait to end. Handlers run on the main thread alone.
bool interrupted() {
  static const std::thread::id main_thread = std::this_thread::get_id();  // the importing thread
  if (std::this_thread::get_id() != main_thread || !Py_IsInitialized()) return false;
  const nb::gil_scoped_acquire acquired;
  return PyErr_CheckSignals() != 0;
}

}  // namespace

void bind_evaluation(nb::module_& m) {
  m.def(
      "eval", &evaluate, nb::sig("def eval(*args: typing.Any) -> None"),
      "Computes the arrays in the arguments, which may be nested in lists, tuples and dicts, and\n"
      "waits for them. Raises what a computation raised; OutOfMemory leaves the arrays as they\n"
      "were, to be evaluated again.");
  m.def("async_eval", &evaluate_async, nb::sig("def async_eval(*args: typing.Any) -> None"),
        "Plans and queues the computation of the arrays in the arguments, and returns.");
  m.def(
      "get_active_memory", [] { return inspect::memory().active; },
      "Bytes that arrays use now, on all devices together.");
  m.def(
      "get_peak_memory", [] { return inspect::memory().peak; },
      "Most bytes that arrays used at once on each device since reset_peak_memory(), summed.");
  m.def(
      "get_cache_memory", [] { return inspect::memory().cached; },
      "Bytes kept for reuse, on all devices together.");
  m.def("reset_peak_memory", &inspect::reset_peak_memory, "Makes the peak what is in use now.");
  m.def(
      "clear_cache",
      [] {
        const nb::gil_scoped_release released;
        inspect::clear_cache();
      },
      "Gives memory that is kept for reuse back to the system.");
  // At the end of the program, before libraries that the work calls are taken down.
  m.def("_finish", [] {
    const nb::gil_scoped_release released;
    synchronize_all();
  });
  nb::module_::import_("atexit").attr("register")(m.attr("_finish"));
  interrupted();  // notes the main thread
  set_interrupt_check(&interrupted);
}

}  // namespace tandem::python
