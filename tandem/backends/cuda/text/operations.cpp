#include "tandem/backends/cuda/text/operations.h"

#include <fmt/format.h>

#include <iterator>

#include "tandem/base/check.h"
#include "tandem/kernel/signatures.h"

namespace tandem::backends::cuda {

using kernel::Op;
using kernel::Type;

namespace {

struct Helper {
  std::string_view name;
  std::string_view text;  // after "static __device__ __forceinline__ "
  std::string_view needs = {};
};

// Sorted so that what a helper needs stands before it.
constexpr Helper kHelpers[] = {
    {"divide_i32",
     "u32 divide_i32(u32 x, u32 y) {\n"
     "  return y == 0 ? 0 : y == ~0u ? 0 - x : (u32)((int)x / (int)y);\n}\n"},
    {"remainder_i32",
     "u32 remainder_i32(u32 x, u32 y) {\n"
     "  return y == 0 || y == ~0u ? 0 : (u32)((int)x % (int)y);\n}\n"},
    {"divide_i64",
     "u64 divide_i64(u64 x, u64 y) {\n"
     "  return y == 0 ? 0 : y == ~0ull ? 0 - x : (u64)((i64)x / (i64)y);\n}\n"},
    {"remainder_i64",
     "u64 remainder_i64(u64 x, u64 y) {\n"
     "  return y == 0 || y == ~0ull ? 0 : (u64)((i64)x % (i64)y);\n}\n"},
    {"round_bf16",
     "float round_bf16(float x) {\n"
     "  const u32 bits = __float_as_uint(x);\n"
     "  return x != x ? x : __uint_as_float((bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u);\n"
     "}\n"},
    {"float_of_half",
     "float float_of_half(unsigned short x) {\n"
     "  float y;\n  asm(\"cvt.f32.f16 %0, %1;\" : \"=f\"(y) : \"h\"(x));\n"
     "  return y;\n}\n"},
    {"half_of_float",
     "unsigned short half_of_float(float x) {\n"
     "  unsigned short y;\n"
     "  asm(\"cvt.rn.f16.f32 %0, %1;\" : \"=h\"(y) : \"f\"(x));\n"
     "  return y;\n}\n"},
    {"bfloat_of_float",
     "unsigned short bfloat_of_float(float x) {\n"
     "  return x != x ? 0x7fc0 : __float_as_uint(x) >> 16;\n}\n"},
    // One product rounds once; where 2^n is no normal float the product is exact in double, and the
    // cast rounds once.
    {"ldexp_f32",
     "float ldexp_f32(float x, int n) {\n"
     "  if ((u32)n + 126u < 254u) return x * __uint_as_float((u32)n + 127u << 23);\n"
     "  const i64 power = max(min(n, 600), -600) + 1023;\n"
     "  return (float)((double)x * __longlong_as_double(power << 52));\n}\n"},
    // Up to three factors; a step down leaves the product 53 places above the subnormals.
    {"ldexp_f64",
     "double ldexp_f64(double x, int n) {\n"
     "  for (int step = 0; step < 2; ++step) {\n"
     "    if (n > 1023) {\n"
     "      x *= __longlong_as_double(0x7fe0000000000000ll);\n      n -= 1023;\n"
     "    } else if (n < -1022) {\n"
     "      x *= __longlong_as_double(0x0360000000000000ll);\n      n += 969;\n"
     "    }\n"
     "  }\n"
     "  const i64 power = max(min(n, 1023), -1022) + 1023;\n"
     "  return x * __longlong_as_double(power << 52);\n}\n"},
};

std::string join(std::string_view before, const std::string& a, std::string_view between,
                 const std::string& b, std::string_view after = ")") {
  return fmt::format("{}{}{}{}{}", before, a, between, b, after);
}

bool is_wide(Type type) { return type == Type::i64 || type == Type::f64; }

// `operator` on signed values, as bits again where the result is an integer.
std::string signed_compare(std::string_view op, Type type, std::span<const std::string> in) {
  const std::string_view as = is_wide(type) ? "(i64)" : "(int)";
  return fmt::format("({}{} {} {}{})", as, in[0], op, as, in[1]);
}

std::string call(std::string_view function, std::span<const std::string> in) {
  std::string text(function);
  text += '(';
  for (size_t i = 0; i < in.size(); ++i) text += (i == 0 ? "" : ", ") + in[i];
  return text + ')';
}

std::string extreme(std::string_view order, std::span<const std::string> in, bool floating) {
  const std::string pick = fmt::format("{0} {2} {1} ? {0} : {1}", in[0], in[1], order);
  if (!floating) return fmt::format("({})", pick);
  return fmt::format("({0} != {0} ? {0} : {1})", in[0], pick);
}

std::string signed_extreme(std::string_view order, Type type, std::span<const std::string> in) {
  return fmt::format("({} ? {} : {})", signed_compare(order, type, in), in[0], in[1]);
}

std::string by_width(Type type, std::string_view narrow, std::string_view wide,
                     std::span<const std::string> in) {
  return call(is_wide(type) ? wide : narrow, in);
}

std::string multiply_high(Op op, Type type, std::span<const std::string> in) {
  const bool is_signed = op == Op::imulhi_s;
  if (!is_signed) return by_width(type, "__umulhi", "__umul64hi", in);
  const std::string_view as = is_wide(type) ? "(i64)" : "(int)";
  const std::string both[] = {fmt::format("{}{}", as, in[0]), fmt::format("{}{}", as, in[1])};
  return fmt::format("({}){}", cuda_type(type), by_width(type, "__mulhi", "__mul64hi", both));
}

std::string divide(Helpers& helpers, Op op, Type type, std::span<const std::string> in) {
  switch (op) {
    case Op::idiv_u:
      return fmt::format("({1} == 0 ? 0 : {0} / {1})", in[0], in[1]);
    case Op::irem_u:
      return fmt::format("({1} == 0 ? 0 : {0} % {1})", in[0], in[1]);
    case Op::idiv_s:
      return call(helpers.use(is_wide(type) ? "divide_i64" : "divide_i32"), in);
    default:
      return call(helpers.use(is_wide(type) ? "remainder_i64" : "remainder_i32"), in);
  }
}

std::string shift(Op op, Type type, std::span<const std::string> in) {
  const int width = kernel::bit_width(type);
  if (op == Op::sar) {
    return fmt::format("({0})(({1}){2} >> ({3} < {4} ? (u32){3} : {5}u))", cuda_type(type),
                       is_wide(type) ? "i64" : "int", in[0], in[1], width, width - 1);
  }
  return fmt::format("({1} < {2} ? {0} {3} {1} : 0)", in[0], in[1], width,
                     op == Op::shl ? "<<" : ">>");
}

// Saturating. A NaN gives 0 from float32 to 32 bits, but the lowest value where either is wider.
std::string float_to_int(Op op, Type result, Type operand, const std::string& x) {
  const bool is_signed = op == Op::ftoi_s;
  const std::string_view to =
      is_wide(result) ? (is_signed ? "ll" : "ull") : (is_signed ? "int" : "uint");
  const std::string converted = fmt::format("({})__{}2{}_rz({})", cuda_type(result),
                                            operand == Type::f64 ? "double" : "float", to, x);
  if (!is_wide(result) && !is_wide(operand)) return converted;
  return fmt::format("({0} != {0} ? 0 : {1})", x, converted);
}

std::string int_to_float(Op op, Type result, Type operand, const std::string& x) {
  const bool is_signed = op == Op::itof_s;
  const std::string_view from =
      is_wide(operand) ? (is_signed ? "ll" : "ull") : (is_signed ? "int" : "uint");
  const std::string_view as =
      is_wide(operand) ? (is_signed ? "i64" : "u64") : (is_signed ? "int" : "u32");
  if (result == Type::f64 && !is_wide(operand)) return fmt::format("(double)({}){}", as, x);
  return fmt::format("__{}2{}_rn(({}){})", from, result == Type::f64 ? "double" : "float", as, x);
}

std::string bitcast(Type result, Type operand, const std::string& x) {
  if (result == operand) return x;
  switch (result) {
    case Type::i32:
      return fmt::format("__float_as_uint({})", x);
    case Type::f32:
      return fmt::format("__uint_as_float({})", x);
    case Type::i64:
      return fmt::format("(u64)__double_as_longlong({})", x);
    default:
      return fmt::format("__longlong_as_double((i64){})", x);
  }
}

}  // namespace

std::string_view cuda_type(Type type) {
  constexpr std::string_view kNames[] = {"bool", "u32", "u64", "float", "double"};
  return kNames[static_cast<int>(type)];
}

std::string constant_text(Type type, uint64_t bits) {
  switch (type) {
    case Type::b1:
      return bits != 0 ? "true" : "false";
    case Type::i32:
      return fmt::format("{:#x}u", bits);
    case Type::i64:
      return fmt::format("{:#x}ull", bits);
    case Type::f32:
      return fmt::format("__uint_as_float({:#x}u)", bits);
    case Type::f64:
      return fmt::format("__longlong_as_double((i64){:#x}ull)", bits);
  }
  return {};
}

std::string_view Helpers::use(std::string_view name) {
  for (const Helper& helper : kHelpers) {
    if (helper.name != name) continue;
    used_.insert(helper.name);
    return helper.name;
  }
  raise_internal("helper", __FILE__, __LINE__, fmt::format("no helper is named {}", name));
}

std::string Helpers::definitions() const {
  std::string text;
  for (const Helper& helper : kHelpers) {
    if (!used_.contains(helper.name)) continue;
    text += "static __device__ __forceinline__ ";
    text += helper.text;
  }
  return text;
}

std::string bounded_text(Op op, const std::string& x, const std::string& bound) {
  return fmt::format("({0} {2} {1} ? {1} : {0})", x, bound, op == Op::min ? ">=" : "<=");
}

std::string operation_text(Helpers& helpers, Op op, Type result, Type operand,
                           std::span<const std::string> in) {
  switch (op) {
    case Op::add:
    case Op::iadd:
      return join("(", in[0], " + ", in[1]);
    case Op::sub:
    case Op::isub:
      return join("(", in[0], " - ", in[1]);
    case Op::mul:
    case Op::imul:
      return join("(", in[0], " * ", in[1]);
    case Op::div:
      return join("(", in[0], " / ", in[1]);
    case Op::fma:
      return by_width(operand, "__fmaf_rn", "__fma_rn", in);
    case Op::sqrt:
      return by_width(operand, "__fsqrt_rn", "__dsqrt_rn", in);
    case Op::ldexp:
      return fmt::format("{}({}, (int){})",
                         helpers.use(result == Type::f64 ? "ldexp_f64" : "ldexp_f32"), in[0],
                         in[1]);
    case Op::rint:
      return by_width(operand, "rintf", "rint", in);
    case Op::floor:
      return by_width(operand, "floorf", "floor", in);
    case Op::ceil:
      return by_width(operand, "ceilf", "ceil", in);
    case Op::trunc:
      return by_width(operand, "truncf", "trunc", in);
    case Op::neg:
      return fmt::format("(-{})", in[0]);
    case Op::abs:
      return by_width(operand, "fabsf", "fabs", in);
    case Op::copysign:
      return by_width(operand, "copysignf", "copysign", in);
    case Op::min:
      return extreme("<", in, true);
    case Op::max:
      return extreme(">", in, true);
    case Op::lt:
    case Op::ilt_u:
      return join("(", in[0], " < ", in[1]);
    case Op::le:
    case Op::ile_u:
      return join("(", in[0], " <= ", in[1]);
    case Op::eq:
    case Op::ieq:
      return join("(", in[0], " == ", in[1]);
    case Op::unord:
      return fmt::format("({0} != {0} || {1} != {1})", in[0], in[1]);
    case Op::select:
      return fmt::format("({} ? {} : {})", in[0], in[1], in[2]);
    case Op::imulhi_s:
    case Op::imulhi_u:
      return multiply_high(op, operand, in);
    case Op::idiv_s:
    case Op::idiv_u:
    case Op::irem_s:
    case Op::irem_u:
      return divide(helpers, op, operand, in);
    case Op::and_:
      return operand == Type::b1 ? join("(", in[0], " && ", in[1]) : join("(", in[0], " & ", in[1]);
    case Op::or_:
      return operand == Type::b1 ? join("(", in[0], " || ", in[1]) : join("(", in[0], " | ", in[1]);
    case Op::xor_:
      return operand == Type::b1 ? join("(", in[0], " != ", in[1]) : join("(", in[0], " ^ ", in[1]);
    case Op::not_:
      return fmt::format("({}{})", operand == Type::b1 ? "!" : "~", in[0]);
    case Op::shl:
    case Op::shr:
    case Op::sar:
      return shift(op, operand, in);
    case Op::imin_s:
      return signed_extreme("<", operand, in);
    case Op::imax_s:
      return signed_extreme(">", operand, in);
    case Op::imin_u:
      return extreme("<", in, false);
    case Op::imax_u:
      return extreme(">", in, false);
    case Op::ilt_s:
      return signed_compare("<", operand, in);
    case Op::ile_s:
      return signed_compare("<=", operand, in);
    case Op::round_f16:
      helpers.use("half_of_float");
      helpers.use("float_of_half");
      return fmt::format("float_of_half(half_of_float({}))", in[0]);
    case Op::round_bf16:
      return call(helpers.use("round_bf16"), in);
    case Op::wrap_s8:
      return fmt::format("(u32)(int)(signed char){}", in[0]);
    case Op::wrap_u8:
      return fmt::format("({} & 0xffu)", in[0]);
    case Op::wrap_s16:
      return fmt::format("(u32)(int)(short){}", in[0]);
    case Op::wrap_u16:
      return fmt::format("({} & 0xffffu)", in[0]);
    case Op::ftoi_s:
    case Op::ftoi_u:
      return float_to_int(op, result, operand, in[0]);
    case Op::itof_s:
    case Op::itof_u:
      return int_to_float(op, result, operand, in[0]);
    case Op::f32_to_f64:
      return fmt::format("(double){}", in[0]);
    case Op::f64_to_f32:
      return fmt::format("(float){}", in[0]);
    case Op::extend_s:
      return fmt::format("(u64)(i64)(int){}", in[0]);
    case Op::extend_u:
      return fmt::format("(u64){}", in[0]);
    case Op::narrow:
      return fmt::format("(u32){}", in[0]);
    case Op::bitcast:
      return bitcast(result, operand, in[0]);
    case Op::constant:
    case Op::param:
    case Op::index:
    case Op::load:
    case Op::load_at:
    case Op::stage_result:
    case Op::store:
    case Op::store_at:
    case Op::call:
      break;
  }
  raise_internal("operation_text", __FILE__, __LINE__,
                 fmt::format("{} is no pure operation", name_of(op)));
}

std::string_view storage_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::bool_:
    case Dtype::uint8:
      return "unsigned char";
    case Dtype::int8:
      return "signed char";
    case Dtype::uint16:
    case Dtype::float16:
    case Dtype::bfloat16:
      return "unsigned short";
    case Dtype::int16:
      return "short";
    case Dtype::uint32:
    case Dtype::int32:
      return "u32";
    case Dtype::uint64:
    case Dtype::int64:
      return "u64";
    case Dtype::float32:
    case Dtype::complex64:
      return "float";
    case Dtype::float64:
      return "double";
  }
  return {};
}

std::string loaded_text(Helpers& helpers, Dtype dtype, const std::string& place) {
  switch (dtype) {
    case Dtype::bool_:
      return fmt::format("({} != 0)", place);
    case Dtype::int8:
    case Dtype::int16:
      return fmt::format("(u32)(int){}", place);
    case Dtype::uint8:
    case Dtype::uint16:
      return fmt::format("(u32){}", place);
    case Dtype::float16:
      return fmt::format("{}({})", helpers.use("float_of_half"), place);
    case Dtype::bfloat16:
      return fmt::format("__uint_as_float((u32){} << 16)", place);
    default:
      return place;
  }
}

std::string stored_text(Helpers& helpers, Dtype dtype, const std::string& value) {
  switch (dtype) {
    case Dtype::float16:
      return fmt::format("{}({})", helpers.use("half_of_float"), value);
    case Dtype::bfloat16:
      return fmt::format("{}({})", helpers.use("bfloat_of_float"), value);
    default:
      return fmt::format("({}){}", storage_type(dtype), value);
  }
}

}  // namespace tandem::backends::cuda
