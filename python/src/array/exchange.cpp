// Arrays as other libraries see them: the buffer protocol, DLPack and __array__. Views share the
// array's host memory, keep it alive, and keep the library from writing other values into it.
#include "array/exchange.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <memory>

#include "array/array_data.h"
#include "bindings.h"
#include "casters.h"
#include "errors.h"
#include "gil.h"
#include "tandem/interop/dlpack.h"
#include "tandem/interop/host_export.h"

namespace tandem::python {
namespace {

using interop::HostExport;

// Waits without the GIL.
std::unique_ptr<HostExport> export_of(const array& value) {
  const GilReleased released;
  return std::make_unique<HostExport>(value);
}

// Format of the struct module; null for bfloat16, which it does not know.
const char* format_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::bool_:
      return "?";
    case Dtype::uint8:
      return "B";
    case Dtype::uint16:
      return "H";
    case Dtype::uint32:
      return "I";
    case Dtype::uint64:
      return "L";
    case Dtype::int8:
      return "b";
    case Dtype::int16:
      return "h";
    case Dtype::int32:
      return "i";
    case Dtype::int64:
      return "l";
    case Dtype::float16:
      return "e";
    case Dtype::float32:
      return "f";
    case Dtype::float64:
      return "d";
    case Dtype::complex64:
      return "Zf";
    case Dtype::bfloat16:
      break;
  }
  return nullptr;
}

// What a Py_buffer points to besides the elements.
struct BufferView {
  explicit BufferView(const array& value) : elements(export_of(value)) {
    const auto itemsize = static_cast<Py_ssize_t>(size_of(elements->dtype()));
    for (int i = 0; i < elements->rank(); ++i) {
      shape.push_back(elements->shape()[i]);
      byte_strides.push_back(elements->strides()[i] * itemsize);
    }
  }
  std::unique_ptr<HostExport> elements;
  SmallVector<Py_ssize_t, 4> shape, byte_strides;
};

bool asks(int flags, int request) { return (flags & request) == request; }

int refuse(const char* text) {
  PyErr_SetString(PyExc_BufferError, text);
  return -1;
}

int get_buffer(PyObject* object, Py_buffer* view, int flags) noexcept {
  view->obj = nullptr;
  return guarded(-1, [&] {
    const array& value = array_of(object);
    const char* format = format_of(value.dtype());
    if (!format) return refuse("the buffer protocol has no format for bfloat16");
    auto exported = std::make_unique<BufferView>(value);
    if (asks(flags, PyBUF_WRITABLE) && !exported->elements->writable()) {
      return refuse("the memory of this array is read-only");
    }
    const bool row_major =
        is_row_major(value.shape(), Dims(exported->elements->strides(), value.shape().size()));
    if (!asks(flags, PyBUF_STRIDES) && !row_major) return refuse("the array is not row-major");
    if (asks(flags, PyBUF_C_CONTIGUOUS) && !row_major) return refuse("the array is not row-major");
    view->buf = exported->elements->data();
    view->len = static_cast<Py_ssize_t>(exported->elements->bytes());
    view->itemsize = static_cast<Py_ssize_t>(value.itemsize());
    view->readonly = exported->elements->writable() ? 0 : 1;
    view->ndim = value.ndim();
    view->format = asks(flags, PyBUF_FORMAT) ? const_cast<char*>(format) : nullptr;
    view->shape = asks(flags, PyBUF_ND) ? exported->shape.data() : nullptr;
    view->strides = asks(flags, PyBUF_STRIDES) ? exported->byte_strides.data() : nullptr;
    view->suboffsets = nullptr;
    view->internal = exported.release();
    view->obj = Py_NewRef(object);
    return 0;
  });
}

void release_buffer(PyObject*, Py_buffer* view) noexcept {
  delete static_cast<BufferView*>(view->internal);
}

// A capsule that lets go of the tensor unless somebody takes it and gives it another name.
template <class Managed>
nb::object capsule_of(Managed* managed, const char* name) {
  return nb::steal(PyCapsule_New(managed, name, [](PyObject* capsule) {
    constexpr const char* kMine =
        std::is_same_v<Managed, dlpack::VersionedTensor> ? dlpack::kVersionedName : dlpack::kName;
    if (!PyCapsule_IsValid(capsule, kMine)) return;
    auto* tensor = static_cast<Managed*>(PyCapsule_GetPointer(capsule, kMine));
    tensor->deleter(tensor);
  }));
}

nb::object make_capsule(const array& value, bool versioned) {
  if (versioned) {
    dlpack::VersionedTensor* tensor = [&] {
      const GilReleased released;
      return tandem::to_dlpack(value);
    }();
    return capsule_of(tensor, dlpack::kVersionedName);
  }
  dlpack::ManagedTensor* tensor = [&] {
    const GilReleased released;
    return to_dlpack_unversioned(value);
  }();
  return capsule_of(tensor, dlpack::kName);
}

