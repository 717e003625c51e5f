// Conversions between Python arguments and the C++ types of the public functions.
#pragma once

#include <nanobind/nanobind.h>

#include <optional>
#include <vector>

#include "array/objects.h"

namespace tandem::python {

// A dtype as Python sees it.
struct DtypeObject {
  Dtype value;
};
PyObject* dtype_object(Dtype dtype);  // borrowed; one object per dtype
bool dtype_from(PyObject* object, Dtype& result);

bool stream_from(PyObject* object, StreamOrDevice& result);

// A device or a device type: its device 0.
struct DeviceArgument {
  Device value;
};
bool device_from(PyObject* object, Device& result);

// Whole numbers, alone or in a sequence; false for anything else.
bool integers_from(PyObject* object, std::vector<int64_t>& result);

// An extent or several: int | Sequence[int].
struct ShapeArgument {
  Shape value;
};
// None, an axis or several: None | int | Sequence[int].
struct AxesArgument {
  std::optional<std::vector<int64_t>> value;
};

// Arrays in a sequence, or the parts of one array along its first axis.
struct ArraysArgument {
  std::vector<array> value;
};
bool arrays_from(PyObject* object, std::vector<array>& result);
// Arrays given one by one; raises DTypeError naming `op` for what is none.
std::vector<array> arrays_of(const nb::args& arguments, const char* op);
nb::list list_of(const std::vector<array>& arrays);

inline constexpr char kOperandText[] = " | bool | int | float | complex";

}  // namespace tandem::python

namespace nanobind::detail {

template <>
struct type_caster<tandem::python::DeviceArgument> {
  NB_TYPE_CASTER(tandem::python::DeviceArgument, make_caster<tandem::Device>::Name +
                                                     const_name(" | ") +
                                                     make_caster<tandem::DeviceType>::Name)

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    return tandem::python::device_from(source.ptr(), value.value);
  }
};

template <>
struct type_caster<tandem::Dtype> {
  NB_TYPE_CASTER(tandem::Dtype, make_caster<tandem::python::DtypeObject>::Name)

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    return tandem::python::dtype_from(source.ptr(), value);
  }
  static handle from_cpp(tandem::Dtype dtype, rv_policy, cleanup_list*) noexcept {
    return handle(tandem::python::dtype_object(dtype)).inc_ref();
  }
};

template <>
struct type_caster<tandem::StreamOrDevice> {
  NB_TYPE_CASTER(tandem::StreamOrDevice, make_caster<tandem::Stream>::Name + const_name(" | ") +
                                             make_caster<tandem::ThreadLocalStream>::Name +
                                             const_name(" | ") + make_caster<tandem::Device>::Name +
                                             const_name(" | ") +
                                             make_caster<tandem::DeviceType>::Name)

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    return source.is_none() || tandem::python::stream_from(source.ptr(), value);
  }
};

// Holds the array or scalar by value, so that building an operation needs no further conversion. A
// failure inside the conversion (an int beyond 64 bits) is raised when the argument is used.
template <>
struct type_caster<tandem::Operand> {
  using Value = tandem::Operand;
  static constexpr auto Name =
      make_caster<tandem::array>::Name + const_name(tandem::python::kOperandText);
  template <class T>
  using Cast = tandem::Operand&;
  template <class T>
  static constexpr bool can_cast() {
    return true;
  }

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    try {
      value = tandem::python::operand_from(source.ptr());
      return value.has_value();
    } catch (...) {
      failure = std::current_exception();
      return true;
    }
  }
  explicit operator tandem::Operand&() {
    if (failure) std::rethrow_exception(failure);
    return *value;
  }

  std::optional<tandem::Operand> value;
  std::exception_ptr failure;
};

template <>
struct type_caster<tandem::Scalar> {
  using Value = tandem::Scalar;
  static constexpr auto Name = const_name("bool | int | float | complex");
  template <class T>
  using Cast = tandem::Scalar&;
  template <class T>
  static constexpr bool can_cast() {
    return true;
  }

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    try {
      const auto scalar = tandem::python::scalar_from(source.ptr(), true);
      if (scalar) value = *scalar;
      return scalar.has_value();
    } catch (...) {
      failure = std::current_exception();
      return true;
    }
  }
  explicit operator tandem::Scalar&() {
    if (failure) std::rethrow_exception(failure);
    return value;
  }

  tandem::Scalar value;
  std::exception_ptr failure;
};

template <>
struct type_caster<tandem::python::ShapeArgument> {
  NB_TYPE_CASTER(tandem::python::ShapeArgument, const_name("int | collections.abc.Sequence[int]"))

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    std::vector<int64_t> extents;
    if (!tandem::python::integers_from(source.ptr(), extents)) return false;
    value.value = tandem::Shape(extents.begin(), extents.end());
    return true;
  }
};

template <>
struct type_caster<tandem::python::AxesArgument> {
  NB_TYPE_CASTER(tandem::python::AxesArgument, const_name("int | collections.abc.Sequence[int]"))

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    if (source.is_none()) return true;
    return tandem::python::integers_from(source.ptr(), value.value.emplace());
  }
};

template <>
struct type_caster<tandem::python::ArraysArgument> {
  NB_TYPE_CASTER(tandem::python::ArraysArgument, const_name("collections.abc.Sequence[array]"))

  bool from_python(handle source, uint32_t, cleanup_list*) noexcept {
    try {
      return tandem::python::arrays_from(source.ptr(), value.value);
    } catch (...) {
      return false;
    }
  }
};

}  // namespace nanobind::detail
