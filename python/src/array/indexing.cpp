// Indexing, len(), iteration, truth and hash. Ints, slices, ... and None alone take a short way.
#include "array/indexing.h"

#include <algorithm>
#include <vector>

#include "array/array_data.h"
#include "array/operators.h"
#include "array/values.h"
#include "bindings.h"
#include "errors.h"
#include "gil.h"

namespace tandem::python {
namespace {

// An index as slice() takes it, and the shape after axes of ints have gone and those of None have
// come.
struct BasicIndex {
  Shape starts, extents, steps;
  Shape result;
  bool whole = true;      // every element in its place
  bool same_axes = true;  // no int and no None
};

[[noreturn]] void refuse(PyObject* item) {
  raise<ArgumentError>("array",
                       "cannot index with an object of type {}: expected int, slice, ..., None, an "
                       "array of integers or a mask",
                       Py_TYPE(item)->tp_name);
}

// Foreign arrays of one integer convert to a number too; only those without axes are one.
bool is_foreign_number(PyObject* item) {
  const nb::handle object(item);
  if (!nb::hasattr(object, "ndim") || !nb::isinstance<nb::int_>(object.attr("ndim"))) return false;
  if (nb::cast<int64_t>(object.attr("ndim")) != 0) return false;
  const nb::object number = nb::steal(PyNumber_Index(item));
  PyErr_Clear();
  return number.is_valid();
}

// Arrays of ours convert to a number as well, but not without being evaluated.
bool is_integer_index(PyObject* item) {
  if (PyLong_CheckExact(item)) return true;
  if (PyBool_Check(item) || !PyIndex_Check(item) || is_array(item)) return false;
  return !is_data(item) || is_foreign_number(item);
}

bool is_basic(PyObject* item) {
  return PySlice_Check(item) || item == Py_None || item == Py_Ellipsis || is_integer_index(item);
}

void check_position(int64_t position, Py_ssize_t given, int64_t extent, size_t axis) {
  TANDEM_USER(position >= 0 && position < extent, AxisError, "array",
              "index out of range on axis {}: got {}, expected {} to {}", axis, given, -extent,
              extent - 1);
}

void add_integer(BasicIndex& index, PyObject* item, int64_t extent, size_t axis) {
  const Py_ssize_t given = PyNumber_AsSsize_t(item, PyExc_IndexError);
  if (given == -1 && PyErr_Occurred()) throw nb::python_error();
  const int64_t position = given < 0 ? given + extent : given;
  check_position(position, given, extent, axis);
  index.starts.push_back(position);
  index.extents.push_back(1);
  index.steps.push_back(1);
  index.whole &= extent == 1;
  index.same_axes = false;
}

void add_slice(BasicIndex& index, PyObject* item, int64_t extent) {
  Py_ssize_t start = 0, stop = 0, step = 1;
  if (PySlice_Unpack(item, &start, &stop, &step) != 0) throw nb::python_error();
  const Py_ssize_t count = PySlice_AdjustIndices(extent, &start, &stop, step);
  index.starts.push_back(count > 0 ? start : 0);
  index.extents.push_back(count);
  index.steps.push_back(count > 0 ? step : 1);
  index.whole &= count == extent && (step == 1 || count <= 1);
  index.result.push_back(count);
}

void add_whole_axes(BasicIndex& index, Dims shape, size_t first, size_t count) {
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
    } else if (item != Py_None) {
      ++axes;
    }
  }
  TANDEM_USER(ellipses <= 1, AxisError, "array", "an index has at most one ...: got {}", ellipses);
  TANDEM_USER(axes <= shape.size(), AxisError, "array",
              "too many indices: got {}, expected at most {}", axes, shape.size());
  return axes;
}

