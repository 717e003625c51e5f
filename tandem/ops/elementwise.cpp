#include "tandem/ops/elementwise.h"

#include "tandem/graph/scalar_bits.h"
#include "tandem/ops/build.h"

namespace tandem {
namespace {

// The dtype a weak scalar has beside arrays of dtype `beside`.
Dtype weak_dtype(const Scalar& scalar, Dtype beside) {
  if (std::holds_alternative<bool>(scalar)) return beside;
  if (std::holds_alternative<int64_t>(scalar)) {
    return beside == Dtype::bool_ ? Dtype::int32 : beside;
  }
  if (std::holds_alternative<double>(scalar)) {
    return is_inexact(beside) ? beside : Dtype::float32;
  }
  return Dtype::complex64;
}

// In line: most shapes have few axes, for which a call costs more than the comparison.
bool same_extents(Dims a, Dims b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

struct Immediates {
  Dtype dtype = Dtype::float32;
  uint8_t mask = 0;
};

// Dtypes of the operands from `first` on, scalars resolved against the arrays beside them.
void resolve_dtypes(std::span<const Operand* const> operands, size_t first, Dtype* dtypes,
                    Immediates& immediates) {
  std::optional<Dtype> arrays;
  for (size_t i = first; i < operands.size(); ++i) {
    if (const array* a = operands[i]->as_array()) {
      dtypes[i] = a->dtype();
      arrays = arrays ? promote(*arrays, dtypes[i]) : dtypes[i];
    }
  }
  Dtype scalars = arrays.value_or(Dtype::bool_);
  for (size_t i = first; i < operands.size(); ++i) {
    const Scalar* scalar = operands[i]->as_scalar();
    if (!scalar) continue;
    const Dtype own = arrays ? weak_dtype(*scalar, *arrays) : dtype_of(*scalar);
    scalars = promote(scalars, own);
    immediates.mask |= static_cast<uint8_t>(1u << i);
  }
  immediates.dtype = scalars;
  for (size_t i = first; i < operands.size(); ++i) {
    if (immediates.mask & (1u << i)) dtypes[i] = scalars;
  }
}

}  // namespace

array Operand::to_array() const {
  if (const array* a = as_array()) return *a;
  return array(*as_scalar(), dtype_of(*as_scalar()));
}

array apply(op_table::RowId row, std::span<const Operand> operands, StreamOrDevice s) {
  SmallVector<const Operand*, op_table::kMaxArity> pointers;
  for (const Operand& operand : operands) pointers.push_back(&operand);
  return apply(row, std::span<const Operand* const>(pointers.begin(), pointers.size()), s);
}

array apply(op_table::RowId row, std::span<const Operand* const> operands, StreamOrDevice s) {
  const op_table::RowInfo& info = op_table::row(row);
  TANDEM_CHECK(operands.size() == static_cast<size_t>(info.arity), "{} operands", operands.size());
  Dtype dtypes[op_table::kMaxArity];
  Immediates immediates;
  const size_t first = info.first_is_mask ? 1 : 0;
  resolve_dtypes(operands, first, dtypes, immediates);
  if (info.first_is_mask) {
    const array* mask = operands[0]->as_array();
    dtypes[0] = mask ? mask->dtype() : Dtype::bool_;
    if (!mask) immediates.mask |= 1;
  }
  const op_table::Signature signature = op_table::infer(row, std::span(dtypes, operands.size()));

  graph::Node* inputs[op_table::kMaxArity] = {};
  uint64_t params[op_table::kMaxArity] = {};
  Dims shape;  // of the operand that has it, or `broadcast`
  Shape broadcast;
  bool any = false;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (const array* a = operands[i]->as_array()) {
      inputs[i] = a->node().get();
      const Dims other = a->shape();
      if (!any) {
        shape = other;
      } else if (!same_extents(shape, other)) {
        broadcast = broadcast_shapes(shape, other, info.name);
        shape = broadcast;
      }
      any = true;
    } else {
      const Scalar& scalar = *operands[i]->as_scalar();
      graph::check_fits(scalar, signature.operands[i], info.name);
      params[i] = graph::encode_scalar(scalar, signature.operands[i]);
    }
  }
  graph::NodeInit init;
  init.op = row;
  init.dtype = signature.result;
  init.stream = static_cast<uint16_t>(resolve(s).index);
  init.shape = shape;
  init.inputs = std::span(inputs, operands.size());
  init.immediates = immediates.mask;
  // Immediates are stored in the dtype that the row computes in.
  init.immediate_dtype = signature.operands[operands.size() - 1];
  if (immediates.mask) init.params = std::span(params, operands.size());
  return array(graph::Node::make(init));
}

array astype(const array& a, Dtype dtype, StreamOrDevice s) {
  if (a.dtype() == dtype) return a;
  return ops::make({.op = graph::Structured::cast,
                    .dtype = dtype,
                    .shape = a.shape(),
                    .inputs = std::span(&a, 1)},
                   s);
}

array operator+(const array& a, const array& b) { return add(a, b); }
array operator-(const array& a, const array& b) { return subtract(a, b); }
array operator*(const array& a, const array& b) { return multiply(a, b); }
array operator/(const array& a, const array& b) { return divide(a, b); }
array operator-(const array& a) { return negative(a); }

}  // namespace tandem
