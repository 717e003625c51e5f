// Dtype: the element types as Python objects, one per type, and promotion.
#include <nanobind/stl/string.h>

#include <array>
#include <string>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

std::array<PyObject*, kDtypeCount> dtype_objects{};
PyTypeObject* dtype_type = nullptr;

// Programs of the ecosystem compare this text.
std::string dtype_text(const DtypeObject& dtype) {
  return "mlx.core." + std::string(name_of(dtype.value));
}

}  // namespace

PyObject* dtype_object(Dtype dtype) { return dtype_objects[static_cast<size_t>(dtype)]; }

bool dtype_from(PyObject* object, Dtype& result) {
  if (Py_TYPE(object) != dtype_type) return false;
  result = nb::inst_ptr<DtypeObject>(object)->value;
  return true;
}

void bind_dtype(nb::module_& m) {
  auto cls =
      nb::class_<DtypeObject>(m, "Dtype", "The type of the elements of an array.")
          .def_prop_ro(
              "size", [](const DtypeObject& d) { return size_of(d.value); },
              "Bytes of one element.")
          .def_prop_ro(
              "name", [](const DtypeObject& d) { return std::string(name_of(d.value)); },
              "The name: 'float32'.")
          .def("__repr__", &dtype_text)
          .def("__hash__", [](const DtypeObject& d) { return static_cast<int>(d.value); })
          .def(
              "__eq__",
              [](const DtypeObject& a, nb::handle b) {
                Dtype other;
                return dtype_from(b.ptr(), other) && other == a.value;
              },
              nb::arg("other").none())
          .def("__reduce__",
               [](nb::handle self) {
                 return nb::make_tuple(nb::module_::import_("tandem.core.pickling").attr("dtype"),
                                       nb::make_tuple(self.attr("name")));
               })
          .def("__copy__", [](nb::handle self) { return nb::borrow(self); })
          .def("__deepcopy__", [](nb::handle self, nb::handle) { return nb::borrow(self); });
  dtype_type = reinterpret_cast<PyTypeObject*>(cls.ptr());
  for (int i = 0; i < kDtypeCount; ++i) {
    const Dtype dtype = static_cast<Dtype>(i);
    nb::object object = nb::inst_alloc(cls);
    new (nb::inst_ptr<DtypeObject>(object)) DtypeObject{dtype};
    nb::inst_mark_ready(object);
    const std::string name = dtype == Dtype::bool_ ? "bool_" : std::string(name_of(dtype));
    m.attr(name.c_str()) = object;
    dtype_objects[static_cast<size_t>(i)] = object.release().ptr();
  }
  m.def("_dtype", [](const std::string& name) { return dtype_from_name(name); }, nb::arg("name"));
  m.def("_promote", &promote, nb::arg("a"), nb::arg("b"));
}

}  // namespace tandem::python
