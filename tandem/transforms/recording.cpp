#include "tandem/transforms/recording.h"

#include <algorithm>

#include "tandem/base/check.h"
#include "tandem/graph/evaluator.h"
#include "tandem/graph/streams.h"

namespace tandem::transforms {

using graph::Node;
using graph::NodeRef;
using graph::Structured;

array placeholder(Dims shape, Dtype dtype) {
  graph::NodeInit init;
  init.op = Structured::placeholder;
  init.dtype = dtype;
  init.shape = shape;
  return array(Node::make(init));
}

namespace {

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

Recording::Recording(std::span<const array> placeholders, std::span<const array> outputs)
    : argument_count_(placeholders.size()) {
  Order order;
  order.run(placeholders, outputs);
  depends_on_others_ = order.others;
  Numbers numbers;
  const auto number = [&](const Node* node) {
    numbers.emplace(node, static_cast<uint32_t>(numbers.size()));
  };
  for (const array& argument : placeholders) {
    number(argument.node().get());
    TANDEM_CHECK(argument.node()->op().is(Structured::placeholder),
                 "an argument is no placeholder");
  }
  TANDEM_CHECK(numbers.size() == argument_count_, "a placeholder is given twice");
  for (Node* node : order.captured) {
    number(node);
    captured_.emplace_back(NodeRef(node));
  }
  steps_.reserve(order.steps.size());
  for (Node* node : order.steps) {
    add_step(*node, numbers);
    number(node);
  }
  for (const array& output : outputs) outputs_.push_back(numbers.at(output.node().get()));
}

uint16_t Recording::default_stream_device(const Node& node) {
  const Device device = graph::evaluator().device_of(node.stream());
  if (default_stream(device).index != node.stream()) return kOwnStream;
  const auto found = std::find(devices_.begin(), devices_.end(), device);
  const auto index = static_cast<uint16_t>(found - devices_.begin());
  if (found == devices_.end()) devices_.push_back(device);
  return index;
}

void Recording::add_step(const Node& node, const Numbers& numbers) {
  Step step;
  step.init.op = node.op();
  step.init.dtype = node.dtype();
  step.init.stream = node.stream();
  step.init.immediates = node.immediates();
  step.init.immediate_dtype = node.immediate_dtype();
  step.init.attributes = node.attributes_key();
  step.device = default_stream_device(node);
  step.first_dim = static_cast<uint32_t>(dims_.size());
  step.rank = static_cast<uint16_t>(node.rank());
  dims_.insert(dims_.end(), node.shape().begin(), node.shape().end());
  step.first_param = static_cast<uint32_t>(params_.size());
  step.param_count = static_cast<uint16_t>(node.params().size());
  params_.insert(params_.end(), node.params().begin(), node.params().end());
  step.first_input = static_cast<uint32_t>(inputs_.size());
  step.input_count = static_cast<uint16_t>(node.inputs().size());
  for (const Node* input : node.inputs()) {
    inputs_.push_back(input ? numbers.at(input) : kImmediate);
  }
  steps_.push_back(step);
}

std::vector<array> Recording::replay(std::span<const array> arguments) const {
  TANDEM_CHECK(arguments.size() == argument_count_, "{} arguments for a recording of {}",
               arguments.size(), argument_count_);
  SmallVector<uint16_t, 2> streams;
  for (const Device device : devices_) {
    streams.push_back(static_cast<uint16_t>(default_stream(device).index));
  }
  std::vector<NodeRef> values;
  values.reserve(argument_count_ + captured_.size() + steps_.size());
  for (const array& argument : arguments) values.push_back(argument.node());
  for (const array& captured : captured_) values.push_back(captured.node());
  SmallVector<Node*, 8> inputs;
  for (const Step& step : steps_) {
    graph::NodeInit init = step.init;
    if (step.device != kOwnStream) init.stream = streams[step.device];
    init.shape = {dims_.data() + step.first_dim, step.rank};
    init.params = {params_.data() + step.first_param, step.param_count};
    inputs.clear();
    for (uint32_t i = 0; i < step.input_count; ++i) {
      const uint32_t input = inputs_[step.first_input + i];
      inputs.push_back(input == kImmediate ? nullptr : values[input].get());
    }
    init.inputs = {inputs.data(), inputs.size()};
    values.push_back(Node::make(init));
  }
  std::vector<array> outputs;
  outputs.reserve(outputs_.size());
  for (const uint32_t output : outputs_) outputs.emplace_back(values[output]);
  return outputs;
}

}  // namespace tandem::transforms
