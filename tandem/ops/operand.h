// Operand: an array or a scalar of the host language. A scalar is weak: it takes the dtype of the
// arrays beside it (a float beside integers gives float32, a complex number complex64) and lives in
// the node that uses it.
#pragma once

#include <variant>

#include "tandem/graph/array.h"
#include "tandem/graph/streams.h"

namespace tandem {

class Operand {
 public:
  Operand(array value) : value_(std::move(value)) {}
  Operand(Scalar value) : value_(value) {}
  template <Arithmetic T>
  Operand(T value) : value_(scalar_of(value)) {}
  Operand(std::complex<float> value) : value_(Scalar(value)) {}

  const array* as_array() const { return std::get_if<array>(&value_); }
  const Scalar* as_scalar() const { return std::get_if<Scalar>(&value_); }
  // The array itself, or a scalar array of the scalar's own dtype.
  array to_array() const;

 private:
  std::variant<array, Scalar> value_;
};

}  // namespace tandem
