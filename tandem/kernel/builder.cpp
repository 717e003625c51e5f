#include "tandem/kernel/builder.h"

#include <bit>
#include <utility>

#include "tandem/base/check.h"
#include "tandem/kernel/float_environment.h"
#include "tandem/kernel/fold.h"
#include "tandem/kernel/signatures.h"

namespace tandem::kernel {

namespace {

constexpr size_t kFirstPlaces = 64;  // of known nodes; a power of two

size_t hash_of(const Node& node) {
  uint64_t hash = static_cast<uint64_t>(node.op) | static_cast<uint64_t>(node.type) << 8 |
                  static_cast<uint64_t>(node.part) << 16 | static_cast<uint64_t>(node.slot) << 32;
  const auto mix = [&hash](uint64_t value) {
    hash = (std::rotl(hash, 5) ^ value) * 0x9e3779b97f4a7c15u;
  };
  for (NodeId in : node.in) mix(in);
  mix(node.bits);
  return hash ^ (hash >> 32);
}

}  // namespace

Builder::Builder(int parallel_rank, int reduced_rank) {
  kernel_.parallel_rank = static_cast<uint8_t>(parallel_rank);
  kernel_.reduced_rank = static_cast<uint8_t>(reduced_rank);
}

uint16_t Builder::input(Dtype dtype, Access access) {
  kernel_.buffers.push_back({dtype, access, false});
  return static_cast<uint16_t>(kernel_.buffers.size() - 1);
}

uint16_t Builder::output(Dtype dtype, Access access) {
  kernel_.buffers.push_back({dtype, access, true});
  return static_cast<uint16_t>(kernel_.buffers.size() - 1);
}

uint16_t Builder::add_param(Type type) {
  kernel_.params.push_back(type);
  return static_cast<uint16_t>(kernel_.params.size() - 1);
}

void Builder::open_stage(Extent extent) {
  Stage stage;
  stage.extent = extent;
  stage.begin = stage.end = static_cast<NodeId>(kernel_.nodes.size());
  kernel_.stages.push_back(stage);
  known_.assign(kFirstPlaces, kNoNode);
  known_count_ = 0;
  open_ = true;
}

void Builder::close_stage() {
  if (!open_) return;
  kernel_.stages.back().end = static_cast<NodeId>(kernel_.nodes.size());
  open_ = false;
}

void Builder::begin_map(Extent extent) {
  if (open_ && kernel_.stages.back().begin == kernel_.nodes.size()) {  // nothing in it yet
    kernel_.stages.back().extent = extent;
    return;
  }
  close_stage();
  open_stage(extent);
}

uint16_t Builder::end_stage(Stage properties, NodeId value) {
  if (!open_) open_stage(Extent::element);
  Stage& stage = kernel_.stages.back();
  TANDEM_CHECK(stage.extent == Extent::element, "a reduction ends a stage over elements");
  if (value < stage.begin) value = append(Node(kernel_.nodes[value]));
  const bool ordered =
      properties.reduction != Reduction::sum && properties.reduction != Reduction::prod;
  properties.is_unsigned = properties.is_unsigned && ordered && is_int(type_of(value));
  properties.begin = stage.begin;
  properties.value = value;
  stage = properties;
  close_stage();
  return static_cast<uint16_t>(kernel_.stages.size() - 1);
}

uint16_t Builder::reduce(Reduction reduction, NodeId value, bool is_unsigned) {
  Stage stage;
  stage.kind = StageKind::reduce;
  stage.reduction = reduction;
  stage.is_unsigned = is_unsigned;
  return end_stage(stage, value);
}

uint16_t Builder::scan(Reduction reduction, NodeId value, bool is_unsigned, bool reverse,
                       bool exclusive) {
  Stage stage;
  stage.kind = StageKind::scan;
  stage.reduction = reduction;
  stage.is_unsigned = is_unsigned;
  stage.reverse = reverse;
  stage.exclusive = exclusive;
  return end_stage(stage, value);
}

NodeId Builder::append(const Node& node) {
  if (!open_) open_stage(Extent::element);
  const auto next = static_cast<NodeId>(kernel_.nodes.size());
  if (!is_store(node.op)) {
    NodeId* place = known_place(node);
    if (*place != kNoNode) return *place;
    *place = next;
    ++known_count_;
  }
  kernel_.nodes.push_back(node);
  if (known_count_ * 2 > known_.size()) grow_known();
  return next;
}

NodeId* Builder::known_place(const Node& node) {
  const size_t mask = known_.size() - 1;
  size_t at = hash_of(node) & mask;
  while (known_[at] != kNoNode && kernel_.nodes[known_[at]] != node) at = (at + 1) & mask;
  return &known_[at];
}

void Builder::grow_known() {
  const std::vector<NodeId> old =
      std::exchange(known_, std::vector<NodeId>(known_.size() * 4, kNoNode));
  for (const NodeId node : old) {
    if (node != kNoNode) *known_place(kernel_.nodes[node]) = node;
  }
}

NodeId Builder::append_folded(const Node& node) {
  std::array<uint64_t, kMaxInputs> operands{};
  for (int i = 0; i < node.input_count; ++i) {
    const Node& input = kernel_.nodes[node.in[i]];
    if (input.op != Op::constant) return append(node);
    operands[i] = input.bits;
  }
  const FloatEnvironment environment;
  const std::optional<uint64_t> value = fold(kernel_, node, operands);
  return value ? constant(node.type, *value) : append(node);
}

NodeId Builder::constant(Type type, uint64_t bits) {
  if (type == Type::b1) bits = bits != 0;
  if (bit_width(type) == 32) bits &= 0xffffffffu;
  return append({.op = Op::constant, .type = type, .bits = bits});
}

NodeId Builder::float_constant(Type type, double value) {
  if (type == Type::f64) return constant(type, std::bit_cast<uint64_t>(value));
  return constant(type, std::bit_cast<uint32_t>(static_cast<float>(value)));
}

NodeId Builder::int_constant(Type type, int64_t value) {
  return constant(type, static_cast<uint64_t>(value));
}

NodeId Builder::param(uint16_t slot) {
  return append({.op = Op::param, .type = kernel_.params.at(slot), .slot = slot});
}

NodeId Builder::index(int axis) {
  return append({.op = Op::index, .type = Type::i64, .slot = static_cast<uint16_t>(axis)});
}

NodeId Builder::load(uint16_t buffer, int part) {
  return append({.op = Op::load,
                 .type = compute_type(kernel_.buffers.at(buffer).dtype),
                 .part = static_cast<uint8_t>(part),
                 .slot = buffer});
}

NodeId Builder::load_at(uint16_t buffer, NodeId index, int part) {
  return append({.op = Op::load_at,
                 .type = compute_type(kernel_.buffers.at(buffer).dtype),
                 .part = static_cast<uint8_t>(part),
                 .input_count = 1,
                 .slot = buffer,
                 .in = {index, kNoNode, kNoNode, kNoNode}});
}

NodeId Builder::stage_result(uint16_t stage) {
  const Type type = result_type(kernel_, kernel_.stages.at(stage));
  return append({.op = Op::stage_result, .type = type, .slot = stage});
}

NodeId Builder::operation(Op op, std::initializer_list<NodeId> inputs) {
  Node node{.op = op, .input_count = static_cast<uint8_t>(inputs.size())};
  std::array<Type, kMaxInputs> types{};
  size_t count = 0;
  for (NodeId in : inputs) {
    TANDEM_CHECK(in < kernel_.nodes.size(), "{}: operand {} does not exist", name_of(op), in);
    node.in[count] = in;
    types[count++] = type_of(in);
  }
  const std::span<const Type> operands(types.data(), count);
  const std::optional<Type> type = infer_type(op, operands);
  TANDEM_CHECK(type.has_value(), "{} needs its result type stated", name_of(op));
  node.type = *type;
  const std::string wrong = check_types(op, node.type, operands);
  TANDEM_CHECK(wrong.empty(), "{}", wrong);
  return append_folded(node);
}

NodeId Builder::convert(Op op, Type type, NodeId a) {
  const Type from = type_of(a);
  const std::string wrong = check_types(op, type, std::span(&from, 1));
  TANDEM_CHECK(wrong.empty(), "{}", wrong);
  return append_folded(
      {.op = op, .type = type, .input_count = 1, .in = {a, kNoNode, kNoNode, kNoNode}});
}

NodeId Builder::call(uint16_t leaf, Type type, std::span<const NodeId> inputs, bool is_unsigned) {
  Node node{.op = Op::call, .type = type, .part = is_unsigned, .slot = leaf};
  TANDEM_CHECK(inputs.size() <= kMaxInputs, "a leaf has at most {} inputs", kMaxInputs);
  for (NodeId in : inputs) node.in[node.input_count++] = in;
  return append_folded(node);
}

void Builder::store(uint16_t buffer, NodeId value, int part) {
  append({.op = Op::store,
          .type = type_of(value),
          .part = static_cast<uint8_t>(part),
          .input_count = 1,
          .slot = buffer,
          .in = {value, kNoNode, kNoNode, kNoNode}});
}

void Builder::store_at(uint16_t buffer, NodeId index, NodeId value, int part) {
  append({.op = Op::store_at,
          .type = type_of(value),
          .part = static_cast<uint8_t>(part),
          .input_count = 2,
          .slot = buffer,
          .in = {index, value, kNoNode, kNoNode}});
}

Kernel Builder::finish() {
  close_stage();
  if (kernel_.stages.empty()) {
    open_stage(Extent::element);
    close_stage();
  }
  return std::move(kernel_);
}

}  // namespace tandem::kernel
