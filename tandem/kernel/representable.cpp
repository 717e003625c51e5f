#include "tandem/kernel/representable.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace tandem::kernel {

namespace {

bool is_narrow(Dtype dtype) { return dtype != Dtype::bool_ && size_of(dtype) <= 2; }

// Every value of the integer or 16-bit float dtype `from` is one of `to`.
bool is_subset(Dtype from, Dtype to) {
  if (from == to) return true;
  if (!is_integer(from) || !is_integer(to)) return false;
  if (size_of(from) >= size_of(to)) return false;
  return !info(from).is_signed || info(to).is_signed;
}

struct Range {
  int32_t low, high;
};

Range range_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::int8: return {INT8_MIN, INT8_MAX};
    case Dtype::uint8: return {0, UINT8_MAX};
    case Dtype::int16: return {INT16_MIN, INT16_MAX};
    default: return {0, UINT16_MAX};
  }
}

bool constant_fits(uint64_t bits, Dtype dtype) {
  if (is_integer(dtype)) {
    const auto value = static_cast<int32_t>(static_cast<uint32_t>(bits));
    return range_of(dtype).low <= value && value <= range_of(dtype).high;
  }
  const auto value = std::bit_cast<float>(static_cast<uint32_t>(bits));
  const float rounded = dtype == Dtype::float16 ? float(float16_t(value)) : float(bfloat16_t(value));
  return value != value || std::bit_cast<uint32_t>(value) == std::bit_cast<uint32_t>(rounded);
}

Dtype dtype_of_rounding(Op op) {
  switch (op) {
    case Op::round_f16: return Dtype::float16;
    case Op::round_bf16: return Dtype::bfloat16;
    case Op::wrap_s8: return Dtype::int8;
    case Op::wrap_u8: return Dtype::uint8;
    case Op::wrap_s16: return Dtype::int16;
    default: return Dtype::uint16;
  }
}

// The chains that rows make are short; a longer one counts as not provable.
constexpr int kDepth = 16;

bool fits(const Kernel& kernel, NodeId id, Dtype dtype, int depth) {
  const Node& node = kernel.nodes[id];
  const auto operand_fits = [&](int i) {
    return depth < kDepth && fits(kernel, node.in[i], dtype, depth + 1);
  };
  switch (node.op) {
    case Op::constant: return constant_fits(node.bits, dtype);
    case Op::load:
    case Op::load_at: return is_subset(kernel.buffers[node.slot].dtype, dtype);
    case Op::stage_result: {
      const Stage& stage = kernel.stages[node.slot];
      const bool picks =
          stage.reduction == Reduction::min || stage.reduction == Reduction::max;
      return picks && is_floating(dtype) && depth < kDepth &&
             fits(kernel, stage.value, dtype, depth + 1);
    }
    case Op::round_f16:
    case Op::round_bf16:
    case Op::wrap_s8:
    case Op::wrap_u8:
    case Op::wrap_s16:
    case Op::wrap_u16: return is_subset(dtype_of_rounding(node.op), dtype);
    case Op::select: return operand_fits(1) && operand_fits(2);
    case Op::neg:
    case Op::abs:
    case Op::copysign:
    case Op::rint:
    case Op::floor:
    case Op::ceil:
    case Op::trunc:
    case Op::not_: return (node.op != Op::not_ || info(dtype).is_signed) && operand_fits(0);
    case Op::and_:
      if (!info(dtype).is_signed && (operand_fits(0) || operand_fits(1))) return true;
      [[fallthrough]];
    case Op::min:
    case Op::max:
    case Op::imin_s:
    case Op::imin_u:
    case Op::imax_s:
    case Op::imax_u:
    case Op::or_:
    case Op::xor_: return operand_fits(0) && operand_fits(1);
    case Op::sar:
    case Op::shr:
      return (node.op == Op::sar || !info(dtype).is_signed) && operand_fits(0);
    default: return false;
  }
}

}  // namespace

bool representable(const Kernel& kernel, NodeId node, Dtype dtype) {
  return !is_narrow(dtype) || fits(kernel, node, dtype, 0);
}

}  // namespace tandem::kernel
