// The IR-building carrier: values whose functions append nodes. It offers what op_table/scalar.h
// lists, so the text of a row or a leaf evaluated on it writes that text's kernel IR. Leaf
// functions append one call, or their primitives while Builder::expand_leaves is set.
#pragma once

#include <concepts>

#include "tandem/kernel/builder.h"

namespace tandem::kernel {

struct Value {
  Builder* builder = nullptr;
  NodeId node = kNoNode;
  Type type() const { return builder->type_of(node); }
};

struct FloatValue : Value {};
struct MaskValue : Value {};
struct IntValue : Value {
  bool is_signed = true;
};

namespace carrier {

template <class V>
V unary(Op op, V x) {
  V result = x;
  result.node = x.builder->unary(op, x.node);
  return result;
}
template <class V>
V binary(Op op, V x, V y) {
  V result = x;
  result.node = x.builder->binary(op, x.node, y.node);
  return result;
}
inline IntValue binary(Op signed_op, Op unsigned_op, IntValue x, IntValue y) {
  return binary(x.is_signed ? signed_op : unsigned_op, x, y);
}
inline MaskValue compare(Op op, Value x, Value y) {
  return {{x.builder, x.builder->binary(op, x.node, y.node)}};
}

}  // namespace carrier

// ---- constants
inline FloatValue like(FloatValue x, double constant) {
  return {{x.builder, x.builder->float_constant(x.type(), constant)}};
}
inline IntValue like(IntValue x, std::integral auto constant) {
  return {{x.builder, x.builder->int_constant(x.type(), static_cast<int64_t>(constant))},
          x.is_signed};
}
inline MaskValue like(MaskValue x, bool constant) {
  return {{x.builder, x.builder->constant(Type::b1, constant ? 1 : 0)}};
}

// ---- masks
inline MaskValue operator&(MaskValue x, MaskValue y) { return carrier::binary(Op::and_, x, y); }
inline MaskValue operator|(MaskValue x, MaskValue y) { return carrier::binary(Op::or_, x, y); }
inline MaskValue operator^(MaskValue x, MaskValue y) { return carrier::binary(Op::xor_, x, y); }
inline MaskValue operator~(MaskValue x) { return carrier::unary(Op::not_, x); }
inline MaskValue operator!=(MaskValue x, MaskValue y) { return x ^ y; }
inline MaskValue operator==(MaskValue x, MaskValue y) { return ~(x ^ y); }
inline MaskValue operator<(MaskValue x, MaskValue y) { return ~x & y; }
inline MaskValue operator<=(MaskValue x, MaskValue y) { return ~x | y; }
inline MaskValue operator>(MaskValue x, MaskValue y) { return y < x; }
inline MaskValue operator>=(MaskValue x, MaskValue y) { return y <= x; }

// ---- floats
inline bool is_double(FloatValue x) { return x.type() == Type::f64; }
inline FloatValue operator+(FloatValue x, FloatValue y) { return carrier::binary(Op::add, x, y); }
inline FloatValue operator-(FloatValue x, FloatValue y) { return carrier::binary(Op::sub, x, y); }
inline FloatValue operator*(FloatValue x, FloatValue y) { return carrier::binary(Op::mul, x, y); }
inline FloatValue operator/(FloatValue x, FloatValue y) { return carrier::binary(Op::div, x, y); }
inline FloatValue operator-(FloatValue x) { return carrier::unary(Op::neg, x); }
inline FloatValue sqrt(FloatValue x) { return carrier::unary(Op::sqrt, x); }
inline FloatValue rint(FloatValue x) { return carrier::unary(Op::rint, x); }
inline FloatValue floor(FloatValue x) { return carrier::unary(Op::floor, x); }
inline FloatValue ceil(FloatValue x) { return carrier::unary(Op::ceil, x); }
inline FloatValue trunc(FloatValue x) { return carrier::unary(Op::trunc, x); }
inline FloatValue abs(FloatValue x) { return carrier::unary(Op::abs, x); }
inline FloatValue copysign(FloatValue x, FloatValue y) {
  return carrier::binary(Op::copysign, x, y);
}
inline FloatValue min(FloatValue x, FloatValue y) { return carrier::binary(Op::min, x, y); }
inline FloatValue max(FloatValue x, FloatValue y) { return carrier::binary(Op::max, x, y); }
inline FloatValue fma(FloatValue x, FloatValue y, FloatValue z) {
  return {{x.builder, x.builder->ternary(Op::fma, x.node, y.node, z.node)}};
}
inline FloatValue ldexp(FloatValue x, IntValue n) {
  return {{x.builder, x.builder->binary(Op::ldexp, x.node, n.node)}};
}
inline MaskValue operator<(FloatValue x, FloatValue y) { return carrier::compare(Op::lt, x, y); }
inline MaskValue operator<=(FloatValue x, FloatValue y) { return carrier::compare(Op::le, x, y); }
inline MaskValue operator>(FloatValue x, FloatValue y) { return y < x; }
inline MaskValue operator>=(FloatValue x, FloatValue y) { return y <= x; }
inline MaskValue operator==(FloatValue x, FloatValue y) { return carrier::compare(Op::eq, x, y); }
inline MaskValue operator!=(FloatValue x, FloatValue y) { return ~(x == y); }
inline MaskValue is_nan(FloatValue x) { return carrier::compare(Op::unord, x, x); }

// ---- integers
inline IntValue operator+(IntValue x, IntValue y) { return carrier::binary(Op::iadd, x, y); }
inline IntValue operator-(IntValue x, IntValue y) { return carrier::binary(Op::isub, x, y); }
inline IntValue operator*(IntValue x, IntValue y) { return carrier::binary(Op::imul, x, y); }
inline IntValue operator-(IntValue x) { return like(x, 0) - x; }
inline IntValue operator&(IntValue x, IntValue y) { return carrier::binary(Op::and_, x, y); }
inline IntValue operator|(IntValue x, IntValue y) { return carrier::binary(Op::or_, x, y); }
inline IntValue operator^(IntValue x, IntValue y) { return carrier::binary(Op::xor_, x, y); }
inline IntValue operator~(IntValue x) { return carrier::unary(Op::not_, x); }
inline IntValue operator<<(IntValue x, IntValue n) { return carrier::binary(Op::shl, x, n); }
inline IntValue shr(IntValue x, IntValue n) { return carrier::binary(Op::shr, x, n); }
// >> keeps the sign of signed integers.
inline IntValue operator>>(IntValue x, IntValue n) {
  return carrier::binary(Op::sar, Op::shr, x, n);
}
inline IntValue sar(IntValue x, IntValue n) { return carrier::binary(Op::sar, x, n); }
inline IntValue div(IntValue x, IntValue y) {
  return carrier::binary(Op::idiv_s, Op::idiv_u, x, y);
}
inline IntValue rem(IntValue x, IntValue y) {
  return carrier::binary(Op::irem_s, Op::irem_u, x, y);
}
inline IntValue mulhi(IntValue x, IntValue y) {
  return carrier::binary(Op::imulhi_s, Op::imulhi_u, x, y);
}
inline IntValue min(IntValue x, IntValue y) {
  return carrier::binary(Op::imin_s, Op::imin_u, x, y);
}
inline IntValue max(IntValue x, IntValue y) {
  return carrier::binary(Op::imax_s, Op::imax_u, x, y);
}
inline MaskValue operator<(IntValue x, IntValue y) {
  return carrier::compare(x.is_signed ? Op::ilt_s : Op::ilt_u, x, y);
}
inline MaskValue operator<=(IntValue x, IntValue y) {
  return carrier::compare(x.is_signed ? Op::ile_s : Op::ile_u, x, y);
}
inline MaskValue operator>(IntValue x, IntValue y) { return y < x; }
inline MaskValue operator>=(IntValue x, IntValue y) { return y <= x; }
inline MaskValue operator==(IntValue x, IntValue y) { return carrier::compare(Op::ieq, x, y); }
inline MaskValue operator!=(IntValue x, IntValue y) { return ~(x == y); }

// ---- selection, bits, conversions
template <std::derived_from<Value> V>
V select(MaskValue mask, V a, V b) {
  V result = a;
  result.node = a.builder->select(mask.node, a.node, b.node);
  return result;
}
inline IntValue bits(FloatValue x) { return {{x.builder, x.builder->unary(Op::bitcast, x.node)}}; }
inline FloatValue from_bits(IntValue x) {
  return {{x.builder, x.builder->unary(Op::bitcast, x.node)}};
}
inline IntValue to_int(FloatValue x) {
  const Type type = x.type() == Type::f64 ? Type::i64 : Type::i32;
  return {{x.builder, x.builder->convert(Op::ftoi_s, type, x.node)}};
}
inline FloatValue to_float(IntValue x) {
  const Type type = x.type() == Type::i64 ? Type::f64 : Type::f32;
  const Op op = x.is_signed ? Op::itof_s : Op::itof_u;
  return {{x.builder, x.builder->convert(op, type, x.node)}};
}

}  // namespace tandem::kernel
