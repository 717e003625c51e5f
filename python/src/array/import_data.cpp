// Elements that other libraries hold, as arrays: buffers, DLPack and __array__.
#include <atomic>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "array/array_data.h"
#include "array/objects.h"
#include "gil.h"
#include "tandem/interop/dlpack.h"

namespace tandem::python {
namespace {

// Elements in memory of somebody else.
struct Elements {
  void* data = nullptr;
  Shape shape;
  Strides strides;  // in elements
  Dtype dtype = Dtype::float32;
  bool wide_complex = false;  // complex128, of which there is no array
  bool read_only = true;
  bool strided_by_elements = true;
  std::shared_ptr<void> owner;

  bool row_major() const { return strided_by_elements && is_row_major(shape, strides); }
};

std::atomic<int> shared_objects{0};

// Owners hold Python references: they are let go under the GIL, and left alone when Python is gone.
template <class Release>
std::shared_ptr<void> python_owner(void* pointer, Release release) {
  shared_objects.fetch_add(1, std::memory_order_relaxed);
  return {pointer, [release](void* p) {
            shared_objects.fetch_sub(1, std::memory_order_relaxed);
            if (!Py_IsInitialized()) return;
            const nb::gil_scoped_acquire acquired;
            release(p);
          }};
}

bool native_byte_order(char c) { return c == '@' || c == '=' || c == '<' || c == '|'; }

// The dtype of a struct-module format; raises DTypeError for what no array holds.
Dtype dtype_from_format(const char* format, Py_ssize_t itemsize, bool& wide_complex) {
  std::string_view text = format ? format : "B";
  const std::string whole(text);
  if (!text.empty() && native_byte_order(text[0])) text.remove_prefix(1);
  wide_complex = text == "Zd";
  const int size = itemsize == 1 ? 0 : itemsize == 2 ? 1 : itemsize == 4 ? 2 : 3;
  constexpr Dtype kSigned[] = {Dtype::int8, Dtype::int16, Dtype::int32, Dtype::int64};
  constexpr Dtype kUnsigned[] = {Dtype::uint8, Dtype::uint16, Dtype::uint32, Dtype::uint64};
  if (text == "?") return Dtype::bool_;
  if (text == "e") return Dtype::float16;
  if (text == "f") return Dtype::float32;
  if (text == "d") return Dtype::float64;
  if (text == "Zf" || wide_complex) return Dtype::complex64;
  if (text.size() == 1 && std::string_view("bhilqn").find(text[0]) != text.npos)
    return kSigned[size];
  if (text.size() == 1 && std::string_view("cBHILQN").find(text[0]) != text.npos) {
    return kUnsigned[size];
  }
  raise<DTypeError>("array", "no dtype for elements of format '{}'", whole);
}

std::optional<Elements> from_buffer(PyObject* object) {
  auto view = std::make_unique<Py_buffer>();
  if (PyObject_GetBuffer(object, view.get(), PyBUF_FULL_RO) != 0) {
    PyErr_Clear();
    return std::nullopt;
  }
  Elements result;
  Py_buffer* raw = view.release();
  result.owner = python_owner(raw, [](void* p) {
    PyBuffer_Release(static_cast<Py_buffer*>(p));
    delete static_cast<Py_buffer*>(p);
  });
  result.dtype = dtype_from_format(raw->format, raw->itemsize, result.wide_complex);
  result.data = raw->buf;
  result.read_only = raw->readonly != 0;
  for (int i = 0; i < raw->ndim; ++i) {
    result.shape.push_back(raw->shape ? raw->shape[i] : raw->len / raw->itemsize);
    const Py_ssize_t stride = raw->strides ? raw->strides[i] : raw->itemsize;
    result.strided_by_elements &= stride % raw->itemsize == 0;
    result.strides.push_back(stride / raw->itemsize);
  }
  if (!raw->strides) result.strides = row_major_strides(result.shape);
  return result;
}

Elements from_tensor(const dlpack::Tensor& tensor, bool read_only, std::shared_ptr<void> owner) {
  TANDEM_USER(tensor.device.type == dlpack::kCpu, DeviceError, "from_dlpack",
              "only host memory is taken: got DLPack device type {}, expected 1 (cpu)",
              tensor.device.type);
  const auto dtype = dlpack::dtype_of(tensor.element);
  TANDEM_USER(dtype.has_value(), DTypeError, "from_dlpack",
              "no dtype for DLPack type code {} of {} bits", static_cast<int>(tensor.element.code),
              tensor.element.bits);
  Elements result;
  result.data = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  result.shape = Shape(tensor.shape, tensor.shape + tensor.rank);
  result.strides = tensor.strides ? Strides(tensor.strides, tensor.strides + tensor.rank)
                                  : row_major_strides(result.shape);
  result.dtype = *dtype;
  result.read_only = read_only;
  result.owner = std::move(owner);
  return result;
}

template <class Managed>
std::shared_ptr<void> tensor_owner(Managed* managed) {
  return python_owner(managed, [](void* p) {
    auto* tensor = static_cast<Managed*>(p);
    if (tensor->deleter) tensor->deleter(tensor);
  });
}

Elements from_capsule(const nb::object& capsule) {
  if (PyCapsule_IsValid(capsule.ptr(), dlpack::kVersionedName)) {
    auto* managed = static_cast<dlpack::VersionedTensor*>(
        PyCapsule_GetPointer(capsule.ptr(), dlpack::kVersionedName));
    PyCapsule_SetName(capsule.ptr(), dlpack::kUsedVersionedName);
    auto owner = tensor_owner(managed);
    TANDEM_USER(managed->major == 1, ArgumentError, "from_dlpack",
                "unknown version of DLPack: got {}.{}, expected 1.x", managed->major,
                managed->minor);
    return from_tensor(managed->tensor, (managed->flags & dlpack::kReadOnly) != 0,
                       std::move(owner));
  }
  auto* managed =
      static_cast<dlpack::ManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), dlpack::kName));
  if (!managed) throw nb::python_error();
  PyCapsule_SetName(capsule.ptr(), dlpack::kUsedName);
  return from_tensor(managed->tensor, false, tensor_owner(managed));
}