BasicIndex parse(std::span<PyObject* const> items, Dims shape) {
  const size_t free_axes = shape.size() - count_axes(items, shape);
  BasicIndex index;
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

array indexed(const array& a, const BasicIndex& index) {
  array result = index.whole ? a : slice(a, index.starts, index.extents, index.steps);
  return index.same_axes ? result : reshape(result, index.result);
}

bool is_view_source(const array& a) { return a.evaluated() && !a.node()->retained(); }

// a[position] of an array that has storage: a view is all there is to make.
array part_of(const array& a, int64_t given) {
  const int64_t extent = a.shape()[0];
  const int64_t position = given < 0 ? given + extent : given;
  check_position(position, given, extent, 0);
  const graph::Storage& source = *a.node()->storage();
  auto storage = make_ref<graph::Storage>();
  storage->buffer = source.buffer;
  storage->offset = source.offset + position * source.strides[0];
  storage->strides.append(source.strides.begin() + 1, source.strides.end());
  return array(graph::Node::make(a.dtype(), a.shape().subspan(1), std::move(storage)));
}

std::span<PyObject* const> items_of(PyObject*& key) {
  if (!PyTuple_Check(key)) return {&key, 1};
  return {&PyTuple_GET_ITEM(key, 0), static_cast<size_t>(PyTuple_GET_SIZE(key))};
}

PyObject* get_item(PyObject* self, PyObject* key) noexcept {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    const array& a = array_of(self);
    if (PyLong_CheckExact(key) && a.ndim() > 0 && is_view_source(a)) {
      const Py_ssize_t position = PyLong_AsSsize_t(key);
      if (position != -1 || !PyErr_Occurred()) return wrap(part_of(a, position));
      PyErr_Clear();  // too large: told below
    }
    const std::span<PyObject* const> items = items_of(key);
    if (std::ranges::all_of(items, is_basic)) return wrap(indexed(a, parse(items, a.shape())));
    const Index index = index_from(key);
    std::optional<GilReleased> released;
    if (has_mask(index)) released.emplace();
    array result = tandem::index(a, index);
    released.reset();
    return wrap(std::move(result));
  });
}

// x[key] = value makes the object x another value; arrays themselves never change.
int set_item(PyObject* self, PyObject* key, PyObject* value) noexcept {
  return guarded(-1, [&] {
    if (!value) throw nb::type_error("elements of an array cannot be deleted");
    const Index index = index_from(key);
    const Operand written = value_from(value);
    std::optional<GilReleased> released;
    if (has_mask(index)) released.emplace();
    array result = index_update(array_of(self), index, written);
    released.reset();
    std::swap(array_of(self), result);
    return 0;
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
    if (is_view_source(array_)) return part_of(array_, position_++);
    const Dims shape = array_.shape();
    BasicIndex index;
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

Slice slice_from(PyObject* item) {
  Py_ssize_t start = 0, stop = 0, step = 1;
  if (PySlice_Unpack(item, &start, &stop, &step) != 0) throw nb::python_error();
  const auto* given = reinterpret_cast<PySliceObject*>(item);
  Slice result;
  if (given->start != Py_None) result.start = start;
  if (given->stop != Py_None) result.stop = stop;
  if (given->step != Py_None) result.step = step;
  return result;
}

// An empty list holds no floats that could not be indices.
array list_index(PyObject* item) {
  const array a = array_from_sequence(item, std::nullopt);
  return a.size() == 0 ? astype(a, Dtype::int32) : a;
}

IndexItem item_from(PyObject* item) {
  if (PySlice_Check(item)) return slice_from(item);
  if (item == Py_None) return NewAxis{};
  if (item == Py_Ellipsis) return Ellipsis{};
  if (PyBool_Check(item)) return array(Scalar(item == Py_True), Dtype::bool_);
  if (PyList_Check(item) || PyTuple_Check(item)) return list_index(item);
  if (is_integer_index(item)) {
    const Py_ssize_t position = PyNumber_AsSsize_t(item, PyExc_IndexError);
    if (position == -1 && PyErr_Occurred()) throw nb::python_error();
    return int64_t{position};
  }
  if (is_array(item)) return array_of(item);
  if (is_data(item)) return array_from_data(item, std::nullopt);
  refuse(item);
}

}  // namespace

Index index_from(PyObject* key) {
  Index result;
  for (PyObject* item : items_of(key)) result.push_back(item_from(item));
  return result;
}

bool has_mask(const Index& index) {
  return std::ranges::any_of(index, [](const IndexItem& item) {
    const array* a = std::get_if<array>(&item);
    return a && a->dtype() == Dtype::bool_;
  });
}

Operand value_from(PyObject* value) {
  if (PyList_Check(value) || PyTuple_Check(value)) {
    return array_from_sequence(value, std::nullopt);
  }
  const std::optional<Operand> operand = operand_from(value);
  TANDEM_USER(operand.has_value(), ArgumentError, "array",
              "cannot write an object of type {} to an array", Py_TYPE(value)->tp_name);
  return *operand;
}

void add_container_slots(std::vector<PyType_Slot>& slots) {
  slots.push_back({Py_mp_subscript, reinterpret_cast<void*>(get_item)});
  slots.push_back({Py_mp_ass_subscript, reinterpret_cast<void*>(set_item)});
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
