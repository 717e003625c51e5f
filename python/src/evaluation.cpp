// Asking for values: eval and async_eval.
#include <optional>
#include <thread>

#include "array/array_data.h"
#include "array/objects.h"
#include "bindings.h"
#include "gil.h"

namespace tandem::python {
namespace {

using Arrays = SmallVector<array, 4>;

// Appends the arrays of a tree of lists, tuples and dicts; other objects are skipped.
void collect(nb::handle tree, Arrays& arrays, int depth = 0) {
  TANDEM_USER(depth < 1000, ArgumentError, "eval", "containers nested too deep: got {} levels",
              depth);
  PyObject* object = tree.ptr();
  if (is_array(object)) {
    arrays.push_back(array_of(object));
  } else if (PyTuple_Check(object)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); ++i) {
      collect(PyTuple_GET_ITEM(object, i), arrays, depth + 1);
    }
  } else if (PyList_Check(object)) {
    for (nb::handle item : tree) collect(item, arrays, depth + 1);
  } else if (PyDict_Check(object)) {
    for (nb::handle item : nb::borrow<nb::dict>(tree).values()) collect(item, arrays, depth + 1);
  }
}

void evaluate(const nb::args& trees) {
  Arrays arrays;
  collect(trees, arrays);
  release_unused_objects();
  std::optional<GilReleased> released;  // short work keeps the lock: it costs more to get it back
  eval(arrays, [&] { released.emplace(); });
}

void evaluate_async(const nb::args& trees) {
  Arrays arrays;
  collect(trees, arrays);
  release_unused_objects();
  const GilReleased released;
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
  // At the end of the program, before libraries that the work calls are taken down.
  m.def("_finish", [] {
    const GilReleased released;
    drain();
  });
  nb::module_::import_("atexit").attr("register")(m.attr("_finish"));
  interrupted();  // notes the main thread
  set_interrupt_check(&interrupted);
}

}  // namespace tandem::python
