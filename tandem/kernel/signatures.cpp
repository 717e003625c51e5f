#include "tandem/kernel/signatures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tandem::kernel {

namespace {

constexpr OpSignature signature_from(std::string_view text) {
  constexpr std::array<std::string_view, 9> names = {
      "source", "sink", "float", "integer", "fcompare", "icompare", "select", "logic", "other"};
  return static_cast<OpSignature>(std::find(names.begin(), names.end(), text) - names.begin());
}

constexpr OpSignature kSignatures[] = {
#define TANDEM_IR_OP(name, arity, signature) signature_from(#signature),
#include "tandem/kernel/ir_ops.def"
#undef TANDEM_IR_OP
};
static_assert(std::ranges::all_of(kSignatures, [](OpSignature signature) {
  return signature <= OpSignature::other;
}));

bool all_same(std::span<const Type> types) {
  return std::ranges::all_of(types, [&](Type type) { return type == types[0]; });
}

Type int_of_width(Type type) { return bit_width(type) == 64 ? Type::i64 : Type::i32; }

// The conversions whose result the node states, or that have one signature of their own.
bool conversion_fits(Op op, Type result, std::span<const Type> operands) {
  const Type from = operands[0];
  switch (op) {
    case Op::ldexp:
      return is_float(from) && result == from && operands[1] == Type::i32;
    case Op::round_f16:
    case Op::round_bf16:
      return from == Type::f32 && result == Type::f32;
    case Op::wrap_s8:
    case Op::wrap_u8:
    case Op::wrap_s16:
    case Op::wrap_u16:
      return from == Type::i32 && result == Type::i32;
    case Op::ftoi_s:
    case Op::ftoi_u:
      return is_float(from) && is_int(result);
    case Op::itof_s:
    case Op::itof_u:
      return is_int(from) && is_float(result);
    case Op::f32_to_f64:
      return from == Type::f32 && result == Type::f64;
    case Op::f64_to_f32:
      return from == Type::f64 && result == Type::f32;
    case Op::extend_s:
    case Op::extend_u:
      return from == Type::i32 && result == Type::i64;
    case Op::narrow:
      return from == Type::i64 && result == Type::i32;
    case Op::bitcast:
      return (is_float(from) && result == int_of_width(from)) ||
             (is_float(result) && from == int_of_width(result));
    default:
      return true;
  }
}

bool fits(Op op, Type result, std::span<const Type> operands) {
  switch (signature_of(op)) {
    case OpSignature::floating:
      return is_float(result) && all_same(operands) && operands[0] == result;
    case OpSignature::integer:
      return is_int(result) && all_same(operands) && operands[0] == result;
    case OpSignature::logic:
      return !is_float(result) && all_same(operands) && operands[0] == result;
    case OpSignature::fcompare:
      return result == Type::b1 && all_same(operands) && is_float(operands[0]);
    case OpSignature::icompare:
      return result == Type::b1 && all_same(operands) && is_int(operands[0]);
    case OpSignature::select:
      return operands[0] == Type::b1 && operands[1] == operands[2] && operands[1] == result;
    case OpSignature::sink:
      return operands.back() == result;
    case OpSignature::other:
      return operands.empty() || conversion_fits(op, result, operands);
    case OpSignature::source:
      return true;
  }
  return false;
}

}  // namespace

OpSignature signature_of(Op op) { return kSignatures[static_cast<int>(op)]; }

std::optional<Type> infer_type(Op op, std::span<const Type> operands) {
  if (operands.empty()) return std::nullopt;
  switch (signature_of(op)) {
    case OpSignature::fcompare:
    case OpSignature::icompare:
      return Type::b1;
    case OpSignature::floating:
    case OpSignature::integer:
    case OpSignature::logic:
      return operands[0];
    case OpSignature::select:
    case OpSignature::sink:
      return operands.back();
    default:
      break;
  }
  switch (op) {
    case Op::ldexp:
      return operands[0];
    case Op::round_f16:
    case Op::round_bf16:
    case Op::f64_to_f32:
      return Type::f32;
    case Op::wrap_s8:
    case Op::wrap_u8:
    case Op::wrap_s16:
    case Op::wrap_u16:
    case Op::narrow:
      return Type::i32;
    case Op::f32_to_f64:
      return Type::f64;
    case Op::extend_s:
    case Op::extend_u:
      return Type::i64;
    case Op::bitcast:
      if (is_float(operands[0])) return int_of_width(operands[0]);
      return bit_width(operands[0]) == 64 ? Type::f64 : Type::f32;
    default:
      return std::nullopt;
  }
}

std::string check_types(Op op, Type result, std::span<const Type> operands) {
  if (fits(op, result, operands)) return {};
  std::string given;
  for (Type type : operands) given += (given.empty() ? "" : ", ") + std::string(name_of(type));
  return fmt::format("{} of ({}) does not give {}", name_of(op), given, name_of(result));
}

}  // namespace tandem::kernel
