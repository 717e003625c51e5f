#include "tandem/kernel/fold.h"

#include <bit>
#include <limits>
#include <utility>

#include "tandem/base/half.h"
#include "tandem/kernel/leaf.h"
#include "tandem/kernel/scalar_bits.h"
#include "tandem/kernel/signatures.h"

namespace tandem::kernel {

namespace {

using namespace op_table;

template <class A>
ScalarFunction unary(auto f) {
  return bits_function<A>(f);
}
template <class A>
ScalarFunction binary(auto f) {
  return bits_function<A, A>(f);
}

template <class F>
ScalarFunction float_function(Op op) {
  switch (op) {
    case Op::add:
      return binary<F>([](F x, F y) { return x + y; });
    case Op::sub:
      return binary<F>([](F x, F y) { return x - y; });
    case Op::mul:
      return binary<F>([](F x, F y) { return x * y; });
    case Op::div:
      return binary<F>([](F x, F y) { return x / y; });
    case Op::fma:
      return bits_function<F, F, F>([](F x, F y, F z) { return fma(x, y, z); });
    case Op::sqrt:
      return unary<F>([](F x) { return sqrt(x); });
    case Op::ldexp:
      return bits_function<F, I32>([](F x, I32 n) { return ldexp(x, n); });
    case Op::rint:
      return unary<F>([](F x) { return rint(x); });
    case Op::floor:
      return unary<F>([](F x) { return floor(x); });
    case Op::ceil:
      return unary<F>([](F x) { return ceil(x); });
    case Op::trunc:
      return unary<F>([](F x) { return trunc(x); });
    case Op::neg:
      return unary<F>([](F x) { return -x; });
    case Op::abs:
      return unary<F>([](F x) { return abs(x); });
    case Op::copysign:
      return binary<F>([](F x, F y) { return copysign(x, y); });
    case Op::min:
      return binary<F>([](F x, F y) { return min(x, y); });
    case Op::max:
      return binary<F>([](F x, F y) { return max(x, y); });
    case Op::lt:
      return binary<F>([](F x, F y) { return x < y; });
    case Op::le:
      return binary<F>([](F x, F y) { return x <= y; });
    case Op::eq:
      return binary<F>([](F x, F y) { return x == y; });
    case Op::unord:
      return binary<F>([](F x, F y) { return is_nan(x) | is_nan(y); });
    default:
      return nullptr;
  }
}

// Operations on signed and unsigned values of one width; S and U name them.
template <class S, class U>
ScalarFunction int_function(Op op) {
  switch (op) {
    case Op::iadd:
      return binary<S>([](S x, S y) { return x + y; });
    case Op::isub:
      return binary<S>([](S x, S y) { return x - y; });
    case Op::imul:
      return binary<S>([](S x, S y) { return x * y; });
    case Op::imulhi_s:
      return binary<S>([](S x, S y) { return mulhi(x, y); });
    case Op::imulhi_u:
      return binary<U>([](U x, U y) { return mulhi(x, y); });
    case Op::idiv_s:
      return binary<S>([](S x, S y) { return div(x, y); });
    case Op::idiv_u:
      return binary<U>([](U x, U y) { return div(x, y); });
    case Op::irem_s:
      return binary<S>([](S x, S y) { return rem(x, y); });
    case Op::irem_u:
      return binary<U>([](U x, U y) { return rem(x, y); });
    case Op::and_:
      return binary<S>([](S x, S y) { return x & y; });
    case Op::or_:
      return binary<S>([](S x, S y) { return x | y; });
    case Op::xor_:
      return binary<S>([](S x, S y) { return x ^ y; });
    case Op::not_:
      return unary<S>([](S x) { return ~x; });
    case Op::shl:
      return binary<S>([](S x, S y) { return x << y; });
    case Op::shr:
      return binary<S>([](S x, S y) { return shr(x, y); });
    case Op::sar:
      return binary<S>([](S x, S y) { return sar(x, y); });
    case Op::imin_s:
      return binary<S>([](S x, S y) { return min(x, y); });
    case Op::imin_u:
      return binary<U>([](U x, U y) { return min(x, y); });
    case Op::imax_s:
      return binary<S>([](S x, S y) { return max(x, y); });
    case Op::imax_u:
      return binary<U>([](U x, U y) { return max(x, y); });
    case Op::ilt_s:
      return binary<S>([](S x, S y) { return x < y; });
    case Op::ilt_u:
      return binary<U>([](U x, U y) { return x < y; });
    case Op::ile_s:
      return binary<S>([](S x, S y) { return x <= y; });
    case Op::ile_u:
      return binary<U>([](U x, U y) { return x <= y; });
    case Op::ieq:
      return binary<S>([](S x, S y) { return x == y; });
    default:
      return nullptr;
  }
}

ScalarFunction mask_function(Op op) {
  switch (op) {
    case Op::and_:
      return binary<B1>([](B1 x, B1 y) { return x & y; });
    case Op::or_:
      return binary<B1>([](B1 x, B1 y) { return x | y; });
    case Op::xor_:
      return binary<B1>([](B1 x, B1 y) { return x ^ y; });
    case Op::not_:
      return unary<B1>([](B1 x) { return ~x; });
    default:
      return nullptr;
  }
}

template <class Small>
ScalarFunction wrap_function() {
  return unary<I32>([](I32 x) { return I32{static_cast<Small>(x.v)}; });
}

template <class To, class F>
ScalarFunction ftoi_function() {
  return unary<F>([](F x) { return Scalar<To>{saturate_to<To>(x.v)}; });
}

template <class F>
ScalarFunction ftoi_function(Op op, Type result) {
  if (op == Op::ftoi_s) {
    return result == Type::i64 ? ftoi_function<int64_t, F>() : ftoi_function<int32_t, F>();
  }
  return result == Type::i64 ? ftoi_function<uint64_t, F>() : ftoi_function<uint32_t, F>();
}

template <class I>
ScalarFunction itof_function(Type result) {
  if (result == Type::f64) return unary<I>([](I x) { return F64{static_cast<double>(x.v)}; });
  return unary<I>([](I x) { return F32{static_cast<float>(x.v)}; });
}

ScalarFunction conversion(Op op, Type result, Type operand) {
  const bool wide = operand == Type::i64;
  switch (op) {
    case Op::round_f16:
      return unary<F32>([](F32 x) { return F32{float(float16_t(x.v))}; });
    case Op::round_bf16:
      return unary<F32>([](F32 x) { return F32{float(bfloat16_t(x.v))}; });
    case Op::wrap_s8:
      return wrap_function<int8_t>();
    case Op::wrap_u8:
      return wrap_function<uint8_t>();
    case Op::wrap_s16:
      return wrap_function<int16_t>();
    case Op::wrap_u16:
      return wrap_function<uint16_t>();
    case Op::ftoi_s:
    case Op::ftoi_u:
      return operand == Type::f64 ? ftoi_function<F64>(op, result) : ftoi_function<F32>(op, result);
    case Op::itof_s:
      return wide ? itof_function<I64>(result) : itof_function<I32>(result);
    case Op::itof_u:
      return wide ? itof_function<U64>(result) : itof_function<U32>(result);
    case Op::f32_to_f64:
      return unary<F32>([](F32 x) { return F64{x.v}; });
    case Op::f64_to_f32:
      return unary<F64>([](F64 x) { return F32{static_cast<float>(x.v)}; });
    case Op::extend_s:
      return unary<I32>([](I32 x) { return I64{x.v}; });
    case Op::extend_u:
      return unary<U32>([](U32 x) { return U64{x.v}; });
    case Op::narrow:
      return unary<I64>([](I64 x) { return I32{static_cast<int32_t>(x.v)}; });
    case Op::bitcast:
      return [](const uint64_t* in) { return in[0]; };
    default:
      return nullptr;
  }
}

template <class T>
uint64_t identity_of(Reduction reduction) {
  using Limits = std::numeric_limits<T>;
  const T low = Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest();
  const T high = Limits::has_infinity ? Limits::infinity() : Limits::max();
  switch (reduction) {
    case Reduction::prod:
      return to_bits(Scalar<T>{1});
    case Reduction::min:
      return to_bits(Scalar<T>{high});
    case Reduction::max:
      return to_bits(Scalar<T>{low});
    default:
      return 0;
  }
}

}  // namespace

ScalarFunction scalar_function(Op op, Type result, Type operand) {
  if (op == Op::select) return [](const uint64_t* in) { return in[0] != 0 ? in[1] : in[2]; };
  if (const ScalarFunction found = conversion(op, result, operand)) return found;
  switch (op == Op::ldexp ? result : operand) {
    case Type::b1:
      return mask_function(op);
    case Type::i32:
      return int_function<I32, U32>(op);
    case Type::i64:
      return int_function<I64, U64>(op);
    case Type::f32:
      return float_function<F32>(op);
    case Type::f64:
      return float_function<F64>(op);
  }
  return nullptr;
}

ScalarFunction function_of(const Kernel& kernel, const Node& node) {
  const OpSignature signature = signature_of(node.op);
  if (signature == OpSignature::source || signature == OpSignature::sink ||
      node.op == Op::load_at || node.input_count == 0) {
    return nullptr;
  }
  const Type operand = kernel.nodes[node.in[node.input_count - 1]].type;
  if (node.op == Op::call) return leaf_function(node.slot, operand, node.part != 0);
  return scalar_function(node.op, node.type, operand);
}

Op combining_op(Reduction reduction, Type type, bool is_unsigned) {
  const bool floating = is_float(type);
  switch (reduction) {
    case Reduction::sum:
      return floating ? Op::add : Op::iadd;
    case Reduction::prod:
      return floating ? Op::mul : Op::imul;
    case Reduction::min:
      return floating ? Op::min : (is_unsigned ? Op::imin_u : Op::imin_s);
    case Reduction::max:
      return floating ? Op::max : (is_unsigned ? Op::imax_u : Op::imax_s);
    case Reduction::all:
      return Op::and_;
    default:
      return Op::or_;
  }
}

ScalarFunction combine_function(Reduction reduction, Type type, bool is_unsigned) {
  if (reduction == Reduction::argmin || reduction == Reduction::argmax) return nullptr;
  return scalar_function(combining_op(reduction, type, is_unsigned), type, type);
}

uint64_t identity_bits(Reduction reduction, Type type, bool is_unsigned) {
  if (reduction == Reduction::all) return 1;
  switch (type) {
    case Type::b1:
      return 0;
    case Type::i32:
      return is_unsigned ? identity_of<uint32_t>(reduction) : identity_of<int32_t>(reduction);
    case Type::i64:
      return is_unsigned ? identity_of<uint64_t>(reduction) : identity_of<int64_t>(reduction);
    case Type::f32:
      return identity_of<float>(reduction);
    case Type::f64:
      return identity_of<double>(reduction);
  }
  return 0;
}

std::optional<uint64_t> fold(const Kernel& kernel, const Node& node,
                             std::span<const uint64_t> operands) {
  if (node.op == Op::constant) return node.bits;
  const ScalarFunction function = function_of(kernel, node);
  if (function == nullptr) return std::nullopt;
  return function(operands.data());
}

}  // namespace tandem::kernel
