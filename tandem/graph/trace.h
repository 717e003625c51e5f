// Trace: what a function does, as a table; the attribute of a call node. A call stands in the graph
// and in a plan's key as one node and is expanded when a plan is made, so that passes see what the
// function does. Traces that differ in sizes and scalars alone share their structure, whose number
// stands in keys.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tandem/base/ref.h"
#include "tandem/graph/node.h"

namespace tandem::graph {

// One node. Values are numbered: inputs of the call, then steps.
struct TraceStep {
  static constexpr uint32_t kImmediate = ~uint32_t{0};

  OpCode op;
  Dtype dtype = Dtype::float32;
  uint8_t immediates = 0;
  Dtype immediate_dtype = Dtype::float32;
  uint8_t param_count = 0;
  uint16_t input_count = 0;
  uint16_t stream = 0;  // of those that the call names
  uint32_t shape = 0;
  uint32_t first_input = 0, first_param = 0;
  const Attributes* attributes = nullptr;
};

struct TraceShape {
  uint32_t first_dim = 0;
  uint32_t rank = 0;
};

struct TraceStructure {
  uint64_t id = 0;  // never given twice
  uint32_t input_count = 0;
  uint32_t stream_count = 0;
  std::vector<TraceStep> steps;    // inputs before users
  std::vector<uint32_t> operands;  // of the steps, one after the other: values or kImmediate
  std::vector<TraceShape> shapes;  // in Trace::dims
  std::vector<uint32_t> input_shapes;
  std::vector<uint32_t> outputs;             // steps, each once
  std::vector<const Attributes*> positions;  // of a get, by output
};

struct Trace final : RefCounted<Trace>, Attributes {
  std::shared_ptr<const TraceStructure> structure;
  std::vector<int64_t> dims;     // distinct shapes, one after the other
  std::vector<uint64_t> params;  // of the steps, one after the other

  Dims shape(uint32_t number) const {
    const TraceShape& shape = structure->shapes[number];
    return {dims.data() + shape.first_dim, shape.rank};
  }
};

// The trace with its structure shared. Thread-safe.
Ref<const Trace> make_trace(TraceStructure structure, std::vector<int64_t> dims,
                            std::vector<uint64_t> params);

inline const Trace& trace_of(const Node& call) {
  return static_cast<const Trace&>(*call.attributes_key());
}

// The outputs of a call of the trace: the call node itself if there is one, else a get for each.
// `streams` are stream numbers, by TraceStep::stream.
std::vector<NodeRef> make_call(const Trace& trace, std::span<Node* const> inputs,
                               std::span<const uint64_t> streams);
// The outputs as nodes that each do one step.
std::vector<NodeRef> expand(const Trace& trace, std::span<Node* const> inputs,
                            std::span<const uint64_t> streams);

}  // namespace tandem::graph
