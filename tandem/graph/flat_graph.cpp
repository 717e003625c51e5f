#include "tandem/graph/flat_graph.h"

#include <algorithm>
#include <utility>

#include "tandem/graph/evaluator.h"
#include "tandem/graph/trace.h"

namespace tandem::graph {
namespace {

class Flattener {
 public:
  explicit Flattener(const Walk& walk) : walk_(walk) {}

  FlatGraph run() {
    graph_.dims = walk_.dims;
    for (const uint16_t stream : walk_.streams) {
      graph_.devices.push_back(evaluator().device_of(stream));
    }
    graph_.nodes.reserve(walk_.nodes.size());
    numbers_.reserve(walk_.nodes.size());
    for (uint32_t i = 0; i < walk_.nodes.size(); ++i) {
      const Node& node = *walk_.nodes[i];
      if (node.storage()) {
        leaf(node, i);
      } else if (node.op().is(Structured::call)) {
        call(node, i);
      } else if (node.op().is(Structured::get) && is_call(*node.inputs()[0])) {
        const Node& source = *node.inputs()[0];
        const auto output = static_cast<size_t>(node.attributes()[0]);
        const uint32_t step = trace_of(source).structure->outputs[output];
        name(numbers_[source.scratch().index] + step, i);
      } else {
        pending(node, i);
      }
    }
    for (const uint32_t root : walk_.roots) {
      graph_.roots.push_back(numbers_[root]);
      graph_.nodes[numbers_[root]].root = true;
    }
    if (walk_.calls.empty()) {
      graph_.walked.clear();
    } else {
      order_from_roots();
    }
    return std::move(graph_);
  }

 private:
  static bool is_call(const Node& node) {
    return node.op().is(Structured::call) && !node.storage();
  }

  // A node for what the walk has as node i, or a step of it.
  uint32_t append(FlatNode node, uint32_t i) {
    graph_.nodes.push_back(std::move(node));
    graph_.walked.push_back(i);
    return static_cast<uint32_t>(graph_.nodes.size() - 1);
  }

  // The flat node is what the walk has as node i.
  void name(uint32_t flat, uint32_t i) {
    graph_.walked[flat] = i;
    graph_.nodes[flat].held = walk_.held[i] != 0;
    numbers_.push_back(flat);
  }

  FlatNode start(const Node& node, uint32_t i) const {
    FlatNode flat;
    flat.dtype = node.dtype();
    flat.rank = static_cast<uint8_t>(node.rank());
    flat.first_dim = walk_.first_dims[i];
    flat.first_param = param_;
    return flat;
  }

  void leaf(const Node& node, uint32_t i) {
    FlatNode flat = start(node, i);
    flat.op = Structured::leaf;
    flat.leaf = static_cast<uint32_t>(graph_.leaf_strides.size());
    graph_.leaf_strides.push_back(node.storage()->strides);
    name(append(std::move(flat), i), i);
  }

  void pending(const Node& node, uint32_t i) {
    FlatNode flat = start(node, i);
    flat.op = node.op();
    flat.immediates = node.immediates();
    flat.immediate_dtype = node.immediate_dtype();
    flat.attributes = node.attributes_key();
    flat.param_count = static_cast<uint8_t>(node.params().size());
    param_ += flat.param_count;
    const auto slot = std::find(walk_.streams.begin(), walk_.streams.end(), node.stream());
    flat.slot = static_cast<uint16_t>(slot - walk_.streams.begin());
    for (const Node* input : node.inputs()) {
      flat.inputs.push_back(input ? numbers_[input->scratch().index] : kNone);
    }
    name(append(std::move(flat), i), i);
  }

  // A call of several outputs has the number of its first step.
  void call(const Node& node, uint32_t i) {
    const Trace& trace = trace_of(node);
    const TraceStructure& structure = *trace.structure;
    const uint32_t* const shapes = walk_.call_tables.data() + next_table_;
    const uint32_t* const slots = shapes + structure.shapes.size();
    next_table_ += structure.shapes.size() + structure.stream_count;
    const auto first = static_cast<uint32_t>(graph_.nodes.size());
    for (const TraceStep& step : structure.steps) {
      FlatNode flat;
      flat.op = step.op;
      flat.dtype = step.dtype;
      flat.rank = static_cast<uint8_t>(structure.shapes[step.shape].rank);
      flat.immediates = step.immediates;
      flat.immediate_dtype = step.immediate_dtype;
      flat.slot = static_cast<uint16_t>(slots[step.stream]);
      flat.param_count = step.param_count;
      flat.attributes = step.attributes;
      flat.first_dim = shapes[step.shape];
      flat.first_param = param_ + step.first_param;
      for (uint32_t k = 0; k < step.input_count; ++k) {
        const uint32_t value = structure.operands[step.first_input + k];
        flat.inputs.push_back(value == TraceStep::kImmediate ? kNone
                              : value < structure.input_count
                                  ? numbers_[node.inputs()[value]->scratch().index]
                                  : first + (value - structure.input_count));
      }
      append(std::move(flat), i);
    }
    param_ += static_cast<uint32_t>(trace.params.size());
    if (structure.outputs.size() == 1) {
      name(first + structure.outputs[0], i);
    } else {
      numbers_.push_back(first);
    }
  }

  // The order in which a walk would find the nodes if there were no calls, so that passes do the
  // same. What only outputs need that nobody asked for is not reached.
  void order_from_roots() {
    FlatGraph found;
    std::vector<uint32_t> moved(graph_.nodes.size(), kNone);
    std::vector<uint8_t> seen(graph_.nodes.size(), 0);
    std::vector<std::pair<uint32_t, uint32_t>> stack;
    for (uint32_t& root : graph_.roots) {
      if (!seen[root]) stack.emplace_back(root, 0);
      seen[root] = 1;
      while (!stack.empty()) {
        auto& [top, next] = stack.back();
        FlatNode& node = graph_.nodes[top];
        if (next == node.inputs.size()) {
          for (uint32_t& input : node.inputs) {
            if (input != kNone) input = moved[input];
          }
          moved[top] = static_cast<uint32_t>(found.nodes.size());
          found.walked.push_back(graph_.walked[top]);
          found.nodes.push_back(std::move(node));
          stack.pop_back();
          continue;
        }
        const uint32_t input = node.inputs[next++];
        if (input == kNone || std::exchange(seen[input], 1)) continue;
        stack.emplace_back(input, 0);
      }
      root = moved[root];
    }
    graph_.nodes = std::move(found.nodes);
    graph_.walked = std::move(found.walked);
  }

  const Walk& walk_;
  FlatGraph graph_;
  std::vector<uint32_t> numbers_;  // by number in the walk
  uint32_t param_ = 0;             // parameter words so far
  size_t next_table_ = 0;          // in the walk's call_tables
};

}  // namespace

FlatGraph flatten(const Walk& walk) { return Flattener(walk).run(); }

}  // namespace tandem::graph
