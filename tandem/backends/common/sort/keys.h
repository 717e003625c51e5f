// Keys<T>: values as unsigned integers of the same order. The order is total: -0 before +0, and
// every NaN is the greatest (a complex number with one behind all without).
#pragma once

#include <bit>
#include <complex>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "tandem/base/half.h"

namespace tandem::backends::common {

template <class Key>
inline constexpr Key kSignBit = static_cast<Key>(Key{1} << (sizeof(Key) * 8 - 1));

// IEEE floats by their bits; `infinity` is that of the positive one.
template <class T, class Bits, Bits infinity>
struct FloatKeys {
  using Key = Bits;
  static constexpr Key kNan = std::numeric_limits<Key>::max();

  // In bit operations alone, which compilers turn into vectors.
  static Key encode(T value) {
    const Key bits = std::bit_cast<Key>(value);
    const Key magnitude = static_cast<Key>(bits & ~kSignBit<Key>);
    const Key nan = all_if_negative(static_cast<Key>(infinity - magnitude));
    return static_cast<Key>((bits ^ (all_if_negative(bits) | kSignBit<Key>)) | nan);
  }
  static T decode(Key key) {
    const Key negative = all_if_negative(static_cast<Key>(~key));
    return std::bit_cast<T>(static_cast<Key>(key ^ (negative | kSignBit<Key>)));  // kNan: a NaN
  }

 private:
  static Key all_if_negative(Key bits) {
    using Signed = std::make_signed_t<Key>;
    return static_cast<Key>(static_cast<Signed>(bits) >> (sizeof(Key) * 8 - 1));
  }
};

template <class T>
struct Keys;

template <std::unsigned_integral T>
struct Keys<T> {
  using Key = T;
  static Key encode(T value) { return value; }
  static T decode(Key key) { return key; }
};

template <std::signed_integral T>
struct Keys<T> {
  using Key = std::make_unsigned_t<T>;
  static Key encode(T value) { return static_cast<Key>(static_cast<Key>(value) ^ kSignBit<Key>); }
  static T decode(Key key) { return static_cast<T>(static_cast<Key>(key ^ kSignBit<Key>)); }
};

// A bool in memory: any byte but 0 is true.
enum class StoredBool : uint8_t {};
template <>
struct Keys<StoredBool> {
  using Key = uint8_t;
  static Key encode(StoredBool value) { return value == StoredBool{0} ? 0 : 1; }
  static StoredBool decode(Key key) { return StoredBool{key}; }
};

template <>
struct Keys<float16_t> : FloatKeys<float16_t, uint16_t, 0x7c00> {};
template <>
struct Keys<bfloat16_t> : FloatKeys<bfloat16_t, uint16_t, 0x7f80> {};
template <>
struct Keys<float> : FloatKeys<float, uint32_t, 0x7f800000> {};
template <>
struct Keys<double> : FloatKeys<double, uint64_t, 0x7ff0000000000000> {};

// By the real part, then by the imaginary one. With a NaN: those of the imaginary part by the real
// one, then those of the real part by the imaginary one, then those of both.
template <>
struct Keys<std::complex<float>> {
  using Key = uint64_t;
  using Part = Keys<float>;
  static constexpr Key kImaginary = Key{Part::kNan - 2} << 32, kReal = Key{Part::kNan - 1} << 32;

  static Key encode(std::complex<float> value) {
    const Key real = Part::encode(value.real()), imaginary = Part::encode(value.imag());
    if (real == Part::kNan) return imaginary == Part::kNan ? ~Key{0} : kReal | imaginary;
    return imaginary == Part::kNan ? kImaginary | real : real << 32 | imaginary;
  }
  static std::complex<float> decode(Key key) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    const float low = Part::decode(static_cast<uint32_t>(key));
    if (key == ~Key{0}) return {nan, nan};
    if (key >= kReal) return {nan, low};
    if (key >= kImaginary) return {low, nan};
    return {Part::decode(static_cast<uint32_t>(key >> 32)), low};
  }
};

}  // namespace tandem::backends::common
