#include "tandem/kernel/reference/memory_access.h"

#include <bit>
#include <cstring>

#include "tandem/base/check.h"
#include "tandem/kernel/fold.h"
#include "tandem/kernel/signatures.h"

namespace tandem::kernel {

namespace {

template <class T>
T read(const std::byte* address) {
  T value;
  std::memcpy(&value, address, sizeof(T));
  return value;
}

template <class T>
void write(std::byte* address, T value) {
  std::memcpy(address, &value, sizeof(T));
}

uint64_t float_bits(float value) { return std::bit_cast<uint32_t>(value); }
float float_from(uint64_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits)); }

uint64_t small_int_bits(int32_t value) { return static_cast<uint32_t>(value); }

}  // namespace

uint64_t load_element(Dtype dtype, const std::byte* address) {
  switch (dtype) {
    case Dtype::bool_:
      return read<uint8_t>(address) != 0;
    case Dtype::uint8:
      return small_int_bits(read<uint8_t>(address));
    case Dtype::uint16:
      return small_int_bits(read<uint16_t>(address));
    case Dtype::int8:
      return small_int_bits(read<int8_t>(address));
    case Dtype::int16:
      return small_int_bits(read<int16_t>(address));
    case Dtype::float16:
      return float_bits(half_bits_to_float(read<uint16_t>(address)));
    case Dtype::bfloat16:
      return float_bits(bfloat_bits_to_float(read<uint16_t>(address)));
    case Dtype::uint32:
    case Dtype::int32:
    case Dtype::float32:
    case Dtype::complex64:
      return read<uint32_t>(address);
    case Dtype::uint64:
    case Dtype::int64:
    case Dtype::float64:
      return read<uint64_t>(address);
  }
  return 0;
}

void store_element(Dtype dtype, std::byte* address, uint64_t value) {
  switch (dtype) {
    case Dtype::bool_:
      return write<uint8_t>(address, value != 0);
    case Dtype::uint8:
    case Dtype::int8:
      return write(address, static_cast<uint8_t>(value));
    case Dtype::uint16:
    case Dtype::int16:
      return write(address, static_cast<uint16_t>(value));
    case Dtype::float16:
      return write(address, float_to_half_bits(float_from(value)));
    case Dtype::bfloat16:
      return write(address, float_to_bfloat_bits(float_from(value)));
    case Dtype::uint32:
    case Dtype::int32:
    case Dtype::float32:
    case Dtype::complex64:
      return write(address, static_cast<uint32_t>(value));
    case Dtype::uint64:
    case Dtype::int64:
    case Dtype::float64:
      return write(address, value);
  }
}

uint64_t arg_extreme(std::span<const uint64_t> elements, Type type, Reduction reduction,
                     bool is_unsigned) {
  const bool floating = is_float(type);
  const Op less = floating ? Op::lt : (is_unsigned ? Op::ilt_u : Op::ilt_s);
  const ScalarFunction precedes = scalar_function(less, Type::b1, type);
  const ScalarFunction unordered = floating ? scalar_function(Op::unord, Type::b1, type) : nullptr;
  const auto ask = [](ScalarFunction function, uint64_t a, uint64_t b) {
    const uint64_t operands[] = {a, b};
    return function(operands) != 0;
  };
  size_t best = 0;
  for (size_t j = 0; j < elements.size(); ++j) {
    const uint64_t candidate = elements[j];
    if (floating && ask(unordered, candidate, candidate)) return j;
    const bool better = reduction == Reduction::argmin ? ask(precedes, candidate, elements[best])
                                                       : ask(precedes, elements[best], candidate);
    if (better) best = j;
  }
  return best;
}

}  // namespace tandem::kernel
