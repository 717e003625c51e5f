// float16 and bfloat16 storage types with exact conversions (round to nearest even, subnormals
// kept, NaN stays NaN). Arithmetic happens in float.
#pragma once

#include <bit>
#include <cstdint>

namespace tandem {

// Bits of the IEEE binary16 value nearest to `value`.
constexpr uint16_t float_to_half_bits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // rounds to infinity
  if (magnitude >= 0x38800000u) {                                              // normal result
    const uint32_t rebased = magnitude - 0x38000000u;
    return static_cast<uint16_t>(sign | ((rebased + 0xfffu + ((rebased >> 13) & 1u)) >> 13));
  }
  // Subnormal result: adding 0.5 aligns the last half bit with the last float bit.
  const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
  return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(aligned) - 0x3f000000u));
}

constexpr float half_bits_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const uint32_t exponent = (half >> 10) & 0x1fu;
  const uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0x1fu) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (mantissa << 13));
  const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
}

constexpr uint16_t float_to_bfloat_bits(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

constexpr float bfloat_bits_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

struct float16_t {
  uint16_t bits = 0;
  float16_t() = default;
  constexpr explicit float16_t(float value) : bits(float_to_half_bits(value)) {}
  constexpr explicit operator float() const { return half_bits_to_float(bits); }
  constexpr bool operator==(const float16_t& other) const = default;
};

struct bfloat16_t {
  uint16_t bits = 0;
  bfloat16_t() = default;
  constexpr explicit bfloat16_t(float value) : bits(float_to_bfloat_bits(value)) {}
  constexpr explicit operator float() const { return bfloat_bits_to_float(bits); }
  constexpr bool operator==(const bfloat16_t& other) const = default;
};

}  // namespace tandem
