#include "tandem/transforms/recording.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "tandem/base/check.h"
#include "tandem/graph/evaluator.h"
#include "tandem/graph/streams.h"

namespace tandem::transforms {

using graph::Node;
using graph::NodeRef;
using graph::Structured;
using graph::TraceStep;

array placeholder(Dims shape, Dtype dtype) {
  graph::NodeInit init;
  init.op = Structured::placeholder;
  init.dtype = dtype;
  init.shape = shape;
  return array(Node::make(init));
}

std::vector<array> placeholders_for(std::span<const array> arguments) {
  std::vector<array> result;
  for (const array& argument : arguments) {
    result.push_back(placeholder(argument.shape(), argument.dtype()));
  }
  return result;
}

namespace {

// A node has room for so many of each; a function with more becomes one node a step.
constexpr size_t kMostInputs = 65535, kMostStreams = 255;

// Nodes behind their inputs, from the outputs down to placeholders and captured arrays. Iterative:
// what is recorded may be deep.
struct Order {
  std::vector<Node*> steps;
  std::vector<Node*> captured;
  std::unordered_map<const Node*, bool> seen;  // true: an argument
  bool others = false;

  void run(std::span<const array> placeholders, std::span<const array> outputs) {
    for (const array& argument : placeholders) seen.emplace(argument.node().get(), true);
    std::vector<std::pair<Node*, uint32_t>> stack;
    const auto visit = [&](Node* node) {
      if (!seen.emplace(node, false).second) return;
      const bool is_placeholder = node->op().is(Structured::placeholder) && !node->storage();
      others |= is_placeholder;
      if (node->storage() || !node->recorded() || is_placeholder) {
        captured.push_back(node);
      } else {
        stack.emplace_back(node, 0);
      }
    };
    for (const array& output : outputs) {
      visit(output.node().get());
      while (!stack.empty()) {
        auto& [top, next] = stack.back();
        const auto inputs = top->inputs();
        if (next == inputs.size()) {
          steps.push_back(top);
          stack.pop_back();
        } else if (Node* input = inputs[next++]) {
          visit(input);
        }
      }
    }
  }
};

}  // namespace

// Fills the tables of a trace.
class Recorder {
 public:
  explicit Recorder(Recording& recording) : recording_(recording) {}

  void run(std::span<const array> placeholders, const Order& order,
           std::span<const array> outputs) {
    for (const array& argument : placeholders) {
      TANDEM_CHECK(argument.node()->op().is(Structured::placeholder),
                   "an argument is no placeholder");
      outside_.emplace(argument.node().get(), static_cast<uint32_t>(outside_.size()));
    }
    TANDEM_CHECK(outside_.size() == placeholders.size(), "a placeholder is given twice");
    for (Node* node : order.captured) {
      outside_.emplace(node, static_cast<uint32_t>(outside_.size()));
      recording_.captured_.emplace_back(NodeRef(node));
    }
    add_inputs(order);
    structure_.steps.reserve(order.steps.size());
    for (const Node* node : order.steps) add_step(*node);
    for (const array& output : outputs) add_output(*output.node());
    structure_.input_count = static_cast<uint32_t>(recording_.inputs_.size());
    structure_.stream_count = static_cast<uint32_t>(recording_.streams_.size());
    recording_.trace_ =
        graph::make_trace(std::move(structure_), std::move(dims_), std::move(params_));
  }

 private:
  // What no step uses is no input: a call does not keep it.
  void add_inputs(const Order& order) {
    for (const Node* node : order.steps) {
      for (const Node* input : node->inputs()) {
        const auto found = input ? outside_.find(input) : outside_.end();
        if (found == outside_.end()) continue;
        const auto number = static_cast<uint32_t>(recording_.inputs_.size());
        if (!values_.emplace(input, number).second) continue;
        recording_.inputs_.push_back(found->second);
        structure_.input_shapes.push_back(shape_of(*input));
      }
    }
  }

  uint32_t shape_of(const Node& node) {
    const auto [place, fresh] =
        shapes_.emplace(std::vector<int64_t>(node.shape().begin(), node.shape().end()),
                        static_cast<uint32_t>(shapes_.size()));
    if (fresh) {
      structure_.shapes.push_back(
          {static_cast<uint32_t>(dims_.size()), static_cast<uint32_t>(node.rank())});
      dims_.insert(dims_.end(), node.shape().begin(), node.shape().end());
    }
    return place->second;
  }

