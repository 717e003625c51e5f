// Makes a Kernel node by node. Equal nodes of one stage are shared and operations on constants are
// evaluated; there is no other algebra. Not thread-safe; one builder makes one kernel.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

class Builder {
 public:
  explicit Builder(int parallel_rank, int reduced_rank = 0);

  // Declarations; the number of the buffer or parameter is returned.
  uint16_t input(Dtype dtype, Access access = Access::general);
  uint16_t output(Dtype dtype, Access access = Access::general);
  uint16_t add_param(Type type);

  // Stages. The first one opens by itself as a map over elements. `reduce` and `scan` end the
  // current stage and return its number for stage_result; what follows opens a map over elements
  // unless `begin_map` says otherwise. A value of an earlier stage is brought into the current one.
  // `is_unsigned` counts where the order of integers matters.
  void begin_map(Extent extent = Extent::element);
  uint16_t reduce(Reduction reduction, NodeId value, bool is_unsigned = false);
  uint16_t scan(Reduction reduction, NodeId value, bool is_unsigned = false, bool reverse = false,
                bool exclusive = false);

  // Values. Types follow from the operands where `type` is not given.
  NodeId constant(Type type, uint64_t bits);
  NodeId float_constant(Type type, double value);
  NodeId int_constant(Type type, int64_t value);
  NodeId param(uint16_t slot);
  NodeId index(int axis);
  NodeId load(uint16_t buffer, int part = 0);
  NodeId load_at(uint16_t buffer, NodeId index, int part = 0);
  NodeId stage_result(uint16_t stage);
  NodeId unary(Op op, NodeId a) { return operation(op, {a}); }
  NodeId binary(Op op, NodeId a, NodeId b) { return operation(op, {a, b}); }
  NodeId ternary(Op op, NodeId a, NodeId b, NodeId c) { return operation(op, {a, b, c}); }
  NodeId select(NodeId mask, NodeId a, NodeId b) { return operation(Op::select, {mask, a, b}); }
  NodeId convert(Op op, Type type, NodeId a);
  NodeId call(uint16_t leaf, Type type, std::span<const NodeId> inputs, bool is_unsigned = false);

  void store(uint16_t buffer, NodeId value, int part = 0);
  void store_at(uint16_t buffer, NodeId index, NodeId value, int part = 0);

  // A node of another kernel whose operands and slot are already this kernel's.
  NodeId copy(const Node& node) { return append(node); }

  void relax(uint32_t relaxations) { kernel_.relax |= relaxations; }
  Type type_of(NodeId node) const { return kernel_.nodes[node].type; }
  const Kernel& kernel() const { return kernel_; }

  // While set, leaf functions of the carrier append their own primitives instead of one call.
  bool expand_leaves = false;

  // The kernel, stages closed; the builder is spent.
  Kernel finish();

 private:
  NodeId operation(Op op, std::initializer_list<NodeId> inputs);
  NodeId append(const Node& node);  // shared if this stage has it already
  NodeId append_folded(const Node& node);
  NodeId* known_place(const Node& node);  // where it stands, or is to stand
  void grow_known();
  void open_stage(Extent extent);
  void close_stage();
  uint16_t end_stage(Stage properties, NodeId value);

  Kernel kernel_;
  bool open_ = false;
  // The nodes of the current stage by hash, open addressing; kNoNode: free.
  std::vector<NodeId> known_;
  size_t known_count_ = 0;
};

}  // namespace tandem::kernel
