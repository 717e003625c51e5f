#include "tandem/ops/random/random.h"

#include <cmath>
#include <mutex>

#include "tandem/op_table/scalar_math.h"
#include "tandem/ops/build.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/random/inverse_erf.h"
#include "tandem/ops/shapes/layout.h"
#include "tandem/ops/shapes/views.h"

namespace tandem::random {
namespace {

using KeyWords = std::pair<uint32_t, uint32_t>;

KeyWords words_of(uint64_t seed) {
  return {static_cast<uint32_t>(seed >> 32), static_cast<uint32_t>(seed)};
}

// Both words of the Threefry block with counters (first, second).
KeyWords block(KeyWords key, uint32_t first, uint32_t second) {
  const op_table::U32 k0{key.first}, k1{key.second}, c0{first}, c1{second};
  return {op_table::threefry_0(k0, k1, c0, c1).v, op_table::threefry_1(k0, k1, c0, c1).v};
}

// The global state is split on the host: key i is the second half of a split, the first half the
// next state.
struct State {
  std::mutex mutex;
  KeyWords key{0, 0};
  std::optional<array> lazy;  // the state, if it is an array whose value was not read yet

  KeyWords next() {
    for (;;) {
      std::unique_lock lock(mutex);
      if (!lazy) {
        const KeyWords left = block(key, 0, 2), right = block(key, 1, 3);
        key = {left.first, right.first};
        return {left.second, right.second};
      }
      const array wanted = *lazy;
      lock.unlock();  // computing it may draw numbers on other threads
      const array ordered = contiguous(wanted);
      const auto* words = ordered.data<uint32_t>();
      lock.lock();
      if (!lazy || lazy->node() != wanted.node()) continue;
      key = {words[0], words[1]};
      lazy.reset();
    }
  }
};

State& global() {
  static State* instance = new State;
  return *instance;
}

thread_local StateScope* innermost = nullptr;

array element(const array& key, int64_t i, const StreamOrDevice& s) {
  return reshape(slice(key, Shape{i}, Shape{1}, Shape{1}, s), Shape{}, s);
}

void check_key(const array& key) {
  TANDEM_USER(key.dtype() == Dtype::uint32 && key.ndim() == 1 && key.size() == 2, ArgumentError,
              "random", "expects a key of dtype uint32 and shape (2,): got {} {}",
              name_of(key.dtype()), to_string(key.shape()));
}

// A fraction of [0, 1) from 32 bits, in float32; below 1 in the result dtype as well.
array fraction(Dims shape, Dtype dtype, const Key& key, const StreamOrDevice& s) {
  const array words = astype(bits(shape, key, s), Dtype::float32, s);
  const double below_one = dtype == Dtype::float16    ? 1.0 - 0x1p-11
                           : dtype == Dtype::bfloat16 ? 1.0 - 0x1p-8
                                                      : 1.0 - 0x1p-24;
  return minimum(multiply(words, Scalar(0x1p-32), s), Scalar(below_one), s);
}

void check_floating(Dtype dtype, std::string_view op) {
  TANDEM_USER(is_floating(dtype), DTypeError, op, "expects a floating dtype: got {}",
              name_of(dtype));
}

}  // namespace

void seed(uint64_t seed) {
  const std::lock_guard lock(global().mutex);
  global().key = words_of(seed);
  global().lazy.reset();
}

array state() {
  if (innermost) return innermost->key();
  State& shared = global();
  const std::lock_guard lock(shared.mutex);
  return shared.lazy ? *shared.lazy : array({shared.key.first, shared.key.second});
}

void set_state(const array& key) {
  check_key(key);
  State& shared = global();
  const std::lock_guard lock(shared.mutex);
  shared.lazy = key;
}

StateScope::StateScope(array key) : key_(std::move(key)), outer_(innermost) {
  check_key(key_);
  innermost = this;
}
StateScope::~StateScope() { innermost = outer_; }

array key(uint64_t seed) {
  const auto [high, low] = words_of(seed);
  return array({high, low});
}

array bits(Dims shape, const Key& key, StreamOrDevice s) {
  const int64_t count = element_count(shape, "random");
  TANDEM_USER(count <= int64_t{1} << 33, ShapeError, "random",
              "one key gives at most 2^33 words: got shape {}", to_string(shape));
  graph::NodeInit init;
  init.op = graph::Structured::random_bits;
  init.dtype = Dtype::uint32;
  init.stream = static_cast<uint16_t>(resolve(s).index);
  init.shape = shape;
  init.immediate_dtype = Dtype::uint32;
  if (!key && innermost) {
    StateScope& scope = *innermost;
    const array keys = split(scope.key_, 2, s);
    const auto row = [&](int64_t i) {
      return reshape(slice(keys, Shape{i, 0}, Shape{1, 2}, Shape{1, 1}, s), Shape{2}, s);
    };
    scope.key_ = row(0);
    return bits(shape, row(1), s);
  }
  if (!key) {
    const auto [first, second] = global().next();
    const uint64_t params[] = {first, second};
    graph::Node* const inputs[] = {nullptr, nullptr};
    init.params = params;
    init.inputs = inputs;
    init.immediates = 3;
    return array(graph::Node::make(init));
  }
  check_key(*key);
  const array first = element(*key, 0, s), second = element(*key, 1, s);
  graph::Node* const inputs[] = {first.node().get(), second.node().get()};
  init.inputs = inputs;
  return array(graph::Node::make(init));
}

array split(const array& key, int64_t num, StreamOrDevice s) {
  TANDEM_USER(num >= 0, ArgumentError, "split", "the number of keys must not be negative: got {}",
              num);
  return bits(Shape{num, 2}, key, s);
}

array uniform(const Operand& low, const Operand& high, Dims shape, Dtype dtype, const Key& key,
              StreamOrDevice s) {
  check_floating(dtype, "uniform");
  const array unit = fraction(shape, dtype, key, s);
  const array range = subtract(astype(high.to_array(), Dtype::float32, s),
                               astype(low.to_array(), Dtype::float32, s), s);
  return astype(add(multiply(range, unit, s), astype(low.to_array(), Dtype::float32, s), s), dtype,
                s);
}

array normal(Dims shape, Dtype dtype, double loc, double scale, const Key& key, StreamOrDevice s) {
  if (is_complex(dtype)) {
    // Both parts are normal, with half the variance each.
    Shape parts(shape.begin(), shape.end());
    parts.push_back(2);
    const array pairs = normal(parts, Dtype::float32, 0.0, scale / std::sqrt(2.0), key, s);
    const array result = reshape(view(pairs, dtype, s), shape, s);
    return loc == 0.0 ? result : add(result, Scalar(loc), s);
  }
  check_floating(dtype, "normal");
  const double low = std::nextafter(-1.0f, 0.0f);
  const array unit = uniform(Scalar(low), Scalar(1.0), shape, Dtype::float32, key, s);
  array result = multiply(Scalar(std::sqrt(2.0) * scale), ops::inverse_erf(unit, s), s);
  if (loc != 0.0) result = add(result, Scalar(loc), s);
  return astype(result, dtype, s);
}

}  // namespace tandem::random
