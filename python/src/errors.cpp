// The exception classes of the module and the translation of C++ exceptions to them.
#include "errors.h"

#include <cstring>
#include <string>

#include "array/objects.h"
#include "bindings.h"

namespace tandem::python {
namespace {

// Owned for the life of the process.
struct Classes {
  PyObject* error = nullptr;
  PyObject* shape = nullptr;
  PyObject* axis = nullptr;
  PyObject* dtype = nullptr;
  PyObject* argument = nullptr;
  PyObject* device = nullptr;
  PyObject* out_of_memory = nullptr;
  PyObject* io = nullptr;
  PyObject* internal = nullptr;
};
Classes classes;

template <class... Bases>
PyObject* make_class(nb::module_& m, const char* name, const char* doc, Bases... bases) {
  const nb::object base_tuple = nb::steal(PyTuple_Pack(sizeof...(bases), bases...));
  const std::string full_name = std::string("tandem._core.") + name;
  PyObject* result = PyErr_NewExceptionWithDoc(full_name.c_str(), doc, base_tuple.ptr(), nullptr);
  if (!result) throw nb::python_error();
  m.attr(name) = nb::borrow(result);
  return result;
}

// A signal handler of the user may have raised something of its own while the wait was polled: that
// stays.
void set_interrupted() {
  if (!PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
}

// Texts may quote what a file holds, which need not be UTF-8.
void set_text(PyObject* type, const char* text) {
  const nb::object decoded = nb::steal(
      PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "backslashreplace"));
  if (decoded) PyErr_SetObject(type, decoded.ptr());
}

}  // namespace

void set_python_error() noexcept {
  try {
    throw;
  } catch (nb::python_error& e) {
    e.restore();
  } catch (const nb::builtin_exception& e) {
    const bool index = e.type() == nb::exception_type::index_error;
    const bool value = e.type() == nb::exception_type::value_error;
    set_text(index ? PyExc_IndexError : value ? PyExc_ValueError : PyExc_TypeError, e.what());
  } catch (const Interrupted&) {
    set_interrupted();
  } catch (const AxisError& e) {
    set_text(classes.axis, e.what());
  } catch (const ShapeError& e) {
    set_text(classes.shape, e.what());
  } catch (const DTypeError& e) {
    set_text(classes.dtype, e.what());
  } catch (const ArgumentError& e) {
    set_text(classes.argument, e.what());
  } catch (const DeviceError& e) {
    set_text(classes.device, e.what());
  } catch (const OutOfMemory& e) {
    set_text(classes.out_of_memory, e.what());
  } catch (const IoError& e) {
    set_text(classes.io, e.what());
  } catch (const InternalError& e) {
    set_text(classes.internal, e.what());
  } catch (const Error& e) {
    set_text(classes.error, e.what());
  } catch (const std::bad_alloc&) {
    set_text(classes.out_of_memory, "[memory] the system refused an allocation");
  } catch (const std::exception& e) {
    set_text(classes.internal, e.what());
  } catch (...) {
    set_text(classes.internal, "[internal] unknown exception");
  }
}

void bind_errors(nb::module_& m) {
  classes.error = make_class(m, "Error", "Base of every error of the library.", PyExc_RuntimeError);
  classes.shape =
      make_class(m, "ShapeError", "Shapes do not fit together.", classes.error, PyExc_ValueError);
  classes.axis = make_class(m, "AxisError", "An axis or an index is outside its range.",
                            classes.shape, PyExc_IndexError);
  classes.dtype = make_class(m, "DTypeError", "An operation does not take these dtypes.",
                             classes.error, PyExc_ValueError, PyExc_TypeError);
  classes.argument = make_class(m, "ArgumentError", "The value of an argument is not acceptable.",
                                classes.error, PyExc_ValueError);
  classes.device = make_class(m, "DeviceError", "A device does not exist or has failed.",
                              classes.error, PyExc_ValueError);
  classes.out_of_memory = make_class(m, "OutOfMemory", "No memory is left on a device.",
                                     classes.error, PyExc_MemoryError);
  classes.io =
      make_class(m, "IoError", "A file cannot be read or written.", classes.error, PyExc_OSError);
  classes.internal =
      make_class(m, "InternalError", "A broken promise of the library itself.", classes.error);
  nb::register_exception_translator([](const std::exception_ptr& error, void*) {
    try {
      std::rethrow_exception(error);
    } catch (const Error&) {
      set_python_error();
    }
  });
}

}  // namespace tandem::python
