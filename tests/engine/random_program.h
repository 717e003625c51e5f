// Random programs: the same seed builds the same arrays on any streams, with any values held and
// any parts evaluated early. Whatever the configuration, the results have the same bits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tandem/tandem.h"

namespace tandem {

struct ProgramOptions {
  int steps = 24;
  bool products = true;  // matrix products
  bool arithmetic =
      true;  // rows, casts and reductions of every dtype; else float32 adds and multiplies
};

// How a program is run; nothing here may change a bit.
struct RunOptions {
  std::vector<Stream> streams;  // a step runs on one of them; empty: the default stream
  bool drop = false;            // lets go of values that the program may not need any more
  bool partial = false;         // evaluates some values early, waiting or not
  bool compiled = false;        // runs of steps become compiled functions
  uint64_t seed = 1;            // of these choices
  // Evaluates the results at the end; null: eval.
  std::function<void(std::span<const array>)> evaluate = {};
};

struct Outcome {
  std::vector<std::string> text;                 // what the value is: op, dtype, shape
  std::vector<std::vector<std::byte>> elements;  // row-major, NaNs made equal
};

Outcome run_program(uint64_t seed, const ProgramOptions& program, const RunOptions& how);

// Empty when both have the same bits, else what differs first.
std::string difference(const Outcome& a, const Outcome& b);

// Elements in row-major order with every NaN replaced by one pattern, so that bits can be compared.
std::vector<std::byte> comparable(const array& a);

// An array of `dtype` with random values, special ones among them: zeros of both signs, infinities,
// NaN, extremes.
array random_leaf(uint64_t seed, Dims shape, Dtype dtype);

}  // namespace tandem
