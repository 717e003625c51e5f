// Node: one operation of the lazy graph, 128 bytes from a thread-cached slab. A node is pending
// until it has storage; from then on it is a leaf and has let go of its inputs. Shape, dtype,
// inputs and attributes never change after construction, but for the letting go of inputs under the
// engine's lock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "tandem/base/ref.h"
#include "tandem/base/shape.h"
#include "tandem/device/ids.h"
#include "tandem/graph/attributes.h"
#include "tandem/graph/op_code.h"
#include "tandem/graph/storage.h"

namespace tandem::graph {

inline constexpr int kInlineRank = 4;
inline constexpr int kInlineInputs = 3;
inline constexpr int kInlineParams = 3;

class Node;
using NodeRef = Ref<Node>;

// What a node is made of.
struct NodeInit {
  OpCode op;
  Dtype dtype = Dtype::float32;
  uint16_t stream = 0;
  Dims shape;
  std::span<Node* const> inputs;     // null where the operand is an immediate
  std::span<const uint64_t> params;  // class P words; an immediate operand's comes at its position
  uint8_t immediates = 0;            // bit i: operand i is params[i]
  Dtype immediate_dtype = Dtype::float32;  // of the immediate operands (a mask operand is bool)
  const Attributes* attributes = nullptr;
};

class alignas(64) Node {
 public:
  static NodeRef make(const NodeInit& init);
  // A leaf.
  static NodeRef make(Dtype dtype, Dims shape, Ref<Storage> storage);

  void retain() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(const_cast<Node*>(this));
  }
  uint32_t reference_count() const { return count_.load(std::memory_order_acquire); }

  OpCode op() const { return op_; }
  Dtype dtype() const { return dtype_; }
  int rank() const { return rank_; }
  uint16_t stream() const { return stream_; }
  uint8_t immediates() const { return immediates_; }
  Dtype immediate_dtype() const { return immediate_dtype_; }
  Dims shape() const { return {spilled() ? spill_->shape.data() : shape_, rank_}; }
  std::span<Node* const> inputs() const {
    return {spilled() ? spill_->inputs.data() : inputs_, input_count_};
  }
  std::span<const uint64_t> params() const {
    return {spilled() ? spill_->params.data() : params_, param_count_};
  }
  std::span<const int64_t> attributes() const {
    return attributes_ ? std::span<const int64_t>(attributes_->words) : std::span<const int64_t>();
  }
  const Attributes* attributes_key() const { return attributes_; }
  size_t bytes() const { return static_cast<size_t>(element_count(shape())) * size_of(dtype_); }

  // Null while pending.
  Storage* storage() const { return storage_.load(std::memory_order_acquire); }

  // Engine only, under its lock: publishes the result, once; lets go of the inputs, handing them to
  // `dead` so that they are destroyed after unlocking.
  void publish(Ref<Storage> storage);
  template <class Sink>
  void drop_inputs(Sink&& dead) {
    Node** inputs = input_data();
    for (size_t i = 0; i < input_count_; ++i) {
      if (inputs[i]) dead(NodeRef::adopt(inputs[i]));
    }
    input_count_ = 0;
  }

  // A call of several outputs whose inputs are its outputs, made one by one, and no longer what it
  // was called with. An input is null once a get has taken it over.
  bool expanded() const { return flags_ & kExpanded; }
  // Engine only, under its lock; the old inputs are still used by the outputs.
  void expand_into(std::span<const NodeRef> outputs);
  // Engine only, under its lock: a get of an expanded call becomes one of the output itself. Returns
  // the call.
  NodeRef take_over(uint32_t output);

  // A retained node keeps its inputs when it is published: what is traced may still be
  // differentiated after a value was asked for. Nodes are retained that are made inside of a
  // RetainScope.
  bool retained() const { return flags_ & kRetained; }

  // Made inside of a RecordingScope: part of what is being recorded, not an array that it uses.
  bool recorded() const { return flags_ & kRecorded; }

  // Scratch of a walk, guarded by the engine's lock.
  struct Scratch {
    uint64_t epoch = 0;
    uint32_t index = 0;
    uint32_t edges = 0;
  };
  Scratch& scratch() const { return scratch_; }

  // Nodes alive in the process.
  static int64_t live_count();

 private:
  friend void end_retention(std::span<const NodeRef> roots, std::vector<NodeRef>& dead);
  struct Spill {
    Shape shape;
    SmallVector<Node*, kInlineInputs> inputs;
    SmallVector<uint64_t, kInlineParams> params;
  };

  Node() = default;
  static void destroy(Node* node);
  static constexpr uint8_t kSpilled = 1, kRetained = 2, kRecorded = 4, kExpanded = 8;
  bool spilled() const { return flags_ & kSpilled; }
  Node** input_data() { return spilled() ? spill_->inputs.data() : inputs_; }

  mutable Scratch scratch_;
  mutable std::atomic<uint32_t> count_{0};
  OpCode op_;
  uint16_t stream_ = 0;
  Dtype dtype_ = Dtype::float32;
  uint8_t rank_ = 0;
  uint16_t input_count_ = 0;
  uint8_t param_count_ = 0;
  uint8_t immediates_ = 0;
  Dtype immediate_dtype_ = Dtype::float32;
  uint8_t flags_ = 0;
  const Attributes* attributes_ = nullptr;
  std::atomic<Storage*> storage_{nullptr};
  union {
    int64_t shape_[kInlineRank];
    Spill* spill_;
  };
  Node* inputs_[kInlineInputs] = {};
  uint64_t params_[kInlineParams] = {};
};
static_assert(sizeof(Node) == 128);

// Nodes that the thread makes inside of the scope are retained. Scopes nest.
class RetainScope {
 public:
  RetainScope();
  ~RetainScope();
  RetainScope(const RetainScope&) = delete;
};

// Nodes that the thread makes inside of the scope are recorded ones. Scopes nest.
class RecordingScope {
 public:
  RecordingScope();
  ~RecordingScope();
  RecordingScope(const RecordingScope&) = delete;
};

// The thread is inside of one of these.
bool tracing();

// Inside of it the thread is in none of the scopes around it, and no site is noted: the caller may
// hold the engine's lock. Does not nest.
class PlainScope {
 public:
  PlainScope();
  ~PlainScope();
  PlainScope(const PlainScope&) = delete;

 private:
  int retaining_, recording_;
};

// The nodes under `roots` are no longer retained; those that have storage let go of their inputs,
// which go to `dead`. Caller holds the engine's lock.
void end_retention(std::span<const NodeRef> roots, std::vector<NodeRef>& dead);

}  // namespace tandem::graph