Elements from_dlpack_exporter(nb::handle object) {
  const nb::object method = object.attr("__dlpack__");
  try {
    return from_capsule(method(nb::arg("max_version") = nb::make_tuple(1, 0)));
  } catch (nb::python_error& e) {
    if (e.matches(PyExc_BufferError))
      raise<DTypeError>("array", "no dtype for these elements: {}", e.what());
    if (!e.matches(PyExc_TypeError)) throw;  // exporters older than DLPack 1.0 know no max_version
  }
  return from_capsule(method());
}

Elements elements_of(PyObject* object) {
  if (PyObject_CheckBuffer(object)) {
    if (auto elements = from_buffer(object)) return *std::move(elements);
  }
  const nb::handle handle(object);
  if (nb::hasattr(handle, "__dlpack__")) return from_dlpack_exporter(handle);
  if (nb::hasattr(handle, "__array__")) {
    const nb::object converted = handle.attr("__array__")();
    if (auto elements = from_buffer(converted.ptr())) return *std::move(elements);
  }
  raise<DTypeError>("array", "cannot read elements out of an object of type {}",
                    Py_TYPE(object)->tp_name);
}

// Copies strided elements into row-major order.
void gather(const Elements& from, size_t itemsize, size_t axis, const std::byte* source,
            std::byte*& target) {
  const auto* view_strides = from.strides.data();
  const int64_t stride = view_strides[axis] * static_cast<int64_t>(itemsize);
  const bool innermost = axis + 1 == from.shape.size();
  if (innermost && stride == static_cast<int64_t>(itemsize)) {
    std::memcpy(target, source, itemsize * static_cast<size_t>(from.shape[axis]));
    target += itemsize * static_cast<size_t>(from.shape[axis]);
    return;
  }
  for (int64_t i = 0; i < from.shape[axis]; ++i, source += stride) {
    if (innermost) {
      std::memcpy(target, source, itemsize);
      target += itemsize;
    } else {
      gather(from, itemsize, axis + 1, source, target);
    }
  }
}

array copied(const Elements& from, std::optional<Dtype> dtype) {
  TANDEM_USER(from.strided_by_elements, ArgumentError, "array",
              "strides are no multiple of the element size");
  const size_t itemsize = from.wide_complex ? 16 : size_of(from.dtype);
  const void* data = from.data;
  std::vector<std::byte> ordered;
  const int64_t count = element_count(from.shape);
  const GilReleased released;
  if (!from.row_major() && count > 0) {
    ordered.resize(itemsize * static_cast<size_t>(count));
    std::byte* target = ordered.data();
    gather(from, itemsize, 0, static_cast<const std::byte*>(from.data), target);
    data = ordered.data();
  }
  if (from.wide_complex) {
    return converted_copy(static_cast<const std::complex<double>*>(data), from.shape,
                          dtype.value_or(Dtype::complex64));
  }
  if (from.dtype == Dtype::float64 && dtype != Dtype::float64) {
    return converted_copy(static_cast<const double*>(data), from.shape,
                          dtype.value_or(Dtype::float32));
  }
  array result = array::from_bytes(data, from.shape, from.dtype);
  return dtype ? astype(result, *dtype) : result;
}

bool can_alias(const Elements& from) {
  const auto address = reinterpret_cast<uintptr_t>(from.data);
  if (from.wide_complex || !from.strided_by_elements) return false;
  if (address % size_of(from.dtype) != 0) return false;
  for (int64_t stride : from.strides) {
    if (stride < 0) return false;
  }
  return element_count(from.shape) > 0;
}

}  // namespace

void release_unused_objects() {
  // Owners that are none of Python's (mapped files) are looked for now and then.
  static std::atomic<unsigned> calls{0};
  const bool now = (calls.fetch_add(1, std::memory_order_relaxed) & 63) == 0;
  if (now || shared_objects.load(std::memory_order_relaxed) > 0) release_foreign_owners();
}

bool is_data(PyObject* object) {
  if (PyUnicode_Check(object) || PyType_Check(object)) return false;
  if (PyObject_CheckBuffer(object)) return true;
  const nb::handle handle(object);
  return nb::hasattr(handle, "__dlpack__") || nb::hasattr(handle, "__array__");
}

array array_from_data(PyObject* object, std::optional<Dtype> dtype) {
  return copied(elements_of(object), dtype);
}

array array_on_data(PyObject* object, std::optional<bool> copy) {
  release_unused_objects();
  Elements elements = elements_of(object);
  if (copy.value_or(false) || !can_alias(elements)) {
    TANDEM_USER(copy.value_or(true), ArgumentError, "from_dlpack",
                "this memory cannot be shared without a copy");
    return copied(elements, elements.wide_complex ? std::nullopt : std::optional(elements.dtype));
  }
  array result = array::from_foreign(elements.data, elements.shape, elements.strides,
                                     elements.dtype, std::move(elements.owner));
  // The holder of writable memory may go on writing into it for as long as the array lives.
  if (!elements.read_only) result.node()->storage()->buffer->writable_exports().fetch_add(1);
  return result;
}

}  // namespace tandem::python
