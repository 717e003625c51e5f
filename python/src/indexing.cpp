// Basic indexing (ints, slices, ... and None), len(), iteration, truth and hash.
#include <algorithm>
#include <vector>

#include "bindings.h"
#include "errors.h"
#include "objects.h"
#include "operators.h"
#include "values.h"

namespace tandem::python {
namespace {

// An index as slice() takes it, and the shape after axes of ints have gone and those of None have
// come.
struct Index {
  Shape starts, extents, steps;
  Shape result;
  bool whole = true;      // every element in its place
  bool same_axes = true;  // no int and no None
};

[[noreturn]] void refuse(PyObject* item) {
  raise<ArgumentError>("array",
                       "cannot index with an object of type {}: expected int, slice, ... or None",
                       Py_TYPE(item)->tp_name);
}

bool is_integer_index(PyObject* item) { return !PyBool_Check(item) && PyIndex_Check(item); }

void add_integer(Index& index, PyObject* item, int64_t extent, size_t axis) {
  const Py_ssize_t given = PyNumber_AsSsize_t(item, PyExc_IndexError);
  if (given == -1 && PyErr_Occurred()) throw nb::python_error();
  const int64_t position = given < 0 ? given + extent : given;
  TANDEM_USER(position >= 0 && position < extent, AxisError, "array",
              "index out of range on axis {}: got {}, expected {} to {}", axis, given, -extent,
              extent - 1);
  index.starts.push_back(position);
  index.extents.push_back(1);
  index.steps.push_back(1);
  index.whole &= extent == 1;
  index.same_axes = false;
}

void add_slice(Index& index, PyObject* item, int64_t extent) {
  Py_ssize_t start = 0, stop = 0, step = 1;
  if (PySlice_Unpack(item, &start, &stop, &step) != 0) throw nb::python_error();
  const Py_ssize_t count = PySlice_AdjustIndices(extent, &start, &stop, step);
  index.starts.push_back(count > 0 ? start : 0);
  index.extents.push_back(count);
  index.steps.push_back(count > 0 ? step : 1);
  index.whole &= count == extent && (step == 1 || count <= 1);
  index.result.push_back(count);
}

void add_whole_axes(Index& index, Dims shape, size_t first, size_t count) {
  for (size_t axis = first; axis < first + count; ++axis) {
    index.starts.push_back(0);
    index.extents.push_back(shape[axis]);
    index.steps.push_back(1);
    index.result.push_back(shape[axis]);
  }
}

// Items of an index tuple that use up an axis.
size_t count_axes(std::span<PyObject* const> items, Dims shape) {
  size_t axes = 0, ellipses = 0;
  for (PyObject* item : items) {
    if (item == Py_Ellipsis) {
      ++ellipses;
    } else if (PySlice_Check(item) || is_integer_index(item)) {
      ++axes;
    } else if (item != Py_None) {
      refuse(item);
    }
  }
  TANDEM_USER(ellipses <= 1, AxisError, "array", "an index has at most one ...: got {}", ellipses);
  TANDEM_USER(axes <= shape.size(), AxisError, "array",
              "too many indices: got {}, expected at most {}", axes, shape.size());
  return axes;
}

Index parse(std::span<PyObject* const> items, Dims shape) {
  const size_t free_axes = shape.size() - count_axes(items, shape);
  Index index;
  size_t axis = 0;
  bool expanded = false;
  for (PyObject* item : items) {
    if (item == Py_None) {
      index.result.push_back(1);
      index.same_axes = false;
    } else if (item == Py_Ellipsis) {
      add_whole_axes(index, shape, axis, free_axes);
      axis += free_axes;
      expanded = true;
    } else if (PySlice_Check(item)) {
      add_slice(index, item, shape[axis++]);
    } else {
      add_integer(index, item, shape[axis], axis);
      ++axis;
    }
  }
  if (!expanded) add_whole_axes(index, shape, axis, free_axes);
  return index;
}

array indexed(const array& a, const Index& index) {
  array result = index.whole ? a : slice(a, index.starts, index.extents, index.steps);
  return index.same_axes ? result : reshape(result, index.result);
}

PyObject* get_item(PyObject* self, PyObject* key) noexcept {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    const array& a = array_of(self);
    if (PyTuple_Check(key)) {
      const std::span<PyObject* const> items(&PyTuple_GET_ITEM(key, 0),
                                             static_cast<size_t>(PyTuple_GET_SIZE(key)));
      return wrap(indexed(a, parse(items, a.shape())));
    }
    return wrap(indexed(a, parse(std::span(&key, 1), a.shape())));
  });
}

Py_ssize_t length(PyObject* self) noexcept {
  const array& a = array_of(self);
  if (a.ndim() > 0) return a.shape(0);
  PyErr_SetString(PyExc_TypeError, "len() of an array of no axes");
  return -1;
}

// Iterates the first axis.
class Iterator {
 public:
  explicit Iterator(array a) : array_(std::move(a)) {}
  array next() {
    if (position_ >= array_.shape(0)) throw nb::stop_iteration();
    const Dims shape = array_.shape();
    Index index;
    index.starts.push_back(position_++);
    index.extents.push_back(1);
    index.steps.push_back(1);
    add_whole_axes(index, shape, 1, shape.size() - 1);
    index.whole = shape[0] == 1;
    index.same_axes = false;
    return indexed(array_, index);
  }

 private:
  array array_;
  int64_t position_ = 0;
};

PyObject* iterate(PyObject* self) noexcept {
  return guarded(static_cast<PyObject*>(nullptr), [&]() -> PyObject* {
    const array& a = array_of(self);
    if (a.ndim() == 0) throw nb::type_error("iteration over an array of no axes");
    return nb::cast(Iterator(a)).release().ptr();
  });
}

int truth(PyObject* self) noexcept {
  return guarded(-1, [&] { return is_true(array_of(self)) ? 1 : 0; });
}

// By identity: arrays compare element by element.
Py_hash_t hash_of(PyObject* self) noexcept {
  const auto address = reinterpret_cast<uintptr_t>(self);
  return static_cast<Py_hash_t>(address >> 4 | address << (8 * sizeof(address) - 4));
}

}  // namespace

void add_container_slots(std::vector<PyType_Slot>& slots) {
  slots.push_back({Py_mp_subscript, reinterpret_cast<void*>(get_item)});
  slots.push_back({Py_mp_length, reinterpret_cast<void*>(length)});
  slots.push_back({Py_tp_iter, reinterpret_cast<void*>(iterate)});
  slots.push_back({Py_nb_bool, reinterpret_cast<void*>(truth)});
  slots.push_back({Py_tp_hash, reinterpret_cast<void*>(hash_of)});
}

void bind_iterator(nb::module_& m) {
  nb::class_<Iterator>(m, "ArrayIterator", "Iterator over the first axis of an array.")
      .def("__iter__", [](nb::handle self) { return nb::borrow(self); })
      .def("__next__", &Iterator::next);
}

}  // namespace tandem::python
