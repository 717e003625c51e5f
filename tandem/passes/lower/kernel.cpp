#include <algorithm>
#include <bit>
#include <unordered_map>
#include <unordered_set>

#include "tandem/base/check.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/op_table/row_info.h"
#include "tandem/op_table/scalar_math.h"
#include "tandem/passes/lower/lower.h"

namespace tandem::passes {
namespace {

using graph::FlatNode;
using graph::Structured;
using kernel::Builder;
using kernel::EmittedValue;
using kernel::NodeId;
using kernel::Op;
using kernel::Type;

// Axes of a launch: the parallel ones in order, then the reduced ones.
void set_axes(const Cluster& cluster, Instruction& instruction) {
  instruction.first_dim = cluster.first_dim;
  instruction.rank = cluster.rank;
  for (const bool reduced : {false, true}) {
    for (uint8_t axis = 0; axis < cluster.rank; ++axis) {
      const bool mine = (cluster.reduced >> std::min<int>(axis, 63) & 1) != 0;
      if (mine == reduced) instruction.axes.push_back(axis);
    }
  }
  instruction.reduced_rank = static_cast<uint8_t>(std::popcount(cluster.reduced));
}

class KernelLowering {
 public:
  KernelLowering(const SimpleGraph& graph, const Clusters& clusters, uint32_t number)
      : graph_(graph),
        clusters_(clusters),
        number_(number),
        cluster_(clusters.clusters[number]),
        instruction_(start()),
        builder_(instruction_.rank - instruction_.reduced_rank, instruction_.reduced_rank) {}

  Instruction run() {
    find_rows_read_by_elements();
    for (uint32_t round = 0; round < cluster_.rounds; ++round) lower_round(round);
    lower_rows();
    instruction_.text = std::make_shared<const kernel::Kernel>(builder_.finish());
    return std::move(instruction_);
  }

 private:
  const FlatNode& flat(uint32_t n) const { return graph_.nodes[n].flat; }
  op_table::Reduction reduction_of(uint32_t n) const {
    return static_cast<op_table::Reduction>(flat(n).attributes->words[0]);
  }

  const Place& place_of(uint32_t n) const { return clusters_.places[n]; }
  bool is_row(uint32_t n) const { return place_of(n).level == Place::row; }
  bool is_reduction(uint32_t n) const { return flat(n).op.is(Structured::reduce); }
  bool is_scan(uint32_t n) const { return flat(n).op.is(Structured::scan); }
  // The round whose elements a reduction or scan takes.
  bool takes_elements_of(uint32_t n, uint32_t round) const {
    return (is_reduction(n) || is_scan(n)) && place_of(n).round == round + 1;
  }

  Instruction start() const {
    Instruction instruction;
    instruction.slot = cluster_.slot;
    set_axes(cluster_, instruction);
    instruction.node_count = static_cast<uint32_t>(cluster_.nodes.size());
    instruction.label = label();
    return instruction;
  }

  // ---- rounds
  // Row values that elements read are computed where they are read, from the reductions' results.
  void find_rows_read_by_elements() {
    for (auto n = cluster_.nodes.rbegin(); n != cluster_.nodes.rend(); ++n) {
      const bool reads = !is_row(*n) || is_reduction(*n) || read_by_elements_.contains(*n);
      if (!reads) continue;
      for (const Operand& input : graph_.nodes[*n].inputs) {
        if (input.value == kNone || clusters_.cluster_of[input.value] != number_) continue;
        if (is_row(input.value)) read_by_elements_.insert(input.value);
      }
    }
  }

  void lower_round(uint32_t round) {
    std::vector<uint32_t> elements, along_rows;
    for (const uint32_t n : cluster_.nodes) {
      const Place& place = place_of(n);
      if (takes_elements_of(n, round)) along_rows.push_back(n);
      if (is_row(n)) {
        if (place.round == round && read_by_elements_.contains(n)) emit_at(n);
      } else if (place.round == round) {
        elements.push_back(n);
        emit_at(n);
      }
    }
    reducing_.clear();
    for (const uint32_t n : along_rows) prepare(n);
    for (const uint32_t n : elements) store(n);
    for (const bool scans : {false, true}) {
      for (Reducing& reducing : reducing_) {
        if (is_scan(reducing.nodes[0]) == scans) end_stage(reducing);
      }
    }
  }

