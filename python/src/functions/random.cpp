// The submodule random: numbers from counter-based keys.
#include <nanobind/stl/optional.h>

#include <optional>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

array make_uniform(const Operand& low, const Operand& high, const ShapeArgument& shape,
                   std::optional<Dtype> dtype, const std::optional<array>& key,
                   const StreamOrDevice& s) {
  return random::uniform(low, high, shape.value, dtype.value_or(Dtype::float32), key, s);
}

std::optional<double> plain_number(const std::optional<Operand>& operand, double initial) {
  if (!operand) return initial;
  const Scalar* scalar = operand->as_scalar();
  if (!scalar || std::holds_alternative<std::complex<float>>(*scalar)) return std::nullopt;
  return std::visit(
      [](auto value) -> double {
        if constexpr (std::is_same_v<decltype(value), std::complex<float>>)
          return 0.0;
        else
          return static_cast<double>(value);
      },
      *scalar);
}

// Location and scale may be arrays, which broadcast with the numbers.
array make_normal(const ShapeArgument& shape, std::optional<Dtype> dtype,
                  std::optional<Operand> loc, std::optional<Operand> scale,
                  const std::optional<array>& key, const StreamOrDevice& s) {
  const Dtype type = dtype.value_or(Dtype::float32);
  const auto plain_loc = plain_number(loc, 0.0), plain_scale = plain_number(scale, 1.0);
  if (plain_loc && plain_scale) {
    return random::normal(shape.value, type, *plain_loc, *plain_scale, key, s);
  }
  array result = random::normal(shape.value, type, 0.0, 1.0, key, s);
  if (scale) result = multiply(result, *scale, s);
  return loc ? add(result, *loc, s) : result;
}

std::optional<Shape> shape_of(const std::optional<ShapeArgument>& shape) {
  return shape ? std::optional<Shape>(shape->value) : std::nullopt;
}

array make_categorical(const Operand& logits, int64_t axis,
                       const std::optional<ShapeArgument>& shape, std::optional<int64_t> samples,
                       const std::optional<array>& key, const StreamOrDevice& s) {
  TANDEM_USER(!shape || !samples, ArgumentError, "categorical",
              "takes a shape or a number of samples: got both");
  if (samples) return random::categorical_samples(logits.to_array(), axis, *samples, key, s);
  return random::categorical(logits.to_array(), axis, shape_of(shape), key, s);
}

void bind_integers(nb::module_& r) {
  r.def(
      "randint",
      [](const Operand& low, const Operand& high, const ShapeArgument& shape,
         std::optional<Dtype> dtype, const std::optional<array>& key, const StreamOrDevice& s) {
        return random::randint(low, high, shape.value, dtype.value_or(Dtype::int32), key, s);
      },
      nb::arg("low"), nb::arg("high"), nb::arg("shape") = nb::tuple(),
      nb::arg("dtype") = Dtype::int32, nb::arg("key") = nb::none(), kStream(),
      "Whole numbers in [low, high); the bounds broadcast to `shape`. Drawn as float32: of a "
      "range\n"
      "beyond 2^24 not every number occurs. DTypeError unless `dtype` is an integer or bool.");
  r.def(
      "bernoulli",
      [](const Operand& p, const std::optional<ShapeArgument>& shape,
         const std::optional<array>& key,
         const StreamOrDevice& s) { return random::bernoulli(p, shape_of(shape), key, s); },
      nb::arg("p") = 0.5, nb::arg("shape") = nb::none(), nb::arg("key") = nb::none(), kStream(),
      "True with probability p, which gives the shape when none is named. DTypeError unless p is\n"
      "floating.");
  r.def("categorical", &make_categorical, nb::arg("logits"), nb::arg("axis") = -1,
        nb::arg("shape") = nb::none(), nb::arg("num_samples") = nb::none(),
        nb::arg("key") = nb::none(), kStream(),
        "Positions (uint32) along an axis, each drawn with probability softmax(logits): one for "
        "each\n"
        "row of the logits, `num_samples` of them along a new last axis, or a result of `shape`.");
  r.def(
      "permutation",
      [](const Operand& x, int64_t axis, const std::optional<array>& key, const StreamOrDevice& s) {
        if (const array* a = x.as_array()) return random::permutation(*a, axis, key, s);
        const int64_t* const count = std::get_if<int64_t>(x.as_scalar());
        TANDEM_USER(count != nullptr, ArgumentError, "permutation",
                    "expects an array or a whole number");
        return random::permutation(*count, key, s);
      },
      nb::arg("x"), nb::arg("axis") = 0, nb::arg("key") = nb::none(), kStream(),
      "The elements of x along an axis in random order; for a number 0 to x - 1 (uint32) in "
      "random\n"
      "order. ArgumentError for a negative number, AxisError for a bad axis.");
}

