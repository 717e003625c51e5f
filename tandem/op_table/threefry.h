// Threefry 2x32 with 20 rounds (Salmon et al. 2011): the counter-based generator behind `random`.
#pragma once

#include <array>

#include "tandem/op_table/leaf_common.h"

namespace tandem::op_table::leaf {

template <class I>
struct WordPair {
  I first, second;
};

template <class I>
WordPair<I> threefry_block(I key0, I key1, I counter0, I counter1) {
  constexpr std::array<std::array<int, 4>, 2> kRotations = {{{13, 15, 26, 6}, {17, 29, 16, 24}}};
  const std::array<I, 3> keys = {key0, key1, key0 ^ key1 ^ like(key0, 0x1bd11bda)};
  I a = counter0 + key0;
  I b = counter1 + key1;
  for (size_t group = 0; group < 5; ++group) {
    for (int rotation : kRotations[group % 2]) {
      a = a + b;
      b = a ^ ((b << like(b, rotation)) | shr(b, like(b, 32 - rotation)));
    }
    a = a + keys[(group + 1) % 3];
    b = b + keys[(group + 2) % 3] + like(b, static_cast<int>(group) + 1);
  }
  return {a, b};
}
template <class I>
I threefry_0(I key0, I key1, I counter0, I counter1) {
  return threefry_block(key0, key1, counter0, counter1).first;
}
template <class I>
I threefry_1(I key0, I key1, I counter0, I counter1) {
  return threefry_block(key0, key1, counter0, counter1).second;
}

}  // namespace tandem::op_table::leaf
