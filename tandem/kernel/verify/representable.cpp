#include "tandem/kernel/verify/representable.h"

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
    case Dtype::int8:
      return {INT8_MIN, INT8_MAX};
    case Dtype::uint8:
      return {0, UINT8_MAX};
    case Dtype::int16:
      return {INT16_MIN, INT16_MAX};
    default:
      return {0, UINT16_MAX};
  }
}

bool constant_fits(uint64_t bits, Dtype dtype) {
  if (is_integer(dtype)) {
    const auto value = static_cast<int32_t>(static_cast<uint32_t>(bits));
    return range_of(dtype).low <= value && value <= range_of(dtype).high;
  }
  const auto value = std::bit_cast<float>(static_cast<uint32_t>(bits));
  const float rounded =
      dtype == Dtype::float16 ? float(float16_t(value)) : float(bfloat16_t(value));
  return value != value || std::bit_cast<uint32_t>(value) == std::bit_cast<uint32_t>(rounded);
}

Dtype dtype_of_rounding(Op op) {
  switch (op) {
    case Op::round_f16:
      return Dtype::float16;
    case Op::round_bf16:
      return Dtype::bfloat16;
    case Op::wrap_s8:
      return Dtype::int8;
    case Op::wrap_u8:
      return Dtype::uint8;
    case Op::wrap_s16:
      return Dtype::int16;
    default:
      return Dtype::uint16;
  }
}

// Walks back from a value through the operations that stay inside a dtype. The walk is bounded:
// what it cannot see through within the budget counts as not provable.
class Proof {
 public:
  Proof(const Kernel& kernel, Dtype dtype) : kernel_(kernel), dtype_(dtype) {}

  bool fits(NodeId id) {
    if (--budget_ < 0 || id >= kernel_.nodes.size()) return false;
    const Node& node = kernel_.nodes[id];
    const bool is_signed = info(dtype_).is_signed;
    switch (node.op) {
      case Op::constant:
        return constant_fits(node.bits, dtype_);
      case Op::load:
      case Op::load_at:
        return node.slot < kernel_.buffers.size() &&
               is_subset(kernel_.buffers[node.slot].dtype, dtype_);
      case Op::stage_result:
        return node.slot < kernel_.stages.size() && result_fits(node.slot);
      case Op::round_f16:
      case Op::round_bf16:
      case Op::wrap_s8:
      case Op::wrap_u8:
      case Op::wrap_s16:
      case Op::wrap_u16:
        return is_subset(dtype_of_rounding(node.op), dtype_);
      case Op::select:
        return fits(node.in[1]) && fits(node.in[2]);
      case Op::neg:
      case Op::abs:
      case Op::copysign:
      case Op::rint:
      case Op::floor:
      case Op::ceil:
      case Op::trunc:
      case Op::sar:
        return fits(node.in[0]);
      case Op::not_:
        return is_signed && fits(node.in[0]);
      case Op::shr:
        return !is_signed && fits(node.in[0]);
      case Op::and_: {
        const bool first = fits(node.in[0]);
        if (first != is_signed) return first;  // one small unsigned operand is enough
        return fits(node.in[1]);
      }
      case Op::min:
      case Op::max:
      case Op::imin_s:
      case Op::imin_u:
      case Op::imax_s:
      case Op::imax_u:
      case Op::or_:
      case Op::xor_:
        return fits(node.in[0]) && fits(node.in[1]);
      default:
        return false;
    }
  }

 private:
  // The extreme of floats is one of them or an infinity; of integers it may be a wide identity.
  bool result_fits(uint16_t slot) {
    const Stage& stage = kernel_.stages[slot];
    const bool picks = stage.reduction == Reduction::min || stage.reduction == Reduction::max;
    return stage.kind != StageKind::map && picks && is_floating(dtype_) && fits(stage.value);
  }

  const Kernel& kernel_;
  Dtype dtype_;
  int budget_ = 64;
};

}  // namespace

bool representable(const Kernel& kernel, NodeId node, Dtype dtype) {
  return !is_narrow(dtype) || Proof(kernel, dtype).fits(node);
}

}  // namespace tandem::kernel