  uint16_t stream_of(const Node& node) {
    const Device device = graph::evaluator().device_of(node.stream());
    Recording::Where where{default_stream(device).index == node.stream(), device, node.stream()};
    if (where.by_default) where.stream = 0;
    auto& streams = recording_.streams_;
    const auto found = std::find(streams.begin(), streams.end(), where);
    const auto number = static_cast<uint16_t>(found - streams.begin());
    if (found == streams.end()) streams.push_back(where);
    return number;
  }

  void add_step(const Node& node) {
    TraceStep step;
    step.op = node.op();
    step.dtype = node.dtype();
    step.immediates = node.immediates();
    step.immediate_dtype = node.immediate_dtype();
    step.attributes = node.attributes_key();
    step.stream = stream_of(node);
    step.shape = shape_of(node);
    step.param_count = static_cast<uint8_t>(node.params().size());
    step.first_param = static_cast<uint32_t>(params_.size());
    params_.insert(params_.end(), node.params().begin(), node.params().end());
    step.input_count = static_cast<uint16_t>(node.inputs().size());
    step.first_input = static_cast<uint32_t>(structure_.operands.size());
    for (const Node* input : node.inputs()) {
      structure_.operands.push_back(input ? values_.at(input) : TraceStep::kImmediate);
    }
    const auto number = static_cast<uint32_t>(recording_.inputs_.size() + structure_.steps.size());
    values_.emplace(&node, number);
    structure_.steps.push_back(step);
  }

  void add_output(const Node& node) {
    if (const auto found = outside_.find(&node); found != outside_.end()) {
      recording_.outputs_.push_back(found->second);
      return;
    }
    const auto step = values_.at(&node) - static_cast<uint32_t>(recording_.inputs_.size());
    auto& outputs = structure_.outputs;
    const auto found = std::find(outputs.begin(), outputs.end(), step);
    const auto number = static_cast<uint32_t>(found - outputs.begin());
    if (found == outputs.end()) outputs.push_back(step);
    recording_.outputs_.push_back(static_cast<uint32_t>(outside_.size()) + number);
  }

  Recording& recording_;
  graph::TraceStructure structure_;
  std::vector<int64_t> dims_;
  std::vector<uint64_t> params_;
  std::unordered_map<const Node*, uint32_t> outside_;  // arguments and captured arrays
  std::unordered_map<const Node*, uint32_t> values_;   // of the trace
  std::map<std::vector<int64_t>, uint32_t> shapes_;
};

Recording::Recording(std::span<const array> placeholders, std::span<const array> outputs)
    : argument_count_(placeholders.size()) {
  Order order;
  order.run(placeholders, outputs);
  depends_on_others_ = order.others;
  Recorder(*this).run(placeholders, order, outputs);
}

std::vector<array> Recording::call(std::span<const array> arguments) const {
  TANDEM_CHECK(arguments.size() == argument_count_, "{} arguments for a recording of {}",
               arguments.size(), argument_count_);
  SmallVector<uint64_t, 4> streams;
  for (const Where& where : streams_) {
    const int stream = where.by_default ? default_stream(where.device).index : where.stream;
    streams.push_back(static_cast<uint64_t>(stream));
  }
  const auto outside = [&](uint32_t value) -> const array& {
    return value < argument_count_ ? arguments[value] : captured_[value - argument_count_];
  };
  SmallVector<Node*, 8> inputs;
  for (const uint32_t value : inputs_) inputs.push_back(outside(value).node().get());
  std::vector<NodeRef> values;
  if (size() > 0) {
    const bool steps =
        graph::tracing() || inputs_.size() > kMostInputs || streams_.size() > kMostStreams;
    values = (steps ? graph::expand : graph::make_call)(*trace_, inputs, streams);
  }
  std::vector<array> outputs;
  outputs.reserve(outputs_.size());
  const size_t outside_count = argument_count_ + captured_.size();
  for (const uint32_t value : outputs_) {
    outputs.push_back(value < outside_count ? outside(value)
                                            : array(values[value - outside_count]));
  }
  return outputs;
}

}  // namespace tandem::transforms
