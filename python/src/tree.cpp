#include "tree.h"

#include "array/objects.h"
#include "casters.h"

namespace tandem::python {
namespace {

constexpr int kDeepest = 1000;

Tree flatten(nb::handle object, std::vector<array>& arrays, int depth) {
  TANDEM_USER(depth < kDeepest, ArgumentError, "compile",
              "containers nested too deep: got {} levels", depth);
  Tree tree;
  tree.value = nb::borrow(object);
  PyObject* raw = object.ptr();
  if (is_array(raw)) {
    tree.kind = Tree::array;
    tree.slot = arrays.size();
    arrays.push_back(array_of(raw));
  } else if (is_random_state(raw)) {
    tree.kind = Tree::random_state;
    tree.slot = arrays.size();
    arrays.push_back(random::state());
  } else if (PyList_Check(raw) || PyTuple_Check(raw)) {
    tree.kind = PyList_Check(raw) ? Tree::list : Tree::tuple;
    for (nb::handle item : object) tree.items.push_back(flatten(item, arrays, depth + 1));
  } else if (PyDict_Check(raw)) {
    tree.kind = Tree::dict;
    PyObject *key = nullptr, *value = nullptr;
    for (Py_ssize_t position = 0; PyDict_Next(raw, &position, &key, &value);) {
      tree.keys.push_back(nb::borrow(key));
      tree.items.push_back(flatten(value, arrays, depth + 1));
    }
  }
  return tree;
}

void check(int status) {
  if (status != 0) throw nb::python_error();
}

nb::object shallow_copy(const nb::object& object) {
  return nb::module_::import_("copy").attr("copy")(object);
}

nb::object rebuild_tuple(const Tree& tree, const std::vector<array>& arrays) {
  nb::list items;
  for (const Tree& item : tree.items) items.append(rebuild(item, arrays));
  if (PyTuple_CheckExact(tree.value.ptr())) return nb::tuple(items);
  if (nb::hasattr(tree.value, "_make")) return tree.value.attr("_make")(items);  // a named tuple
  return nb::handle(reinterpret_cast<PyObject*>(Py_TYPE(tree.value.ptr())))(items);
}

void append_word(std::string& text, uint64_t word) {
  text.append(reinterpret_cast<const char*>(&word), sizeof word);
}

void append_text(std::string& text, PyObject* object) {
  Py_ssize_t size = 0;
  const char* data = PyUnicode_AsUTF8AndSize(object, &size);
  if (!data) throw nb::python_error();
  append_word(text, static_cast<uint64_t>(size));
  text.append(data, static_cast<size_t>(size));
}

// Type and value; equal texts of one type are equal constants.
void append_constant(std::string& text, const nb::object& value) {
  append_word(text, reinterpret_cast<uint64_t>(Py_TYPE(value.ptr())));
  append_text(text, PyUnicode_Check(value.ptr()) ? value.ptr() : nb::repr(value).ptr());
}

bool is_constant(const nb::object& value) {
  PyObject* raw = value.ptr();
  if (raw == Py_None || PyLong_Check(raw) || PyFloat_Check(raw) || PyComplex_Check(raw) ||
      PyUnicode_Check(raw) || PyBytes_Check(raw)) {
    return true;
  }
  Dtype dtype;
  StreamOrDevice where;
  return dtype_from(raw, dtype) || stream_from(raw, where);
}

}  // namespace

Tree flatten(nb::handle object, std::vector<array>& arrays) { return flatten(object, arrays, 0); }

nb::object rebuild(const Tree& tree, const std::vector<array>& arrays) {
  switch (tree.kind) {
    case Tree::array:
      return nb::steal(wrap(arrays[tree.slot]));
    case Tree::tuple:
      return rebuild_tuple(tree, arrays);
    case Tree::list: {
      const bool exact = PyList_CheckExact(tree.value.ptr());
      nb::object result = exact ? nb::steal(PyList_New(0)) : shallow_copy(tree.value);
      check(PyList_SetSlice(result.ptr(), 0, PyList_GET_SIZE(result.ptr()), nullptr));
      for (const Tree& item : tree.items) {
        check(PyList_Append(result.ptr(), rebuild(item, arrays).ptr()));
      }
      return result;
    }
    case Tree::dict: {
      const bool exact = PyDict_CheckExact(tree.value.ptr());
      nb::object result = exact ? nb::steal(PyDict_New()) : shallow_copy(tree.value);
      for (size_t i = 0; i < tree.items.size(); ++i) {
        check(
            PyDict_SetItem(result.ptr(), tree.keys[i].ptr(), rebuild(tree.items[i], arrays).ptr()));
      }
      return result;
    }
    case Tree::random_state:
    case Tree::constant:
      break;
  }
  return tree.value;
}

nb::object fill(const Tree& tree, nb::handle target, const std::vector<array>& arrays) {
  if (tree.kind == Tree::random_state) {
    random::set_state(arrays[tree.slot]);
    return nb::borrow(target);
  }
  if (tree.kind == Tree::constant) return target ? nb::borrow(target) : tree.value;
  PyObject* raw = target.ptr();
  if (raw && tree.kind == Tree::list && PyList_Check(raw)) {
    for (size_t i = 0; i < tree.items.size(); ++i) {
      const auto index = static_cast<Py_ssize_t>(i);
      const bool there = index < PyList_GET_SIZE(raw);
      const nb::handle old = there ? PyList_GET_ITEM(raw, index) : nullptr;
      nb::object item = fill(tree.items[i], old, arrays);
      if (item.is(old)) continue;
      check(there ? PyList_SetItem(raw, index, item.release().ptr())
                  : PyList_Append(raw, item.ptr()));
    }
    return nb::borrow(target);
  }
  if (raw && tree.kind == Tree::dict && PyDict_Check(raw)) {
    for (size_t i = 0; i < tree.items.size(); ++i) {
      const nb::handle old = PyDict_GetItemWithError(raw, tree.keys[i].ptr());
      nb::object item = fill(tree.items[i], old, arrays);
      if (!item.is(old)) check(PyDict_SetItem(raw, tree.keys[i].ptr(), item.ptr()));
    }
    return nb::borrow(target);
  }
  if (raw && tree.kind == Tree::tuple && PyTuple_Check(raw) &&
      PyTuple_GET_SIZE(raw) == static_cast<Py_ssize_t>(tree.items.size())) {
    // Containers inside of the tuple are changed in place; it is made anew if it holds arrays.
    bool same = true;
    for (size_t i = 0; i < tree.items.size(); ++i) {
      const nb::handle old = PyTuple_GET_ITEM(raw, static_cast<Py_ssize_t>(i));
      if (tree.items[i].kind == Tree::array)
        same = false;
      else if (!fill(tree.items[i], old, arrays).is(old))
        same = false;
    }
    if (same) return nb::borrow(target);
  }
  return rebuild(tree, arrays);
}

void sign(const Tree& tree, const std::vector<array>& arrays, bool with_constants,
          std::string& signature) {
  signature.push_back(static_cast<char>('0' + tree.kind));
  if (tree.kind == Tree::array || tree.kind == Tree::random_state) {
    const array& a = arrays[tree.slot];
    append_word(signature,
                static_cast<uint64_t>(a.dtype()) << 32 | static_cast<uint64_t>(a.ndim()));
    for (const int64_t extent : a.shape()) append_word(signature, static_cast<uint64_t>(extent));
  } else if (tree.kind == Tree::constant) {
    if (!with_constants) return;
    TANDEM_USER(is_constant(tree.value), ArgumentError, "compile",
                "arguments are trees of arrays and constants (numbers, texts, None): got an object "
                "of type {}",
                Py_TYPE(tree.value.ptr())->tp_name);
    append_constant(signature, tree.value);
  } else {
    append_word(signature, tree.items.size());
    for (size_t i = 0; i < tree.items.size(); ++i) {
      if (tree.kind == Tree::dict) append_constant(signature, tree.keys[i]);
      sign(tree.items[i], arrays, with_constants, signature);
    }
  }
}

}  // namespace tandem::python
