// Arrays from nested lists and tuples.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "array/array_data.h"
#include "array/objects.h"
#include "gil.h"

namespace tandem::python {
namespace {

// What the numbers of a sequence have in common: the widest of their types.
enum class Kind : uint8_t { none, boolean, integer, real, complex };

bool is_sequence(PyObject* object) { return PyList_Check(object) || PyTuple_Check(object); }

// Calls f(element) for each number or array in the nested sequence, in row-major order.
template <class F>
void for_each_leaf(PyObject* object, int depth, F& f) {
  if (depth == 0) return f(object);
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(object);
  for (Py_ssize_t i = 0; i < count; ++i) {
    for_each_leaf(PySequence_Fast_GET_ITEM(object, i), depth - 1, f);
  }
}

// The extents of the nesting, read off the first elements.
Shape nesting(PyObject* sequence) {
  Shape shape;
  while (is_sequence(sequence)) {
    TANDEM_USER(shape.size() < 64, ArgumentError, "array",
                "sequences nested too deep: got {} levels", shape.size());
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(sequence);
    shape.push_back(count);
    if (count == 0) break;
    sequence = PySequence_Fast_GET_ITEM(sequence, 0);
  }
  return shape;
}

void check_uniform(PyObject* object, Dims shape) {
  if (shape.empty()) {
    TANDEM_USER(!is_sequence(object), ShapeError, "array",
                "nested sequences are not uniform: got a sequence, expected a number");
    return;
  }
  TANDEM_USER(is_sequence(object), ShapeError, "array",
              "nested sequences are not uniform: got a {}, expected a sequence of {}",
              Py_TYPE(object)->tp_name, shape[0]);
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(object);
  TANDEM_USER(count == shape[0], ShapeError, "array",
              "nested sequences are not uniform: got lengths {} and {}", shape[0], count);
  if (shape.size() == 1) {
    for (Py_ssize_t i = 0; i < count; ++i) {
      TANDEM_USER(!is_sequence(PySequence_Fast_GET_ITEM(object, i)), ShapeError, "array",
                  "nested sequences are not uniform: got a sequence, expected a number");
    }
    return;
  }
  for (Py_ssize_t i = 0; i < count; ++i) {
    check_uniform(PySequence_Fast_GET_ITEM(object, i), shape.subspan(1));
  }
}

Kind kind_of(PyObject* leaf) {
  if (PyFloat_Check(leaf)) return Kind::real;
  if (PyBool_Check(leaf)) return Kind::boolean;
  if (PyLong_Check(leaf)) return Kind::integer;
  if (PyComplex_Check(leaf)) return Kind::complex;
  return Kind::none;
}

template <class To, class From>
To convert_element(From value) {
  if constexpr (std::is_same_v<From, std::complex<float>>) {
    if constexpr (std::is_same_v<To, From>) {
      return value;
    } else {
      return convert_element<To>(static_cast<double>(value.real()));
    }
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_same_v<To, std::complex<float>>) {
    return {static_cast<float>(value), 0.0f};
  } else if constexpr (std::is_same_v<To, float16_t> || std::is_same_v<To, bfloat16_t>) {
    return To(static_cast<float>(value));
  } else if constexpr (std::is_floating_point_v<To> || std::is_same_v<From, int64_t>) {
    return static_cast<To>(value);  // integers wrap
  } else {
    // float to integer: NaN gives 0; 8 and 16 bits wrap from 32, wider saturate.
    using Wide = std::conditional_t<sizeof(To) <= 2, int32_t, To>;
    constexpr double low = static_cast<double>(std::numeric_limits<Wide>::min());
    constexpr double high = static_cast<double>(std::numeric_limits<Wide>::max());
    if (std::isnan(value)) return To(0);
    if (value <= low) return static_cast<To>(std::numeric_limits<Wide>::min());
    if (value >= high) return static_cast<To>(std::numeric_limits<Wide>::max());
    return static_cast<To>(static_cast<Wide>(value));
  }
}

template <class From>
array converted(const std::vector<From>& values, Dims shape, Dtype dtype) {
  return visit(dtype, [&](auto tag) {
    using To = typename decltype(tag)::type;
    // Not std::vector, whose bool has no addressable elements.
    const std::unique_ptr<To[]> target(new To[values.size() + 1]);
    for (size_t i = 0; i < values.size(); ++i) target[i] = convert_element<To>(values[i]);
    return array::from_bytes(target.get(), shape, dtype);
  });
}

// Fails with the Python error that the conversion set.
void check_conversion(bool failed) {
  if (failed && PyErr_Occurred()) throw nb::python_error();
}

array array_of_integers(PyObject* sequence, const Shape& shape, std::optional<Dtype> dtype) {
  std::vector<int64_t> values;
  bool fits_32 = true;
  auto append = [&](PyObject* leaf) {
    int overflow = 0;
    int64_t value = PyLong_AsLongLongAndOverflow(leaf, &overflow);
    check_conversion(value == -1);
    if (overflow > 0 && dtype == Dtype::uint64) {
      const unsigned long long wide = PyLong_AsUnsignedLongLong(leaf);
      if (wide != ~0ULL || !PyErr_Occurred()) {
        value = static_cast<int64_t>(wide);
        overflow = 0;
      }
      PyErr_Clear();
    }
    TANDEM_USER(overflow == 0, ArgumentError, "array", "integer does not fit 64 bits");
    fits_32 &= value == static_cast<int32_t>(value);
    values.push_back(value);
  };
  for_each_leaf(sequence, static_cast<int>(shape.size()), append);
  return converted(values, shape, dtype.value_or(fits_32 ? Dtype::int32 : Dtype::int64));
}

array array_of_reals(PyObject* sequence, const Shape& shape, std::optional<Dtype> dtype) {
  std::vector<double> values;
  auto append = [&](PyObject* leaf) {
    values.push_back(PyFloat_AsDouble(leaf));
    check_conversion(values.back() == -1.0);
  };
  for_each_leaf(sequence, static_cast<int>(shape.size()), append);
  return converted(values, shape, dtype.value_or(Dtype::float32));
}

array array_of_complex(PyObject* sequence, const Shape& shape, std::optional<Dtype> dtype) {
  std::vector<std::complex<float>> values;
  auto append = [&](PyObject* leaf) {
    const Py_complex value = PyComplex_AsCComplex(leaf);
    check_conversion(value.real == -1.0);
    values.emplace_back(static_cast<float>(value.real), static_cast<float>(value.imag));
  };
  for_each_leaf(sequence, static_cast<int>(shape.size()), append);
  return converted(values, shape, dtype.value_or(Dtype::complex64));
}

// Leaves that are arrays themselves: their shape follows the nesting's.
array array_of_arrays(PyObject* sequence, const Shape& shape, std::optional<Dtype> dtype) {
  std::vector<array> parts;
  auto append = [&](PyObject* leaf) {
    const auto operand = operand_from(leaf);
    TANDEM_USER(operand.has_value(), DTypeError, "array", "cannot hold an element of type {}",
                Py_TYPE(leaf)->tp_name);
    parts.push_back(operand->to_array());
  };
  for_each_leaf(sequence, static_cast<int>(shape.size()), append);
  Dtype common = parts[0].dtype();
  for (const array& part : parts) {
    TANDEM_USER(std::ranges::equal(part.shape(), parts[0].shape()), ShapeError, "array",
                "elements differ in shape: got {} and {}", to_string(parts[0].shape()),
                to_string(part.shape()));
    common = promote(common, part.dtype());
  }
  for (array& part : parts) part = contiguous(astype(part, dtype.value_or(common)));
  const size_t bytes = parts[0].nbytes();
  Shape full = shape;
  full.append(parts[0].shape().begin(), parts[0].shape().end());
  const GilReleased released;
  eval(parts);
  std::vector<std::byte> target(bytes * parts.size() + 1);
  for (size_t i = 0; i < parts.size(); ++i) {
    std::memcpy(target.data() + i * bytes, parts[i].data(), bytes);
  }
  return array::from_bytes(target.data(), full, dtype.value_or(common));
}

}  // namespace

array array_from_sequence(PyObject* sequence, std::optional<Dtype> dtype) {
  const Shape shape = nesting(sequence);
  check_uniform(sequence, shape);
  Kind kind = Kind::none;
  bool plain = true;
  auto widen = [&](PyObject* leaf) {
    const Kind leaf_kind = kind_of(leaf);
    plain &= leaf_kind != Kind::none;
    kind = std::max(kind, leaf_kind);
  };
  for_each_leaf(sequence, static_cast<int>(shape.size()), widen);
  if (!plain) return array_of_arrays(sequence, shape, dtype);
  switch (kind) {
    case Kind::boolean:
      return array_of_integers(sequence, shape, dtype.value_or(Dtype::bool_));
    case Kind::integer:
      return array_of_integers(sequence, shape, dtype);
    case Kind::complex:
      return array_of_complex(sequence, shape, dtype);
    case Kind::real:
    case Kind::none:
      break;
  }
  return array_of_reals(sequence, shape, dtype);
}

array converted_copy(const double* data, Dims shape, Dtype dtype) {
  return converted(std::vector<double>(data, data + element_count(shape)), shape, dtype);
}

array converted_copy(const std::complex<double>* data, Dims shape, Dtype dtype) {
  std::vector<std::complex<float>> narrow(data, data + element_count(shape));
  return converted(narrow, shape, dtype);
}

}  // namespace tandem::python
