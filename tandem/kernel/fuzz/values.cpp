#include "tandem/kernel/fuzz/values.h"

#include <bit>
#include <limits>

#include "tandem/kernel/reference/memory_access.h"

namespace tandem::kernel::fuzz {

namespace {

template <class T>
T ordinary_float(Random& random) {
  return static_cast<T>(random.between(-1'000'000, 1'000'000)) / T(99'991);
}

template <class T>
T random_float(Random& random) {
  using Limits = std::numeric_limits<T>;
  using Bits = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  switch (random.below(8)) {
    case 0:
      return random.pick<T>({T(0), -T(0), T(1), T(-1), T(0.5), T(2), T(1.5), T(2.5)});
    case 1:
      return random.pick<T>({Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(),
                             Limits::max(), -Limits::max(), Limits::min(), Limits::denorm_min(),
                             -Limits::denorm_min() * 3, T(0x1p31), T(-0x1p31), T(0x1p63), T(65519),
                             T(65520), T(0x1p-25), T(0x1.8p-25)});
    case 2:
      return std::bit_cast<T>(static_cast<Bits>(random.bits()));
    case 3:
      return static_cast<T>(random.between(-300, 300));
    case 4:
      return static_cast<T>(random.between(-64, 64)) / 4;
    default:
      return ordinary_float<T>(random);
  }
}

template <class T>
T random_int(Random& random) {
  using Limits = std::numeric_limits<T>;
  switch (random.below(6)) {
    case 0:
      return random.pick<T>({0, 0, 1, T(-1), 2, 3, Limits::min(), Limits::max(),
                             T(Limits::min() + 1), T(Limits::max() - 1)});
    case 1:
      return static_cast<T>(random.pick({7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255}));
    case 2:
      return static_cast<T>(random.bits());
    default:
      return static_cast<T>(random.between(-20, 20));
  }
}

}  // namespace

uint64_t random_value(Random& random, Type type) {
  switch (type) {
    case Type::b1:
      return random.bits() & 1;
    case Type::i32:
      return random_int<uint32_t>(random);
    case Type::i64:
      return random_int<uint64_t>(random);
    case Type::f32:
      return std::bit_cast<uint32_t>(random_float<float>(random));
    case Type::f64:
      break;
  }
  return std::bit_cast<uint64_t>(random_float<double>(random));
}

void fill(Random& random, Dtype dtype, Mood mood, std::span<std::byte> memory) {
  const size_t step = is_complex(dtype) ? sizeof(float) : size_of(dtype);
  for (size_t at = 0; at + step <= memory.size(); at += step) {
    if (is_inexact(dtype) && mood != Mood::mixed) {
      const float value = mood == Mood::ordinary
                              ? ordinary_float<float>(random)
                              : random.pick({0.0f, -0.0f, 1.0f, -1.0f, 0x1p-24f,
                                             std::numeric_limits<float>::quiet_NaN()});
      store_element(dtype, &memory[at],
                    dtype == Dtype::float64 ? std::bit_cast<uint64_t>(double{value})
                                            : std::bit_cast<uint32_t>(value));
    } else if (dtype == Dtype::bool_) {
      memory[at] = static_cast<std::byte>(random.pick({0, 0, 0, 1, 1, 1, 2, 255}));
    } else if (is_integer(dtype) && size_of(dtype) < 4) {
      const uint64_t value =
          size_of(dtype) == 1 ? random_int<uint8_t>(random) : random_int<uint16_t>(random);
      store_element(dtype, &memory[at], value);
    } else {
      store_element(dtype, &memory[at], random_value(random, compute_type(dtype)));
    }
  }
}

}  // namespace tandem::kernel::fuzz
