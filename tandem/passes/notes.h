// notes: what a plan does, for people: the nodes that each instruction computes, and for every value
// that goes through memory from one instruction to another the reason. Made while somebody profiles.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tandem/passes/fuse/fuse.h"

namespace tandem::passes {

struct PlanNotes {
  struct Op {
    uint32_t node = kNone;  // in the walk; kNone: a copy that planning added
    graph::OpCode op;
    Dtype dtype = Dtype::float32;
    std::string shape;
  };
  struct Stored {
    uint32_t node = kNone;     // in the walk, that makes the value
    graph::OpCode op;          // its op
    uint32_t instruction = 0;  // that makes it
    uint32_t reader = 0;       // the instruction that reads it
    uint32_t reader_node = kNone;
    graph::OpCode reader_op;
    std::string reason;
  };
  std::vector<std::vector<Op>> ops;  // by instruction
  std::vector<Stored> stored;        // each value once a reading instruction
};

// Instructions have the numbers of their clusters.
std::shared_ptr<const PlanNotes> note_plan(const SimpleGraph& graph, const Clusters& clusters,
                                           std::span<const int64_t> dims, bool fusion);

}  // namespace tandem::passes
