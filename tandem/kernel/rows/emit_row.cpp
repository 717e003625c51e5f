#include "tandem/kernel/rows/emit_row.h"

#include <optional>
#include <type_traits>

#include "tandem/base/check.h"
#include "tandem/kernel/rows/carrier.h"
#include "tandem/kernel/rows/emit_row_text.h"
#include "tandem/kernel/verify/representable.h"
#include "tandem/op_table/row_info.h"

namespace tandem::kernel {

namespace {

std::optional<Op> rounding_op(Dtype dtype) {
  switch (dtype) {
    case Dtype::float16:
      return Op::round_f16;
    case Dtype::bfloat16:
      return Op::round_bf16;
    case Dtype::int8:
      return Op::wrap_s8;
    case Dtype::uint8:
      return Op::wrap_u8;
    case Dtype::int16:
      return Op::wrap_s16;
    case Dtype::uint16:
      return Op::wrap_u16;
    default:
      return std::nullopt;
  }
}

int part_count(Dtype dtype) { return is_complex(dtype) ? 2 : 1; }

NodeId cast_to_bool(Builder& builder, EmittedValue value) {
  const Type type = builder.type_of(value.nodes[0]);
  if (type == Type::b1) return value.nodes[0];
  const bool is_int = type == Type::i32 || type == Type::i64;
  const NodeId zero = builder.constant(type, 0);
  NodeId is_zero = builder.binary(is_int ? Op::ieq : Op::eq, value.nodes[0], zero);
  if (is_complex(value.dtype)) {
    is_zero = builder.binary(Op::and_, is_zero, builder.binary(Op::eq, value.nodes[1], zero));
  }
  return builder.unary(Op::not_, is_zero);
}

NodeId cast_to_float(Builder& builder, NodeId node, Dtype from, Type to) {
  switch (builder.type_of(node)) {
    case Type::b1:
      return builder.select(node, builder.float_constant(to, 1), builder.float_constant(to, 0));
    case Type::i32:
    case Type::i64:
      return builder.convert(info(from).is_signed ? Op::itof_s : Op::itof_u, to, node);
    case Type::f32:
      return to == Type::f64 ? builder.unary(Op::f32_to_f64, node) : node;
    case Type::f64:
      return to == Type::f32 ? builder.unary(Op::f64_to_f32, node) : node;
  }
  return node;
}

NodeId cast_to_int(Builder& builder, NodeId node, Dtype from, Dtype dtype) {
  const Type to = compute_type(dtype);
  switch (builder.type_of(node)) {
    case Type::b1:
      return builder.select(node, builder.int_constant(to, 1), builder.int_constant(to, 0));
    case Type::i32:
      if (to == Type::i32) return node;
      return builder.unary(info(from).is_signed ? Op::extend_s : Op::extend_u, node);
    case Type::i64:
      return to == Type::i64 ? node : builder.unary(Op::narrow, node);
    case Type::f32:
    case Type::f64: {
      const bool wraps = size_of(dtype) < 4;  // through int32
      return builder.convert(wraps || info(dtype).is_signed ? Op::ftoi_s : Op::ftoi_u, to, node);
    }
  }
  return node;
}

}  // namespace

NodeId emit_rounding(Builder& builder, NodeId node, Dtype dtype) {
  const std::optional<Op> op = rounding_op(dtype);
  if (!op || representable(builder.kernel(), node, dtype)) return node;
  return builder.unary(*op, node);
}

EmittedValue emit_load(Builder& builder, uint16_t buffer, Dtype dtype) {
  EmittedValue value{.dtype = dtype};
  for (int part = 0; part < part_count(dtype); ++part) {
    value.nodes[part] = builder.load(buffer, part);
  }
  return value;
}

EmittedValue emit_load_at(Builder& builder, uint16_t buffer, Dtype dtype, NodeId index) {
  EmittedValue value{.dtype = dtype};
  for (int part = 0; part < part_count(dtype); ++part) {
    value.nodes[part] = builder.load_at(buffer, index, part);
  }
  return value;
}

void emit_store(Builder& builder, uint16_t buffer, EmittedValue value) {
  for (int part = 0; part < part_count(value.dtype); ++part) {
    builder.store(buffer, emit_rounding(builder, value.nodes[part], value.dtype), part);
  }
}

void emit_store_at(Builder& builder, uint16_t buffer, NodeId index, EmittedValue value) {
  for (int part = 0; part < part_count(value.dtype); ++part) {
    const NodeId node = emit_rounding(builder, value.nodes[part], value.dtype);
    builder.store_at(buffer, index, node, part);
  }
}

EmittedValue emit_cast(Builder& builder, EmittedValue value, Dtype dtype) {
  if (value.dtype == dtype) return value;
  EmittedValue result{.dtype = dtype};
  const NodeId node = value.nodes[0];
  switch (compute_class(dtype)) {
    case ComputeClass::boolean:
      result.nodes[0] = cast_to_bool(builder, value);
      break;
    case ComputeClass::integer:
      result.nodes[0] = cast_to_int(builder, node, value.dtype, dtype);
      break;
    case ComputeClass::real:
      result.nodes[0] = cast_to_float(builder, node, value.dtype, compute_type(dtype));
      break;
    case ComputeClass::complex:
      result.nodes[0] = cast_to_float(builder, node, value.dtype, Type::f32);
      result.nodes[1] = builder.float_constant(Type::f32, 0);
      return result;
  }
  result.nodes[0] = emit_rounding(builder, result.nodes[0], dtype);
  return result;
}

EmittedValue emit_row(Builder& builder, op_table::RowId row, std::span<const EmittedValue> inputs,
                      const op_table::Signature& signature) {
  std::array<EmittedValue, op_table::kMaxArity> operands;
  TANDEM_CHECK(static_cast<int>(inputs.size()) == op_table::row(row).arity,
               "{} takes {} operands, got {}", op_table::name_of(row), op_table::row(row).arity,
               inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    operands[i] = emit_cast(builder, inputs[i], signature.operands[i]);
  }
  EmittedValue result =
      emit_row_text(builder, row, std::span(operands).first(inputs.size()), signature.result);
  for (int part = 0; part < part_count(result.dtype); ++part) {
    TANDEM_CHECK(builder.type_of(result.nodes[part]) == compute_type(result.dtype),
                 "{} gives {}, expected a value of {}", op_table::name_of(row),
                 name_of(builder.type_of(result.nodes[part])), name_of(result.dtype));
    result.nodes[part] = emit_rounding(builder, result.nodes[part], result.dtype);
  }
  return result;
}

}  // namespace tandem::kernel
