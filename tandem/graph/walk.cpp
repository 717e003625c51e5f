#include "tandem/graph/walk.h"

#include <algorithm>

#include "tandem/base/check.h"
#include "tandem/base/settings.h"
#include "tandem/graph/evaluator.h"
#include "tandem/graph/sites.h"

namespace tandem::graph {
namespace {

uint64_t last_epoch = 0;  // guarded by the engine's lock

uint64_t mix(uint64_t hash, uint64_t word) {
  const unsigned __int128 product =
      static_cast<unsigned __int128>(hash ^ word) * 0x9fb21c651e98df25ull;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// In line: most shapes have few axes, for which a call costs more than the comparison.
bool same_extents(Dims shape, const int64_t* known) {
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != known[i]) return false;
  }
  return true;
}

// First word of a node in the key. The bits of `kSameShape` say that its shape is that of the node
// before.
constexpr uint64_t kSameShape = uint64_t{1} << 63;
uint64_t head_word(OpCode op, const Node& node) {
  return op.code() | uint64_t{static_cast<uint8_t>(node.dtype())} << 16 |
         static_cast<uint64_t>(node.rank()) << 24;
}

}  // namespace

uint64_t broadcast_mask(Dims input, Dims node) {
  uint64_t mask = 0;
  for (size_t i = 0; i < std::min(input.size(), node.size()); ++i) {
    const bool repeated = input[input.size() - 1 - i] != node[node.size() - 1 - i];
    if (repeated) mask |= uint64_t{1} << std::min<size_t>(i, 63);
  }
  return mask;
}

void Walk::clear() {
  nodes.clear();
  leaves.clear();
  roots.clear();
  first_dims.clear();
  dims.clear();
  params.clear();
  streams.clear();
  calls.clear();
  call_tables.clear();
  key.clear();
  std::fill(std::begin(known_), std::end(known_), KnownShape{});
  newest_ = 0;
}

uint32_t Walk::place_shape(Dims shape) {
  for (uint32_t i = 0; i < kKnownShapes; ++i) {
    const KnownShape& known = known_[(newest_ - i) % kKnownShapes];
    if (known.rank == shape.size() && same_extents(shape, dims.data() + known.first_dim)) {
      return known.first_dim;
    }
  }
  // An empty shape takes a place too, so that different shapes never share their number.
  const auto first = static_cast<uint32_t>(dims.size());
  newest_ = (newest_ + 1) % kKnownShapes;
  known_[newest_] = {first, static_cast<uint32_t>(shape.size())};
  dims.insert(dims.end(), shape.begin(), shape.end());
  if (shape.empty()) dims.push_back(1);
  return first;
}

uint64_t Walk::slot_of(uint16_t stream) {
  for (size_t i = streams.size(); i-- > 0;) {
    if (streams[i] == stream) return i;
  }
  streams.push_back(stream);
  return streams.size() - 1;
}

void Walk::record(Node* node) {
  const auto number = static_cast<uint32_t>(nodes.size());
  const Dims shape = node->shape();
  const uint32_t first_dim = place_shape(shape);
  const bool same_shape = number > 0 && first_dims.back() == first_dim;
  node->scratch().index = number;
  nodes.push_back(node);
  first_dims.push_back(first_dim);
  const bool leaf = node->storage() != nullptr;
  TANDEM_USER(leaf || !node->op().is(Structured::placeholder), ArgumentError, "eval",
              "a value that depends on the arguments of a function being compiled cannot be asked "
              "for inside of it: got an argument of shape {}, expected arrays with values",
              to_string(node->shape()));
  uint64_t head = head_word(leaf ? OpCode(Structured::leaf) : node->op(), *node);
  if (same_shape) head |= kSameShape;
  if (!leaf) {
    head |= uint64_t{node->immediates()} << 32 |
            uint64_t{static_cast<uint8_t>(node->immediate_dtype())} << 40 |
            slot_of(node->stream()) << 46;
  }
  key.push_back(head);
  if (!same_shape) key.push_back(first_dim);
  if (leaf) {
    leaves.push_back(number);
    return;
  }
  if (node->op().is(Structured::call)) {
    record_call(*node);
    return;
  }
  for (const uint64_t word : node->params()) params.push_back(word);
  if (node->attributes_key()) key.push_back(reinterpret_cast<uint64_t>(node->attributes_key()));
  for (const Node* input : node->inputs()) {
    if (!input) continue;  // immediates are known from the first word
    const uint32_t index = input->scratch().index;
    const bool other_shape = first_dims[index] != first_dim;
    key.push_back(index | (other_shape ? uint64_t{1} << 32 : 0));
    if (other_shape) key.push_back(broadcast_mask(input->shape(), shape));
  }
}

void Walk::visit(Node* node) {
  Node::Scratch& scratch = node->scratch();
  if (scratch.epoch == epoch_) {
    ++scratch.edges;
    return;
  }
  scratch.epoch = epoch_;
  scratch.edges = 1;
  if (node->op().is(Structured::get) && !node->storage()) {
    const Node& call = *node->inputs()[0];
    if (call.op().is(Structured::call) && call.expanded()) {
      released.push_back(node->take_over(static_cast<uint32_t>(node->attributes()[0])));
    }
  }
  if (node->storage() || node->inputs().empty()) {
    record(node);
  } else {
    stack_.emplace_back(node, 0);
  }
}

void Walk::run(std::span<const array> wanted) {
  do {
    visit_all(wanted);
  } while (expand_loose_calls());
  close_key();
}

void Walk::visit_all(std::span<const array> wanted) {
  clear();
  stack_.clear();  // an earlier walk may have ended with an error
  epoch_ = ++last_epoch;
  for (const array& root : wanted) {
    Node* node = root.node().get();
    if (node->storage()) continue;
    const bool again = node->scratch().epoch == epoch_;
    visit(node);
    --node->scratch().edges;  // the root's handle is a reference, not an edge
    while (!stack_.empty()) {
      auto& [top, next] = stack_.back();
      const auto inputs = top->inputs();
      if (next == inputs.size()) {
        Node* done = top;
        stack_.pop_back();
        record(done);
      } else if (Node* input = inputs[next++]) {
        visit(input);
      }
    }
    const uint32_t number = node->scratch().index;
    if (!again || std::find(roots.begin(), roots.end(), number) == roots.end()) {
      roots.push_back(number);
    }
  }
}

// Held bits, roots, devices and what the settings were.
void Walk::close_key() {
  uint64_t bits = 0;
  held.resize(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const bool is_held = nodes[i]->reference_count() > nodes[i]->scratch().edges;
    held[i] = is_held;
    // Whether a leaf may be written over is decided when a plan is bound, not here.
    bits = bits << 1 | (is_held && !nodes[i]->storage() ? 1 : 0);
    if (i % 64 == 63 || i + 1 == nodes.size()) key.push_back(std::exchange(bits, 0));
  }
  key.insert(key.end(), roots.begin(), roots.end());
  for (const uint16_t stream : streams) {
    const Device device = evaluator().device_of(stream);
    key.push_back(uint64_t{static_cast<uint8_t>(device.type)} << 32 |
                  static_cast<uint32_t>(device.index));
  }
  key.push_back(settings_epoch() << 1 | (Sites::recording() ? 1 : 0));  // plans with notes
  hash = 0x2545f4914f6cdd1dull + key.size();
  for (const uint64_t word : key) hash = mix(hash, word);
}

}  // namespace tandem::graph
