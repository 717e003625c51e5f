// Arrays from nothing: constants and ranges.
#include <nanobind/stl/optional.h>

#include <optional>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

array make_full(const ShapeArgument& shape, const Operand& value, std::optional<Dtype> dtype,
                const StreamOrDevice& s) {
  if (const Scalar* scalar = value.as_scalar()) return full(shape.value, *scalar, dtype, s);
  return full(shape.value, *value.as_array(), dtype, s);
}

// arange(stop), arange(start, stop) and arange(start, stop, step), each argument by name too.
array make_range(std::optional<Scalar> start, std::optional<Scalar> stop,
                 std::optional<Scalar> step, std::optional<Dtype> dtype, const StreamOrDevice& s) {
  TANDEM_USER(start || stop, ArgumentError, "arange", "needs an end: got no start and no stop");
  const Scalar zero = int64_t{0}, one = int64_t{1};
  if (!stop) return arange(zero, *start, step.value_or(one), dtype, s);
  return arange(start.value_or(zero), *stop, step.value_or(one), dtype, s);
}

double real_part(const Scalar& scalar) {
  return std::visit(
      [](auto value) -> double {
        if constexpr (std::is_same_v<decltype(value), std::complex<float>>) {
          raise<DTypeError>("linspace", "takes no complex numbers");
        } else {
          return static_cast<double>(value);
        }
      },
      scalar);
}

array make_linspace(const Scalar& start, const Scalar& stop, int64_t num, bool endpoint,
                    std::optional<Dtype> dtype, const StreamOrDevice& s) {
  const double first = real_part(start);
  double last = real_part(stop);
  if (!endpoint && num > 0)
    last = first + (last - first) * static_cast<double>(num - 1) / static_cast<double>(num);
  return linspace(first, last, num, dtype.value_or(Dtype::float32), s);
}

void bind_constants(nb::module_& m) {
  for (const char* name : {"zeros", "empty"}) {
    m.def(
        name,
        [](const ShapeArgument& shape, std::optional<Dtype> dtype, const StreamOrDevice& s) {
          return zeros(shape.value, dtype.value_or(Dtype::float32), s);
        },
        nb::arg("shape"), nb::arg("dtype") = Dtype::float32, nb::kw_only(), kStream(),
        "An array of zeros.");
  }
  m.def(
      "ones",
      [](const ShapeArgument& shape, std::optional<Dtype> dtype, const StreamOrDevice& s) {
        return ones(shape.value, dtype.value_or(Dtype::float32), s);
      },
      nb::arg("shape"), nb::arg("dtype") = Dtype::float32, nb::kw_only(), kStream(),
      "An array of ones.");
  m.def(
      "full", &make_full, nb::arg("shape"), nb::arg("vals"), nb::arg("dtype") = nb::none(),
      nb::kw_only(), kStream(),
      "`vals` everywhere: a number, or an array that broadcasts to `shape`. ShapeError if it does\n"
      "not.");
  for (const char* name : {"zeros_like", "empty_like"}) {
    m.def(
        name,
        [](const array& a, std::optional<Dtype> dtype, const StreamOrDevice& s) {
          return zeros(a.shape(), dtype.value_or(a.dtype()), s);
        },
        nb::arg("a"), nb::arg("dtype") = nb::none(), nb::kw_only(), kStream(),
        "Zeros of the shape and dtype of `a`.");
  }
  m.def(
      "ones_like",
      [](const array& a, std::optional<Dtype> dtype, const StreamOrDevice& s) {
        return ones(a.shape(), dtype.value_or(a.dtype()), s);
      },
      nb::arg("a"), nb::arg("dtype") = nb::none(), nb::kw_only(), kStream(),
      "Ones of the shape and dtype of `a`.");
  m.def(
      "full_like",
      [](const array& a, const Operand& value, std::optional<Dtype> dtype,
         const StreamOrDevice& s) {
        const Dims shape = a.shape();
        return make_full({Shape(shape.begin(), shape.end())}, value, dtype.value_or(a.dtype()), s);
      },
      nb::arg("a"), nb::arg("vals"), nb::arg("dtype") = nb::none(), nb::kw_only(), kStream(),
      "`vals` everywhere, in the shape and dtype of `a`.");
}

}  // namespace

void bind_creation(nb::module_& m) {
  bind_constants(m);
  m.def(
      "arange", &make_range, nb::arg("start") = nb::none(), nb::arg("stop") = nb::none(),
      nb::arg("step") = nb::none(), nb::arg("dtype") = nb::none(), nb::kw_only(), kStream(),
      nb::sig("def arange(start: int | float | None = None, stop: int | float | None = None, "
              "step: int | float | None = None, dtype: Dtype | None = None, *, "
              "stream: Stream | Device | DeviceType | None = None) -> array"),
      "arange(stop), arange(start, stop) or arange(start, stop, step): start, start + step, ...\n"
      "before stop. int32 for whole numbers (int64 where they do not fit), else float32, unless a\n"
      "dtype is named. ArgumentError for a step of zero.");
  m.def("linspace", &make_linspace, nb::arg("start"), nb::arg("stop"), nb::arg("num") = 50,
        nb::arg("endpoint") = true, nb::arg("dtype") = Dtype::float32, kStream(),
        "`num` evenly spaced values from start to stop, stop included unless `endpoint` is False.");
  m.def(
      "eye",
      [](int64_t n, std::optional<int64_t> columns, int64_t k, std::optional<Dtype> dtype,
         const StreamOrDevice& s) { return eye(n, columns, k, dtype.value_or(Dtype::float32), s); },
      nb::arg("n"), nb::arg("m") = nb::none(), nb::arg("k") = 0, nb::arg("dtype") = Dtype::float32,
      nb::kw_only(), kStream(),
      "An n x m matrix (n x n by default) with ones on its k-th diagonal and zeros elsewhere.");
  m.def(
      "identity",
      [](int64_t n, std::optional<Dtype> dtype, const StreamOrDevice& s) {
        return identity(n, dtype.value_or(Dtype::float32), s);
      },
      nb::arg("n"), nb::arg("dtype") = Dtype::float32, nb::kw_only(), kStream(),
      "The n x n identity matrix.");
}

}  // namespace tandem::python
