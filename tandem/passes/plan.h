// Plan: what runs for one structure of graph. Immutable once made and shared by threads; sizes,
// addresses and scalars are bound on every run. Numbers that index `dims` and `params` refer to the
// tables of the walk being run.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tandem/device/launch.h"
#include "tandem/graph/flat_graph.h"
#include "tandem/kernel/ir.h"
#include "tandem/kernel/launch.h"

namespace tandem::passes {

using graph::kNone;

// One view op on the way from a value to an operand; applied to numbers when a run is bound.
struct ViewStep {
  graph::OpCode op;
  const graph::Attributes* attributes = nullptr;  // permutation of transpose, steps of slice
  uint32_t first_dim = 0;                         // the shape after the step
  uint8_t rank = 0;
  uint32_t first_param = 0;  // starts of slice
  bool operator==(const ViewStep&) const = default;
};
using Views = SmallVector<ViewStep, 1>;

// Elements of a value as somebody reads them.
struct Operand {
  uint32_t value = kNone;  // number in Plan::values
  Views views;
  uint32_t first_dim = 0;  // the shape after the views
  uint8_t rank = 0;
  bool row = false;  // indexed by the kernel's parallel axes only
  bool written = false;
  bool kept_axes = false;  // row: its shape has an axis of extent 1 for each reduced one
  bool part = false;  // written: several instructions write the value, each some of its elements
  // Of the source of a gather: the words of its node. The axes are then those of the gather's
  // result, and one axis of the value is indexed by the kernel.
  const graph::Attributes* gathered = nullptr;
  bool operator==(const Operand&) const = default;
};

// Where a value lives during and after a run.
enum class Home : uint8_t {
  leaf,       // an input of the graph
  output,     // a root or a held node: a pool block that outlives the run
  transient,  // crosses streams or devices: a pool block that is given back
  arena,      // dies on the stream that made it: a slot of the stream's arena
  generated,  // never in memory: an index range or a constant
};

struct Value {
  Home home = Home::arena;
  Dtype dtype = Dtype::float32;
  uint32_t first_dim = 0;
  uint8_t rank = 0;
  uint32_t leaf = kNone;         // leaf: its number among the walk's leaves
  uint32_t instruction = kNone;  // who writes it
  uint32_t arena_slot = kNone;
  SmallVector<uint32_t, 2> donors;  // output: leaf values it may be written over
};

// Where a scalar argument of a kernel comes from.
struct ParamSource {
  enum Kind : uint8_t {
    word,            // the low bits of a parameter word
    word_high,       // its high half: the imaginary part of complex64
    virtual_offset,  // a generated operand: linear index of the element at position 0
    virtual_stride,  // and its step along kernel axis `axis`
    element_count,   // of a generated operand's value
  };
  Kind kind = word;
  uint8_t axis = 0;
  uint32_t index = 0;  // parameter word, or number in Instruction::generated
};

struct Instruction {
  enum Kind : uint8_t { kernel, library };
  Kind kind = kernel;
  bool product = false;   // a library call that is a matrix product
  bool in_place = false;  // a library call that may write its result over its first operand
  std::shared_ptr<device::Executable> executable;
  std::string label;                           // "multiply add exp", for traces and plan texts
  std::shared_ptr<const kernel::Kernel> text;  // kernel: its IR
  uint16_t slot = 0;                           // stream slot
  uint32_t segment = 0;
  uint32_t node_count = 0;  // graph nodes that it computes
  // Kernel axes: axis i of the launch is axis `axes[i]` of the shape at first_dim; the last
  // reduced_rank are reduced. A matrix product has the shape of its result there and the axes B..,
  // M, N, K; every other library call the axes of one buffer after the other.
  uint32_t first_dim = 0;
  uint8_t rank = 0;
  SmallVector<uint8_t, 4> axes;
  uint8_t reduced_rank = 0;
  std::vector<Operand> buffers;  // in the order of the kernel's buffers or the call's operands
  std::vector<Operand> generated;
  std::vector<ParamSource> params;
  std::vector<uint32_t> after;  // values that it waits for without reading them
};

// A run of instructions on one stream between edges.
struct Segment {
  uint16_t slot = 0;
  std::vector<uint32_t> instructions;
  std::vector<uint32_t> waits;   // earlier segments on other streams
  std::vector<uint32_t> inputs;  // leaf and foreign values read here: resident on the device first
  std::vector<uint32_t> after;   // values waited for that are not read
};

// A node of the graph that gets storage.
struct Publication {
  uint32_t node = 0;
  Operand source;
};

// A condition on sizes or strides that planning relied on.
struct Guard {
  Operand source;          // before the reshape
  uint32_t first_dim = 0;  // the shape asked for
  uint8_t rank = 0;
  bool expressible = false;
};

// A bound on the length of rows that fusion relied on: above < length <= at_most.
struct RowGuard {
  uint32_t first_dim = 0;  // the domain
  uint8_t rank = 0;
  uint64_t reduced = 0;  // axes of the domain that make a row
  int64_t above = -1;
  int64_t at_most = std::numeric_limits<int64_t>::max();
};
int64_t row_length(const RowGuard& guard, std::span<const int64_t> dims);
inline bool holds(const RowGuard& guard, std::span<const int64_t> dims) {
  const int64_t length = row_length(guard, dims);
  return guard.above < length && length <= guard.at_most;
}

// A reshape of results of rows that fusion took for the same rows: the shape at `row_dim` is that of
// the domain, its reduced axes left out or kept with extent 1.
struct RowShapeGuard {
  uint32_t first_dim = 0;  // the domain
  uint8_t rank = 0;
  uint64_t reduced = 0;
  uint32_t row_dim = 0;
  uint8_t row_rank = 0;
};
bool holds(const RowShapeGuard& guard, std::span<const int64_t> dims);

struct ArenaSlot {
  uint16_t slot = 0;             // stream slot
  std::vector<uint32_t> values;  // never alive at the same time
};

struct PlanNotes;

struct Plan {
  std::vector<uint64_t> key;
  std::vector<Guard> guards;
  std::vector<RowGuard> row_guards;
  std::vector<RowShapeGuard> row_shape_guards;
  std::vector<Value> values;
  std::vector<Instruction> instructions;
  std::vector<Segment> segments;  // in order of submission
  std::vector<Publication> publications;
  std::vector<ArenaSlot> arena_slots;
  std::vector<Device> devices;             // by stream slot
  uint32_t node_count = 0;                 // pending nodes of the graph
  std::shared_ptr<const PlanNotes> notes;  // made while somebody profiles

  // One line an instruction; with the table of dimensions of a run also the bytes that each moves.
  std::string text(std::span<const int64_t> dims = {}) const;
};

}  // namespace tandem::passes