  // Everything of rows that is kept, in one stage at the end.
  void lower_rows() {
    std::unordered_set<uint32_t> needed;
    for (auto n = cluster_.nodes.rbegin(); n != cluster_.nodes.rend(); ++n) {
      if (!is_row(*n) || !(clusters_.in_memory[*n] || needed.contains(*n))) continue;
      needed.insert(*n);
      if (is_reduction(*n)) continue;
      for (const Operand& input : graph_.nodes[*n].inputs) {
        if (input.value != kNone) needed.insert(input.value);
      }
    }
    if (needed.empty()) return;
    builder_.begin_map(kernel::Extent::row);
    emitted_.clear();
    loads_.clear();
    for (const uint32_t n : cluster_.nodes) {
      if (is_row(n) && needed.contains(n)) emit_at(n);
    }
    for (const uint32_t n : cluster_.nodes) {
      if (is_row(n)) store(n);
    }
  }

  // Emits n into the current stage, for elements or for rows.
  void emit_at(uint32_t n) {
    row_ = is_row(n);
    kept_axes_ = row_ && place_of(n).form == RowForm::kept;
    emitted_[n] = is_reduction(n) || is_scan(n) ? stage_result(n) : emit(n);
  }

  std::string name_of(uint32_t n) const {
    if (is_scan(n)) return "cum" + std::string(op_table::name_of(reduction_of(n)));
    return std::string(is_reduction(n) ? op_table::name_of(reduction_of(n))
                                       : graph::name_of(flat(n).op));
  }

  // "exp*500 add": runs of one op are counted.
  std::string label() const {
    std::string text;
    const std::vector<uint32_t>& nodes = cluster_.nodes;
    for (size_t i = 0; i < nodes.size();) {
      const std::string name = name_of(nodes[i]);
      const size_t first = i;
      while (i < nodes.size() && name_of(nodes[i]) == name) ++i;
      if (!text.empty()) text += ' ';
      text += name;
      if (i - first > 1) text += '*' + std::to_string(i - first);
    }
    return text;
  }

  // ---- operands
  uint16_t param(Type type, ParamSource source) {
    const uint64_t key = static_cast<uint64_t>(source.index) << 32 |
                         static_cast<uint64_t>(source.axis) << 16 |
                         static_cast<uint64_t>(source.kind) << 8 | static_cast<uint64_t>(type);
    const auto [known, is_new] =
        params_.try_emplace(key, static_cast<uint16_t>(instruction_.params.size()));
    if (is_new) {
      instruction_.params.push_back(source);
      builder_.add_param(type);
    }
    return known->second;
  }

  EmittedValue word(uint32_t index, Dtype dtype) {
    EmittedValue value{.dtype = dtype};
    const Type type = kernel::compute_type(dtype);
    value.nodes[0] = builder_.param(param(type, {ParamSource::word, 0, index}));
    if (is_complex(dtype)) {
      value.nodes[1] = builder_.param(param(type, {ParamSource::word_high, 0, index}));
    }
    return value;
  }

  EmittedValue operand(const Operand& input) {
    const FlatNode& base = flat(input.value);
    const bool here = clusters_.cluster_of[input.value] == number_;
    if (here) return emitted_.at(input.value);
    if (clusters_.cluster_of[input.value] == kNone && base.op.is_generator()) {
      return generate(input);
    }
    if (clusters_.remade[input.value]) return remake(input);
    return load(input);
  }

  EmittedValue load(Operand input) {
    input.row = row_;
    input.kept_axes = kept_axes_;
    for (const auto& [loaded, value] : loads_) {
      if (loaded == input) return value;
    }
    const Dtype dtype = flat(input.value).dtype;
    const EmittedValue value = kernel::emit_load(builder_, buffer_of(input), dtype);
    loads_.emplace_back(input, value);
    return value;
  }

  uint16_t buffer_of(const Operand& input) {
    auto& buffers = instruction_.buffers;
    const auto known = std::find(buffers.begin(), buffers.end(), input);
    if (known != buffers.end()) return static_cast<uint16_t>(known - buffers.begin());
    buffers.push_back(input);
    return builder_.input(flat(input.value).dtype);
  }

