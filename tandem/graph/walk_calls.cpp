// Calls in a walk: a few words of the key for all that a trace does.
#include <algorithm>
#include <unordered_map>

#include "tandem/graph/trace.h"
#include "tandem/graph/walk.h"

namespace tandem::graph {

void Walk::record_call(const Node& node) {
  const Trace& trace = trace_of(node);
  const TraceStructure& structure = *trace.structure;
  calls.push_back(node.scratch().index);
  key.push_back(structure.id);
  for (const Node* input : node.inputs()) key.push_back(input->scratch().index);
  // A shape that an input has is in the same place, however far back that was.
  constexpr uint32_t kUnknown = ~uint32_t{0};
  const size_t first = call_tables.size();
  call_tables.resize(first + structure.shapes.size(), kUnknown);
  for (uint32_t i = 0; i < structure.input_count; ++i) {
    uint32_t& place = call_tables[first + structure.input_shapes[i]];
    if (place == kUnknown) place = first_dims[node.inputs()[i]->scratch().index];
  }
  for (uint32_t i = 0; i < structure.shapes.size(); ++i) {
    uint32_t& place = call_tables[first + i];
    if (place == kUnknown) place = place_shape(trace.shape(i));
    key.push_back(place);
  }
  for (const uint64_t stream : node.params()) {
    const uint64_t slot = slot_of(static_cast<uint16_t>(stream));
    call_tables.push_back(static_cast<uint32_t>(slot));
    key.push_back(slot);
  }
  params.insert(params.end(), trace.params.begin(), trace.params.end());
}

namespace {

// Outputs in the walk, by call; found when first asked for.
class LiveOutputs {
 public:
  explicit LiveOutputs(std::span<Node* const> nodes) : nodes_(nodes) {}

  const std::vector<uint32_t>& of(const Node* call) {
    if (by_call_.empty()) {
      for (const Node* node : nodes_) {
        if (node->storage() || !node->op().is(Structured::get)) continue;
        by_call_[node->inputs()[0]].push_back(static_cast<uint32_t>(node->attributes()[0]));
      }
    }
    return by_call_[call];
  }

 private:
  std::span<Node* const> nodes_;
  std::unordered_map<const Node*, std::vector<uint32_t>> by_call_;
};

// By input: some step that an output needs reads it.
std::vector<uint8_t> needed_inputs(const TraceStructure& structure,
                                   std::span<const uint32_t> outputs) {
  std::vector<uint8_t> needed(structure.input_count + structure.steps.size(), 0);
  for (const uint32_t k : outputs) needed[structure.input_count + structure.outputs[k]] = 1;
  for (size_t s = structure.steps.size(); s-- > 0;) {
    if (!needed[structure.input_count + s]) continue;
    const TraceStep& step = structure.steps[s];
    for (uint32_t i = 0; i < step.input_count; ++i) {
      const uint32_t value = structure.operands[step.first_input + i];
      if (value != TraceStep::kImmediate) needed[value] = 1;
    }
  }
  return needed;
}

// Whether something outside of the walk has to do with what is inside of the call. Outputs may be
// held that are not evaluated here: what they share with those that are must not be computed twice,
// nor what they alone need be kept. And outputs that nobody has may be all that needs an input that
// is walked: it must not be computed, but it is held to what it shares with others.
bool has_loose_ends(const Node& call, LiveOutputs& live) {
  const TraceStructure& structure = *trace_of(call).structure;
  if (structure.outputs.size() == 1) return false;
  const uint32_t gets = call.scratch().edges;
  if (call.reference_count() > gets) return true;
  const auto computed = [](const Node* input) {
    return !input->storage() && !input->inputs().empty();
  };
  const auto inputs = call.inputs();
  if (gets == structure.outputs.size() || std::none_of(inputs.begin(), inputs.end(), computed)) {
    return false;
  }
  const std::vector<uint8_t> needed = needed_inputs(structure, live.of(&call));
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (computed(inputs[i]) && !needed[i]) return true;
  }
  return false;
}

}  // namespace

// As nodes of their own, the steps of calls are held, dropped and let go of one by one. All at once:
// one that becomes steps may be what holds the outputs of the one before.
bool Walk::expand_loose_calls() {
  LiveOutputs live(nodes);
  const bool loose = std::any_of(calls.begin(), calls.end(), [&](uint32_t number) {
    return has_loose_ends(*nodes[number], live);
  });
  if (!loose) return false;
  const PlainScope plain;
  for (const uint32_t number : calls) {
    Node& call = *nodes[number];
    const Trace& trace = trace_of(call);
    if (trace.structure->outputs.size() == 1) continue;
    call.expand_into(expand(trace, call.inputs(), call.params()));
  }
  return true;
}

}  // namespace tandem::graph
