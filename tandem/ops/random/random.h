// Random numbers from counter-based keys (Threefry-2x32, 20 rounds). The same key gives the same
// numbers on every device; a call without a key takes the next one of the calling thread's global
// state.
#pragma once

#include <optional>
#include <utility>

#include "tandem/ops/operand.h"

namespace tandem::random {

// Sets the global state.
void seed(uint64_t seed);
// The global state as a key; set_state makes a key the state, lazily: it is read when the next
// number is drawn.
array state();
void set_state(const array& key);

// Inside of the scope the thread's calls without a key draw from `key` instead, by operations of the
// graph: the same numbers, as a function of the key. Scopes nest.
class StateScope {
 public:
  explicit StateScope(array key);
  ~StateScope();
  StateScope(const StateScope&) = delete;
  const array& key() const { return key_; }  // the state after what was drawn so far

 private:
  friend array bits(Dims shape, const std::optional<array>& key, StreamOrDevice s);
  array key_;
  StateScope* outer_;
};

// A key: uint32 array of shape (2,), the high and low word of the seed.
array key(uint64_t seed);
// `num` new keys, shape (num, 2).
array split(const array& key, int64_t num = 2, StreamOrDevice s = {});

using Key = std::optional<array>;
// Uniform 32-bit words, uint32.
array bits(Dims shape, const Key& key = {}, StreamOrDevice s = {});
// Uniform in [low, high). `dtype` floating.
array uniform(const Operand& low, const Operand& high, Dims shape, Dtype dtype = Dtype::float32,
              const Key& key = {}, StreamOrDevice s = {});
array normal(Dims shape, Dtype dtype = Dtype::float32, double loc = 0.0, double scale = 1.0,
             const Key& key = {}, StreamOrDevice s = {});

}  // namespace tandem::random