using Version = std::pair<uint32_t, uint32_t>;

nb::object export_dlpack(const array& value, const nb::object&, std::optional<Version> max_version,
                         std::optional<std::pair<int, int>> device, std::optional<bool> copy) {
  if (device && *device != std::pair<int, int>{dlpack::kCpu, 0}) {
    throw nb::buffer_error("arrays are given out in host memory, DLPack device (1, 0)");
  }
  const array given = copy.value_or(false) ? astype(value, value.dtype()) : value;
  const array exported = copy.value_or(false) ? host_copy(given) : given;
  return make_capsule(exported, max_version && max_version->first >= 1);
}

// NumPy has no bfloat16: its values come as float32.
nb::object to_numpy(nb::handle self, nb::object dtype, std::optional<bool> copy) {
  const array& value = array_of(self.ptr());
  const nb::module_ numpy = nb::module_::import_("numpy");
  nb::object source = nb::borrow(self);
  if (value.dtype() == Dtype::bfloat16) {
    TANDEM_USER(copy.value_or(true), ArgumentError, "__array__",
                "a bfloat16 array has no NumPy view: a copy is needed");
    source = nb::steal(wrap(astype(value, Dtype::float32)));
  }
  const nb::object view = numpy.attr("asarray")(nb::steal(PyMemoryView_FromObject(source.ptr())));
  if (dtype.is_none()) return copy.value_or(false) ? view.attr("copy")() : view;
  TANDEM_USER(copy.value_or(true) || view.attr("dtype").equal(numpy.attr("dtype")(dtype)),
              ArgumentError, "__array__", "another dtype needs a copy: got copy=False");
  return view.attr("astype")(dtype, nb::arg("copy") = copy.value_or(false));
}

nb::object rebuild(const nb::bytes& data, const ShapeArgument& shape, Dtype dtype) {
  return nb::steal(wrap(array::from_bytes(data.c_str(), shape.value, dtype)));
}

nb::object reduce(nb::handle self) {
  const array& value = array_of(self.ptr());
  const array ordered = contiguous(value);
  const void* data = nullptr;
  {
    const GilReleased released;
    data = ordered.data();
  }
  nb::list shape;
  for (int64_t extent : value.shape()) shape.append(extent);
  return nb::make_tuple(nb::module_::import_("tandem.core.pickling").attr("rebuild"),
                        nb::make_tuple(nb::bytes(static_cast<const char*>(data), value.nbytes()),
                                       nb::tuple(shape), value.dtype()));
}

}  // namespace

array host_copy(const array& value) {
  const array ordered = contiguous(value);
  const GilReleased released;
  return array::from_bytes(ordered.data(), value.shape(), value.dtype());
}

const PyType_Slot* buffer_slots() {
  static const PyType_Slot slots[] = {
      {Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
      {Py_bf_releasebuffer, reinterpret_cast<void*>(release_buffer)},
      {0, nullptr}};
  return slots;
}

void bind_exchange(nb::module_& m, ArrayClass& cls) {
  cls.def("__dlpack__", &export_dlpack, nb::kw_only(), nb::arg("stream") = nb::none(),
          nb::arg("max_version") = nb::none(), nb::arg("dl_device") = nb::none(),
          nb::arg("copy") = nb::none(),
          "The array as a DLPack capsule in host memory, without a copy unless one is asked for.")
      .def(
          "__dlpack_device__", [](const array&) { return std::pair(dlpack::kCpu, 0); },
          "(1, 0): arrays are given out in host memory.")
      .def("__array__", &to_numpy, nb::arg("dtype") = nb::none(), nb::arg("copy") = nb::none(),
           nb::sig("def __array__(self, dtype: typing.Any = None, copy: bool | None = None) -> "
                   "typing.Any"),
           "The array as a NumPy array that shares its memory (bfloat16: a float32 copy).")
      .def("__reduce__", &reduce, nb::sig("def __reduce__(self) -> tuple[typing.Any, ...]"))
      .def("__copy__", [](const array& a) { return a; })
      .def(
          "__deepcopy__", [](const array& a, nb::handle) { return host_copy(a); },
          nb::arg("memo").none());

  m.def("_rebuild", &rebuild, nb::arg("data"), nb::arg("shape"), nb::arg("dtype"));
  m.def(
      "from_dlpack",
      [](nb::handle x, std::optional<bool> copy) { return array_on_data(x.ptr(), copy); },
      nb::arg("x"), nb::kw_only(), nb::arg("copy") = nb::none(),
      nb::sig("def from_dlpack(x: typing.Any, /, *, copy: bool | None = None) -> array"),
      "An array over the memory of `x`, an object with __dlpack__ or a buffer. Nothing is copied\n"
      "where the memory can be shared; `copy=True` always copies, `copy=False` raises\n"
      "ArgumentError where a copy would be needed. DeviceError unless it is host memory.");
}

}  // namespace tandem::python
