#include "tandem/graph/trace.h"

#include <map>
#include <mutex>

#include "tandem/base/check.h"
#include "tandem/graph/walk.h"

namespace tandem::graph {
namespace {

using Words = std::vector<uint64_t>;

uint64_t pack(uint32_t high, uint32_t low) { return uint64_t{high} << 32 | low; }

// Everything that a plan may rely on but for sizes, as the walk puts it for nodes.
Words words_of(const TraceStructure& structure, const std::vector<int64_t>& dims) {
  const auto shape = [&](uint32_t number) {
    const TraceShape& s = structure.shapes[number];
    return Dims(dims).subspan(s.first_dim, s.rank);
  };
  const auto shape_number = [&](uint32_t value) {
    return value < structure.input_count ? structure.input_shapes[value]
                                         : structure.steps[value - structure.input_count].shape;
  };
  Words words{pack(structure.input_count, structure.stream_count),
              pack(static_cast<uint32_t>(structure.shapes.size()),
                   static_cast<uint32_t>(structure.outputs.size()))};
  for (const TraceShape& s : structure.shapes) words.push_back(s.rank);
  words.insert(words.end(), structure.input_shapes.begin(), structure.input_shapes.end());
  words.insert(words.end(), structure.outputs.begin(), structure.outputs.end());
  for (const TraceStep& step : structure.steps) {
    words.push_back(step.op.code() | uint64_t{static_cast<uint8_t>(step.dtype)} << 16 |
                    uint64_t{step.immediates} << 24 |
                    uint64_t{static_cast<uint8_t>(step.immediate_dtype)} << 32 |
                    uint64_t{step.param_count} << 40);
    words.push_back(pack(step.input_count, step.stream));
    words.push_back(step.shape);
    words.push_back(reinterpret_cast<uint64_t>(step.attributes));
    for (uint32_t i = 0; i < step.input_count; ++i) {
      const uint32_t value = structure.operands[step.first_input + i];
      words.push_back(value);
      if (value == TraceStep::kImmediate || shape_number(value) == step.shape) continue;
      words.push_back(broadcast_mask(shape(shape_number(value)), shape(step.shape)));
    }
  }
  return words;
}

struct Table {
  std::mutex mutex;
  std::map<Words, std::weak_ptr<const TraceStructure>> entries;
  uint64_t last_id = 0;
};
Table& table() {
  static Table* table = new Table;  // used by nodes that die in static destructors
  return *table;
}

std::shared_ptr<const TraceStructure> share(TraceStructure structure, Words words) {
  std::shared_ptr<const TraceStructure> result;
  const std::lock_guard lock(table().mutex);
  auto& entry = table().entries[words];
  if ((result = entry.lock())) return result;
  structure.id = ++table().last_id;
  const auto end = [words = std::move(words)](const TraceStructure* gone) {
    {
      const std::lock_guard inner(table().mutex);
      const auto found = table().entries.find(words);
      if (found != table().entries.end() && found->second.expired()) table().entries.erase(found);
    }
    delete gone;
  };
  result = {new TraceStructure(std::move(structure)), end};
  entry = result;
  return result;
}

}  // namespace

Ref<const Trace> make_trace(TraceStructure structure, std::vector<int64_t> dims,
                            std::vector<uint64_t> params) {
  for (size_t i = 0; i < structure.outputs.size(); ++i) {
    structure.positions.push_back(intern({static_cast<int64_t>(i)}));
  }
  Words words = words_of(structure, dims);
  auto trace = make_ref<Trace>();
  trace->structure = share(std::move(structure), std::move(words));
  trace->dims = std::move(dims);
  trace->params = std::move(params);
  return Ref<const Trace>(trace.get());
}

std::vector<NodeRef> make_call(const Trace& trace, std::span<Node* const> inputs,
                               std::span<const uint64_t> streams) {
  const TraceStructure& structure = *trace.structure;
  const auto init_of = [&](uint32_t output) {
    const TraceStep& step = structure.steps[output];
    NodeInit init;
    init.dtype = step.dtype;
    init.shape = trace.shape(step.shape);
    init.stream = static_cast<uint16_t>(streams[step.stream]);
    return init;
  };
  NodeInit call = structure.outputs.size() == 1 ? init_of(structure.outputs[0]) : NodeInit{};
  call.op = Structured::call;
  call.inputs = inputs;
  call.params = streams;
  call.attributes = &trace;
  std::vector<NodeRef> outputs;
  outputs.reserve(structure.outputs.size());
  const NodeRef node = Node::make(call);
  if (structure.outputs.size() == 1) {
    outputs.push_back(node);
    return outputs;
  }
  Node* const input = node.get();
  for (size_t i = 0; i < structure.outputs.size(); ++i) {
    NodeInit get = init_of(structure.outputs[i]);
    get.op = Structured::get;
    get.inputs = std::span(&input, 1);
    get.attributes = structure.positions[i];
    outputs.push_back(Node::make(get));
  }
  return outputs;
}

std::vector<NodeRef> expand(const Trace& trace, std::span<Node* const> inputs,
                            std::span<const uint64_t> streams) {
  const TraceStructure& structure = *trace.structure;
  TANDEM_CHECK(inputs.size() == structure.input_count, "{} inputs for a trace of {}", inputs.size(),
               structure.input_count);
  std::vector<NodeRef> steps;
  steps.reserve(structure.steps.size());
  SmallVector<Node*, 8> operands;
  for (const TraceStep& step : structure.steps) {
    operands.clear();
    for (uint32_t i = 0; i < step.input_count; ++i) {
      const uint32_t value = structure.operands[step.first_input + i];
      operands.push_back(value == TraceStep::kImmediate  ? nullptr
                         : value < structure.input_count ? inputs[value]
                                                         : steps[value - inputs.size()].get());
    }
    NodeInit init;
    init.op = step.op;
    init.dtype = step.dtype;
    init.stream = static_cast<uint16_t>(streams[step.stream]);
    init.shape = trace.shape(step.shape);
    init.inputs = {operands.data(), operands.size()};
    init.params = {trace.params.data() + step.first_param, step.param_count};
    init.immediates = step.immediates;
    init.immediate_dtype = step.immediate_dtype;
    init.attributes = step.attributes;
    steps.push_back(Node::make(init));
  }
  std::vector<NodeRef> outputs;
  outputs.reserve(structure.outputs.size());
  for (const uint32_t output : structure.outputs) outputs.push_back(steps[output]);
  return outputs;
}

}  // namespace tandem::graph
