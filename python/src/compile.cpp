// compile: functions that Python calls once per signature and whose later calls are one node each.
#include <nanobind/stl/optional.h>

#include <memory>
#include <optional>
#include <unordered_map>

#include "array/objects.h"
#include "bindings.h"
#include "casters.h"
#include "tree.h"

namespace tandem::python {
namespace {

PyTypeObject* random_state_type = nullptr;

// One recorded signature.
struct Entry {
  std::optional<transforms::Recording> recording;
  Tree result;                // slots are outputs of the recording
  std::optional<Tree> state;  // of what the function changes
};

// Arrays that stand in containers of the user while a function is recorded with others in their
// place.
class Saved {
 public:
  void add(const Tree& tree) {
    if (tree.kind == Tree::list || tree.kind == Tree::dict) containers_.push_back(tree);
    for (const Tree& item : tree.items) add(item);
  }

  // What stood there before. Keys that have gone since stay away.
  void restore() {
    for (const Tree& tree : containers_) {
      PyObject* raw = tree.value.ptr();
      for (size_t i = 0; i < tree.items.size(); ++i) {
        if (tree.items[i].kind != Tree::array) continue;
        PyObject* item = tree.items[i].value.ptr();
        if (tree.kind == Tree::dict) {
          if (PyDict_Contains(raw, tree.keys[i].ptr()) == 1) {
            PyDict_SetItem(raw, tree.keys[i].ptr(), item);
          }
        } else if (static_cast<Py_ssize_t>(i) < PyList_GET_SIZE(raw)) {
          PyList_SetItem(raw, static_cast<Py_ssize_t>(i), Py_NewRef(item));
        }
      }
    }
    PyErr_Clear();
    containers_.clear();
  }