void bind_distributions(nb::module_& r) {
  r.def(
      "truncated_normal",
      [](const Operand& lower, const Operand& upper, const std::optional<ShapeArgument>& shape,
         std::optional<Dtype> dtype, const std::optional<array>& key, const StreamOrDevice& s) {
        return random::truncated_normal(lower, upper, shape_of(shape),
                                        dtype.value_or(Dtype::float32), key, s);
      },
      nb::arg("lower"), nb::arg("upper"), nb::arg("shape") = nb::none(),
      nb::arg("dtype") = Dtype::float32, nb::arg("key") = nb::none(), kStream(),
      "Standard normal numbers between the bounds, which give the shape when none is named.\n"
      "DTypeError unless `dtype` is floating.");
  r.def(
      "gumbel",
      [](const ShapeArgument& shape, std::optional<Dtype> dtype, const std::optional<array>& key,
         const StreamOrDevice& s) {
        return random::gumbel(shape.value, dtype.value_or(Dtype::float32), key, s);
      },
      nb::arg("shape") = nb::tuple(), nb::arg("dtype") = Dtype::float32,
      nb::arg("key") = nb::none(), kStream(),
      "Standard Gumbel numbers, -log(-log(u)). DTypeError unless `dtype` is floating.");
  r.def(
      "laplace",
      [](const ShapeArgument& shape, std::optional<Dtype> dtype, double loc, double scale,
         const std::optional<array>& key, const StreamOrDevice& s) {
        return random::laplace(shape.value, dtype.value_or(Dtype::float32), loc, scale, key, s);
      },
      nb::arg("shape") = nb::tuple(), nb::arg("dtype") = Dtype::float32, nb::arg("loc") = 0.0,
      nb::arg("scale") = 1.0, nb::arg("key") = nb::none(), kStream(),
      "Laplace numbers around `loc` of the given scale. DTypeError unless `dtype` is floating.");
  r.def(
      "multivariate_normal",
      [](const array& mean, const array& cov, const ShapeArgument& shape,
         std::optional<Dtype> dtype, const std::optional<array>& key, const StreamOrDevice& s) {
        return random::multivariate_normal(mean, cov, shape.value, dtype.value_or(Dtype::float32),
                                           key, s);
      },
      nb::arg("mean"), nb::arg("cov"), nb::arg("shape") = nb::tuple(),
      nb::arg("dtype") = Dtype::float32, nb::arg("key") = nb::none(), kStream(),
      "Normal vectors around `mean` with covariance `cov`; `shape` is that of the result without "
      "its\n"
      "last axis. float32 only. ShapeError when the extents do not agree.");
}

}  // namespace

void bind_random(nb::module_& m) {
  nb::module_ r = m.def_submodule("random",
                                  "Random numbers from counter-based keys (Threefry-2x32).\n\n"
                                  "The same key gives the same numbers on every device. A\n"
                                  "call without a key takes the next one of the calling\n"
                                  "thread's state, which seed() sets.");
  r.def("seed", &random::seed, nb::arg("seed"),
        "Sets the state that calls without a key draw from.");
  r.def("key", &random::key, nb::arg("seed"), "A key: uint32 array of shape (2,).");
  r.def(
      "split",
      [](const array& key, int64_t num, const StreamOrDevice& s) {
        return random::split(key, num, s);
      },
      nb::arg("key"), nb::arg("num") = 2, kStream(),
      "`num` new keys from one, as a uint32 array of shape (num, 2).");
  r.def(
      "bits",
      [](const ShapeArgument& shape, const std::optional<array>& key, const StreamOrDevice& s) {
        return random::bits(shape.value, key, s);
      },
      nb::arg("shape") = nb::tuple(), nb::arg("key") = nb::none(), kStream(),
      "Uniform 32-bit words, uint32.");
  r.def(
      "uniform", &make_uniform, nb::arg("low") = 0, nb::arg("high") = 1,
      nb::arg("shape") = nb::tuple(), nb::arg("dtype") = Dtype::float32,
      nb::arg("key") = nb::none(), kStream(),
      "Uniform numbers in [low, high); the bounds broadcast to `shape`. DTypeError unless `dtype`\n"
      "is floating.");
  r.def("normal", &make_normal, nb::arg("shape") = nb::tuple(), nb::arg("dtype") = Dtype::float32,
        nb::arg("loc") = nb::none(), nb::arg("scale") = nb::none(), nb::arg("key") = nb::none(),
        kStream(),
        "Normally distributed numbers around `loc` with deviation `scale`; both parts of complex\n"
        "numbers have half the variance. DTypeError unless `dtype` is floating or complex64.");
  bind_integers(r);
  bind_distributions(r);
}

}  // namespace tandem::python