  EmittedValue gather(uint32_t n) {
    const auto& inputs = graph_.nodes[n].inputs;
    const EmittedValue index = kernel::emit_cast(builder_, operand(inputs[1]), Dtype::int64);
    Operand source = inputs[0];
    source.row = row_;
    source.kept_axes = kept_axes_;
    source.gathered = flat(n).attributes;
    return kernel::emit_load_at(builder_, buffer_of(source), flat(n).dtype, index.nodes[0]);
  }

  // i64 position of the current point in the row-major order of a generated operand's value.
  NodeId linear_index(uint32_t generated) {
    NodeId result = builder_.param(param(Type::i64, {ParamSource::virtual_offset, 0, generated}));
    const int axes = row_ ? instruction_.rank - instruction_.reduced_rank : instruction_.rank;
    for (uint8_t axis = 0; axis < axes; ++axis) {
      const NodeId stride =
          builder_.param(param(Type::i64, {ParamSource::virtual_stride, axis, generated}));
      const NodeId step = builder_.binary(Op::imul, builder_.index(axis), stride);
      result = builder_.binary(Op::iadd, result, step);
    }
    return result;
  }

  uint32_t add_generated(Operand input) {
    input.row = row_;
    input.kept_axes = kept_axes_;
    auto& list = instruction_.generated;
    const auto known = std::find(list.begin(), list.end(), input);
    if (known != list.end()) return static_cast<uint32_t>(known - list.begin());
    list.push_back(std::move(input));
    return static_cast<uint32_t>(list.size() - 1);
  }

  EmittedValue generate(const Operand& input) {
    const FlatNode& base = flat(input.value);
    if (base.op.is(Structured::full)) return word(base.first_param, base.dtype);
    const NodeId index = linear_index(add_generated(input));
    return arange(base, index);
  }

  // A value that no memory holds, made from its own operands as this reader sees them.
  EmittedValue remake(const Operand& input) {
    const SimpleNode& made = graph_.nodes[input.value];
    std::vector<Operand> operands = made.inputs;
    for (Operand& inner : operands) {
      if (inner.value == kNone) continue;
      const bool whole = inner.first_dim == made.flat.first_dim && inner.rank == made.flat.rank;
      if (!whole) {
        inner.views.push_back(
            {Structured::broadcast, nullptr, made.flat.first_dim, made.flat.rank, 0});
      }
      for (const ViewStep& step : input.views) inner.views.push_back(step);
      inner.first_dim = input.first_dim;
      inner.rank = input.rank;
    }
    if (made.flat.op.is_row()) return emit_row(made.flat, operands);
    return kernel::emit_cast(builder_, operand(operands[0]), made.flat.dtype);
  }

  // start + index * step in the compute type, each step rounded to the dtype.
  EmittedValue arange(const FlatNode& base, NodeId index) {
    const NodeId first = word(base.first_param, base.dtype).nodes[0];
    const NodeId step = word(base.first_param + 1, base.dtype).nodes[0];
    const EmittedValue position = kernel::emit_cast(
        builder_, {{index, kernel::kNoNode}, Dtype::int64},
        base.dtype == Dtype::float16 || base.dtype == Dtype::bfloat16 ? Dtype::float32
                                                                      : base.dtype);
    const bool real = is_floating(base.dtype);
    const NodeId scaled = builder_.binary(real ? Op::mul : Op::imul, position.nodes[0], step);
    const NodeId sum = builder_.binary(real ? Op::add : Op::iadd, first, scaled);
    return {{kernel::emit_rounding(builder_, sum, base.dtype), kernel::kNoNode}, base.dtype};
  }

  // ---- nodes
  EmittedValue emit(uint32_t n) {
    const FlatNode& node = flat(n);
    if (node.op.is_row()) return emit_row(node, graph_.nodes[n].inputs);
    switch (node.op.structured()) {
      case Structured::full:
      case Structured::arange:
        return generate(self(n));
      case Structured::cast:
        return kernel::emit_cast(builder_, operand(graph_.nodes[n].inputs[0]), node.dtype);
      case Structured::contiguous:
        return operand(graph_.nodes[n].inputs[0]);
      case Structured::gather:
        return gather(n);
      case Structured::random_bits:
        return random_bits(n);
      default:
        break;
    }
    TANDEM_CHECK(false, "{} is no kernel node", graph::name_of(node.op));
    return {};
  }

  Operand self(uint32_t n) const { return {n, {}, flat(n).first_dim, flat(n).rank, row_}; }

