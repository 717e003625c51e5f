// Structural attributes of a node (axes, permutations, flags): interned words, so that equal
// attributes are the same address and a plan's key holds the address. Interned attributes live as
// long as the process.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace tandem::graph {

struct Attributes {
  std::vector<int64_t> words;
};

// Thread-safe. Null for no words.
const Attributes* intern(std::span<const int64_t> words);
inline const Attributes* intern(std::initializer_list<int64_t> words) {
  return intern(std::span<const int64_t>(words.begin(), words.size()));
}

}  // namespace tandem::graph