 private:
  std::vector<Tree> containers_;
};

const Tree* find_random_state(const Tree& tree) {
  if (tree.kind == Tree::random_state) return &tree;
  for (const Tree& item : tree.items) {
    if (const Tree* found = find_random_state(item)) return found;
  }
  return nullptr;
}

}  // namespace

bool is_random_state(PyObject* object) { return Py_TYPE(object) == random_state_type; }

class CompiledFunction {
 public:
  CompiledFunction(nb::object function, nb::object inputs, nb::object outputs)
      : function_(std::move(function)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

  nb::object call(const nb::args& args, const nb::kwargs& kwargs) {
    if (!compile_enabled()) return function_(*args, **kwargs);
    std::vector<array> arguments;
    const Tree positional = flatten(args, arguments), named = flatten(kwargs, arguments);
    const Tree state = flatten(inputs_, arguments);
    std::string signature;
    const Device device = default_device();
    signature.push_back(static_cast<char>(device.type));
    signature.append(std::to_string(device.index));
    sign(positional, arguments, true, signature);
    sign(named, arguments, true, signature);
    sign(state, arguments, false, signature);
    std::shared_ptr<const Entry> entry;
    if (const auto found = entries_.find(signature); found != entries_.end()) {
      entry = found->second;
    } else {
      entry = record(positional, named, state, arguments);
      if (!entry->recording->depends_on_others()) {
        // Constants that change with every call would fill the memory with recordings.
        if (entries_.size() >= kMostEntries) entries_.clear();
        entries_.insert_or_assign(signature, entry);
      }
    }
    const std::vector<array> values = entry->recording->call(arguments);
    if (entry->state) fill(*entry->state, outputs_, values);
    return rebuild(entry->result, values);
  }

  int traverse(visitproc visit, void* arg) const {
    Py_VISIT(function_.ptr());
    Py_VISIT(inputs_.ptr());
    Py_VISIT(outputs_.ptr());
    return 0;
  }
  void clear() {
    const nb::object function = std::move(function_), inputs = std::move(inputs_),
                     outputs = std::move(outputs_);
    entries_.clear();
  }

 private:
  static constexpr size_t kMostEntries = 512;

  std::shared_ptr<const Entry> record(const Tree& positional, const Tree& named, const Tree& state,
                                      const std::vector<array>& arguments) {
    const graph::RecordingScope scope;
    const std::vector<array> placeholders = transforms::placeholders_for(arguments);
    Saved inputs, outputs;
    inputs.add(state);
    std::vector<array> before;
    if (!outputs_.is_none()) outputs.add(flatten(outputs_, before));
    std::vector<array> results;
    auto entry = std::make_shared<Entry>();
    try {
      const Tree* key = find_random_state(state);
      std::optional<random::StateScope> draws;
      if (key) draws.emplace(placeholders[key->slot]);
      // The random state is held by the scope, everything else by the user's containers.
      place(state, placeholders);
      const nb::object result = function_(*nb::borrow<nb::args>(rebuild(positional, placeholders)),
                                          **nb::borrow<nb::kwargs>(rebuild(named, placeholders)));
      entry->result = flatten(result, results);
      if (!outputs_.is_none()) entry->state = flatten(outputs_, results);
      entry->recording.emplace(placeholders, results);
    } catch (...) {
      outputs.restore();
      inputs.restore();
      throw;
    }
    if (!entry->recording->depends_on_others()) drop_arrays(entry->result);
    outputs.restore();
    inputs.restore();
    return entry;
  }

  // Arrays into the containers of a tree.
  static void place(const Tree& tree, const std::vector<array>& arrays) {
    for (size_t i = 0; i < tree.items.size(); ++i) {
      const Tree& item = tree.items[i];
      if (item.kind != Tree::array) {
        place(item, arrays);
        continue;
      }
      nb::object value = nb::steal(wrap(arrays[item.slot]));
      if (tree.kind == Tree::dict) {
        PyDict_SetItem(tree.value.ptr(), tree.keys[i].ptr(), value.ptr());
      } else if (tree.kind == Tree::list) {
        PyList_SetItem(tree.value.ptr(), static_cast<Py_ssize_t>(i), value.release().ptr());
      }
    }
  }

  // A template needs no arrays: they would keep the recorded graph alive.
  static void drop_arrays(Tree& tree) {
    if (tree.kind == Tree::array) tree.value = nb::none();
    for (Tree& item : tree.items) drop_arrays(item);
  }

  nb::object function_, inputs_, outputs_;
  std::unordered_map<std::string, std::shared_ptr<const Entry>> entries_;
};

namespace {

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  if (PyObject** attributes = _PyObject_GetDictPtr(self)) Py_VISIT(*attributes);
  if (!nb::inst_ready(self)) return 0;
  return nb::inst_ptr<CompiledFunction>(self)->traverse(visit, arg);
}

int clear(PyObject* self) {
  if (PyObject** attributes = _PyObject_GetDictPtr(self)) Py_CLEAR(*attributes);
  if (nb::inst_ready(self)) nb::inst_ptr<CompiledFunction>(self)->clear();
  return 0;
}

PyType_Slot compiled_slots[] = {{Py_tp_traverse, reinterpret_cast<void*>(traverse)},
                                {Py_tp_clear, reinterpret_cast<void*>(clear)},
                                {0, nullptr}};

void bind_random_state(nb::module_& m) {
  nb::module_ r = nb::cast<nb::module_>(m.attr("random"));
  auto cls = nb::class_<RandomState>(
      r, "State", "The global random state as a sequence of one key: uint32 array of shape (2,).");
  random_state_type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  const auto check = [](int64_t i) {
    if (i != 0 && i != -1) throw nb::index_error();
  };
  cls.def("__len__", [](const RandomState&) { return 1; })
      .def(
          "__getitem__",
          [check](const RandomState&, int64_t i) {
            check(i);
            return random::state();
          },
          nb::arg("index"))
      .def(
          "__setitem__",
          [check](const RandomState&, int64_t i, const array& key) {
            check(i);
            random::set_state(key);
          },
          nb::arg("index"), nb::arg("key"));
  r.attr("state") = nb::cast(RandomState());
}

std::vector<array> arrays_of(nb::handle tree, const char* what) {
  std::vector<array> arrays;
  if (is_array(tree.ptr())) {
    arrays.push_back(array_of(tree.ptr()));
    return arrays;
  }
  for (nb::handle item : tree) {
    TANDEM_USER(is_array(item.ptr()), ArgumentError, "depends",
                "{} are arrays: got an object of type {}", what, Py_TYPE(item.ptr())->tp_name);
    arrays.push_back(array_of(item.ptr()));
  }
  return arrays;
}

nb::object depend(nb::handle inputs, nb::handle dependencies) {
  const std::vector<array> results =
      depends(arrays_of(inputs, "inputs"), arrays_of(dependencies, "dependencies"));
  if (is_array(inputs.ptr())) return nb::steal(wrap(results[0]));
  nb::list list;
  for (const array& result : results) list.append(nb::steal(wrap(result)));
  return list;
}

}  // namespace

void bind_compile(nb::module_& m) {
  bind_random_state(m);
  nb::class_<CompiledFunction>(m, "CompiledFunction", nb::type_slots(compiled_slots),
                               nb::dynamic_attr(), "A function that compile() has returned.")
      .def("__call__", &CompiledFunction::call, nb::arg("args"), nb::arg("kwargs"),
           nb::sig("def __call__(self, *args: typing.Any, **kwargs: typing.Any) -> typing.Any"));
  m.def(
      "compile",
      [](const nb::object& fun, nb::object inputs, nb::object outputs, bool) {
        if (!PyCallable_Check(fun.ptr())) throw nb::type_error("compile() takes a callable");
        nb::object result =
            nb::cast(new CompiledFunction(fun, std::move(inputs), std::move(outputs)));
        for (const char* name : {"__name__", "__qualname__", "__doc__", "__module__"}) {
          if (nb::hasattr(fun, name)) nb::setattr(result, name, fun.attr(name));
        }
        nb::setattr(result, "__wrapped__", fun);
        return result;
      },
      nb::arg("fun"), nb::arg("inputs") = nb::none(), nb::arg("outputs") = nb::none(),
      nb::arg("shapeless") = false,
      nb::sig("def compile(fun: typing.Callable, inputs: typing.Any = None, outputs: typing.Any = "
              "None, shapeless: bool = False) -> typing.Callable"),
      "A function that gives what `fun` gives. `fun` is called once for each structure, shape and\n"
      "dtype of its arguments, trees of arrays and constants; a later call is one node, whose\n"
      "operations are planned with what is around it. `inputs` and `outputs` are containers of\n"
      "arrays that `fun` reads and changes, such as the parameters of a model or `random.state`;\n"
      "other arrays that it uses are captured, and kept. Sizes are no part of kernels and plans,\n"
      "so a new shape costs one call of `fun` and `shapeless` changes nothing. ArgumentError for\n"
      "arguments of other types, and inside of `fun` where it asks for a value that depends on "
      "its\n"
      "arguments.");
  m.def("disable_compile", &disable_compile,
        "Makes compiled functions call the function they were made from, every time.");
  m.def("enable_compile", &enable_compile, "Ends disable_compile().");
  m.def(
      "depends", &depend, nb::arg("inputs"), nb::arg("dependencies"),
      nb::sig("def depends(inputs: array | collections.abc.Sequence[array], dependencies: array | "
              "collections.abc.Sequence[array]) -> typing.Any"),
      "The same values as `inputs`, an array or several; whoever computes one of them computes\n"
      "all `dependencies` in the same evaluation.");
}

}  // namespace tandem::python