  EmittedValue emit_row(const FlatNode& node, const std::vector<Operand>& inputs) {
    const op_table::RowInfo& info = op_table::row(node.op.row());
    Dtype dtypes[op_table::kMaxArity];
    EmittedValue values[op_table::kMaxArity];
    const auto arity = static_cast<size_t>(info.arity);
    for (size_t i = 0; i < arity; ++i) {
      const Operand& input = inputs[i];
      if (input.value != kNone) {
        values[i] = operand(input);
      } else {
        const bool mask = info.first_is_mask && i == 0;
        values[i] = word(node.first_param + static_cast<uint32_t>(i),
                         mask ? Dtype::bool_ : node.immediate_dtype);
      }
      dtypes[i] = values[i].dtype;
    }
    const op_table::Signature signature = op_table::infer(node.op.row(), std::span(dtypes, arity));
    return kernel::emit_row(builder_, node.op.row(), std::span(values, arity), signature);
  }

  // Word i of n: with h = ceil(n / 2), the first half are the first words of the blocks with
  // counters (i, i + h), the second half the second words of the blocks (i - h, i).
  EmittedValue random_bits(uint32_t n) {
    const FlatNode& node = flat(n);
    const auto key_word = [&](uint32_t i) {
      const Operand& input = graph_.nodes[n].inputs[i];
      const EmittedValue value =
          input.value == kNone ? word(node.first_param + i, Dtype::uint32) : operand(input);
      return value.nodes[0];
    };
    const NodeId key0 = key_word(0), key1 = key_word(1);
    const uint32_t generated = add_generated(self(n));
    const NodeId index = linear_index(generated);
    const NodeId count =
        builder_.param(param(Type::i64, {ParamSource::element_count, 0, generated}));
    const auto constant = [&](int64_t value) { return builder_.int_constant(Type::i64, value); };
    const NodeId half =
        builder_.binary(Op::sar, builder_.binary(Op::iadd, count, constant(1)), constant(1));
    const NodeId is_first = builder_.binary(Op::ilt_s, index, half);
    const NodeId first = builder_.select(is_first, index, builder_.binary(Op::isub, index, half));
    const NodeId second = builder_.binary(Op::iadd, first, half);
    const auto narrow = [&](NodeId value) {
      return builder_.convert(Op::narrow, Type::i32, value);
    };
    // With an odd count the last block has no second word; its second counter is 0.
    const NodeId inside = builder_.binary(Op::ilt_s, second, count);
    const NodeId counters[] = {narrow(first), narrow(builder_.select(inside, second, constant(0)))};
    const NodeId inputs[] = {key0, key1, counters[0], counters[1]};
    const auto leaf = [&](op_table::LeafId id) {
      return builder_.call(static_cast<uint16_t>(id), Type::i32, inputs, true);
    };
    const NodeId result = builder_.select(is_first, leaf(op_table::LeafId::threefry_0),
                                          leaf(op_table::LeafId::threefry_1));
    return {{result, kernel::kNoNode}, Dtype::uint32};
  }

  // ---- reductions and scans
  struct Reducing {
    op_table::Reduction kind;
    EmittedValue value;
    bool is_unsigned;
    std::vector<uint32_t> nodes;  // that want this result
  };

  // The kernel orders numbers only.
  static op_table::Reduction of_truth(op_table::Reduction kind) {
    switch (kind) {
      case op_table::Reduction::min:
      case op_table::Reduction::prod:
        return op_table::Reduction::all;
      case op_table::Reduction::max:
        return op_table::Reduction::any;
      default:
        return kind;
    }
  }

  void prepare(uint32_t n) {
    row_ = kept_axes_ = false;
    op_table::Reduction kind = reduction_of(n);
    EmittedValue value = operand(graph_.nodes[n].inputs[0]);
    // Sums and products are formed in the dtype of the result, truth in bool, the rest in their
    // own.
    if (!op_table::gives_position(kind)) {
      value = kernel::emit_cast(builder_, value, flat(n).dtype);
      if (value.dtype == Dtype::bool_) kind = of_truth(kind);
    } else if (value.dtype == Dtype::bool_) {
      value = kernel::emit_cast(builder_, value, Dtype::int32);
    }
    const bool is_unsigned = is_integer(value.dtype) && !info(value.dtype).is_signed;
    for (Reducing& known : reducing_) {
      const bool same = known.kind == kind && known.value.nodes == value.nodes &&
                        known.value.dtype == value.dtype && is_reduction(n) &&
                        is_reduction(known.nodes[0]);
      if (same) return known.nodes.push_back(n);
    }
    reducing_.push_back({kind, value, is_unsigned, {n}});
  }

