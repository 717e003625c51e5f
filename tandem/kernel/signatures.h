// The types of IR operations: what the signatures of ir_ops.def mean, for builder and verifier.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

enum class OpSignature : uint8_t {
  source,
  sink,
  floating,
  integer,
  fcompare,
  icompare,
  select,
  logic,
  other
};

OpSignature signature_of(Op op);

constexpr bool is_float(Type type) { return type == Type::f32 || type == Type::f64; }
constexpr bool is_int(Type type) { return type == Type::i32 || type == Type::i64; }
constexpr int bit_width(Type type) {
  return type == Type::b1 ? 1 : (type == Type::i32 || type == Type::f32 ? 32 : 64);
}
constexpr bool is_store(Op op) { return op == Op::store || op == Op::store_at; }

// Whether an operation computes from its operands alone: it is neither a source nor reads or writes
// memory.
inline bool computes(Op op) {
  const OpSignature signature = signature_of(op);
  return signature != OpSignature::source && signature != OpSignature::sink && op != Op::load_at;
}

// The result type where the operands alone give it; empty where the node states it (sources,
// load_at, conversions) or the operands do not fit.
std::optional<Type> infer_type(Op op, std::span<const Type> operands);

// Empty where `result` and `operands` fit the signature of `op`, else what is wrong. Sources,
// loads, stores and calls depend on more than types: the verifier looks at them.
std::string check_types(Op op, Type result, std::span<const Type> operands);

}  // namespace tandem::kernel
