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
        "Normally distributed numbers around `loc` with deviation `scale`. DTypeError unless "
        "`dtype`\n"
        "is floating.");
}

}  // namespace tandem::python
