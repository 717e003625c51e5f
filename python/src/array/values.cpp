#include "array/values.h"

#include "array/array_data.h"
#include "gil.h"

namespace tandem::python {
namespace {

nb::object number(const std::byte* data, Dtype dtype) {
  return visit(dtype, [&](auto tag) -> nb::object {
    using T = typename decltype(tag)::type;
    const T value = *reinterpret_cast<const T*>(data);
    if constexpr (std::is_same_v<T, bool>) {
      return nb::bool_(value);
    } else if constexpr (std::is_same_v<T, std::complex<float>>) {
      return nb::steal(PyComplex_FromDoubles(static_cast<double>(value.real()),
                                             static_cast<double>(value.imag())));
    } else if constexpr (std::is_same_v<T, float16_t> || std::is_same_v<T, bfloat16_t>) {
      return nb::float_(static_cast<double>(static_cast<float>(value)));
    } else if constexpr (std::is_floating_point_v<T>) {
      return nb::float_(static_cast<double>(value));
    } else {
      return nb::int_(value);
    }
  });
}

nb::object nested(const std::byte* data, Dims shape, Dims strides, Dtype dtype) {
  if (shape.empty()) return number(data, dtype);
  nb::object result = nb::steal(PyList_New(shape[0]));
  const int64_t step = strides[0] * static_cast<int64_t>(size_of(dtype));
  for (int64_t i = 0; i < shape[0]; ++i) {
    nb::object item = nested(data + i * step, shape.subspan(1), strides.subspan(1), dtype);
    PyList_SET_ITEM(result.ptr(), i, item.release().ptr());
  }
  return result;
}

void check_one(const array& a, const char* what) {
  if (a.ndim() == 0) return;
  TANDEM_USER(a.size() == 1, ShapeError, what, "needs exactly one element: got shape {}",
              to_string(a.shape()));
}

}  // namespace

const std::byte* host_data(const array& a) {
  release_unused_objects();
  if (const void* data = data_if_ready(a)) return static_cast<const std::byte*>(data);
  std::optional<GilReleased> released;
  eval(std::span(&a, 1), [&] { released.emplace(); });
  if (!released && !on_host(a)) released.emplace();
  return static_cast<const std::byte*>(a.data());
}

nb::object element(const array& a, const char* what) {
  check_one(a, what);
  return number(host_data(a), a.dtype());
}

nb::object nested_list(const array& a) {
  const std::byte* data = host_data(a);
  return nested(data, a.shape(), a.strides(), a.dtype());
}

bool is_true(const array& a) {
  check_one(a, "bool");
  const std::byte* data = host_data(a);
  return visit(a.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T value = *reinterpret_cast<const T*>(data);
    if constexpr (std::is_same_v<T, float16_t> || std::is_same_v<T, bfloat16_t>) {
      return static_cast<float>(value) != 0.0f;
    } else {
      return value != T{};
    }
  });
}

}  // namespace tandem::python