  void end_stage(const Reducing& reducing) {
    Result result{reducing.kind};
    const uint32_t n = reducing.nodes[0];
    for (size_t part = 0; part < (is_complex(reducing.value.dtype) ? 2u : 1u); ++part) {
      const NodeId value = reducing.value.nodes[part];
      if (is_scan(n)) {
        const auto& words = flat(n).attributes->words;
        result.stages[part] =
            builder_.scan(reducing.kind, value, reducing.is_unsigned, words[2] != 0, words[3] != 0);
      } else {
        result.stages[part] = builder_.reduce(reducing.kind, value, reducing.is_unsigned);
      }
    }
    for (const uint32_t wanted : reducing.nodes) results_[wanted] = result;
  }

  EmittedValue stage_result(uint32_t n) {
    const Result& reduced = results_.at(n);
    const Dtype dtype = flat(n).dtype;
    EmittedValue value{.dtype = dtype};
    NodeId result = builder_.stage_result(reduced.stages[0]);
    if (op_table::gives_position(reduced.kind)) {
      result = builder_.convert(Op::narrow, Type::i32, result);
    }
    if (is_scan(n)) result = within_range(result, reduced.kind, dtype);
    value.nodes[0] = kernel::emit_rounding(builder_, result, dtype);
    if (is_complex(dtype)) value.nodes[1] = builder_.stage_result(reduced.stages[1]);
    return value;
  }

  // What an exclusive scan begins with is the extreme of the compute type: brought to that of the
  // dtype.
  NodeId within_range(NodeId value, op_table::Reduction kind, Dtype dtype) {
    if (!is_integer(dtype) || size_of(dtype) > 2 || !info(dtype).is_signed) return value;
    const int64_t largest = size_of(dtype) == 1 ? 127 : 32767;
    if (kind == op_table::Reduction::max) {
      return builder_.binary(Op::imax_s, value, builder_.int_constant(Type::i32, -largest - 1));
    }
    if (kind == op_table::Reduction::min) {
      return builder_.binary(Op::imin_s, value, builder_.int_constant(Type::i32, largest));
    }
    return value;
  }

  // Stores stand last in a stage, so that an output may be written over an operand (see
  // plan_memory).
  void store(uint32_t n) {
    if (clusters_.stored_in[n] != kNone) {
      instruction_.buffers.push_back(updated_slice(graph_, clusters_.stored_in[n]));
      kernel::emit_store(builder_, builder_.output(flat(n).dtype), emitted_.at(n));
    }
    if (!clusters_.in_memory[n]) return;
    Operand target = self(n);
    target.row = is_row(n);
    target.kept_axes = target.row && place_of(n).form == RowForm::kept;
    target.written = true;
    instruction_.buffers.push_back(std::move(target));
    kernel::emit_store(builder_, builder_.output(flat(n).dtype), emitted_.at(n));
  }

  struct Result {
    op_table::Reduction kind = op_table::Reduction::sum;
    std::array<uint16_t, 2> stages = {0, 0};
  };

  const SimpleGraph& graph_;
  const Clusters& clusters_;
  uint32_t number_;
  const Cluster& cluster_;
  Instruction instruction_;
  Builder builder_;
  std::unordered_set<uint32_t> read_by_elements_;  // row values
  std::unordered_map<uint32_t, EmittedValue> emitted_;
  std::unordered_map<uint64_t, uint16_t> params_;  // by source and type
  std::vector<Reducing> reducing_;                 // by the current round
  std::unordered_map<uint32_t, Result> results_;   // of reductions and scans by earlier rounds
  std::vector<std::pair<Operand, EmittedValue>> loads_;
  // The node being emitted is computed once a row; the form of its shape.
  bool row_ = false, kept_axes_ = false;
};

}  // namespace

Instruction lower_kernel(const SimpleGraph& graph, const Clusters& clusters, uint32_t cluster) {
  return KernelLowering(graph, clusters, cluster).run();
}

}  // namespace tandem::passes
