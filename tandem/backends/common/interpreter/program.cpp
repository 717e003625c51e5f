#include "tandem/backends/common/interpreter/program.h"

#include <algorithm>
#include <limits>

#include "tandem/backends/common/interpreter/pass_plan.h"
#include "tandem/base/check.h"
#include "tandem/kernel/defects.h"
#include "tandem/kernel/signatures.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::backends::common::interpreter {
namespace {

using kernel::Extent;
using kernel::Kernel;
using kernel::Node;
using kernel::NodeId;
using kernel::Op;
using kernel::Reduction;
using kernel::Stage;
using kernel::StageKind;
using kernel::Type;

constexpr uint16_t kNoRegister = 0xffff;

uint64_t absent_bits(const Combination& c) {
  if (c.reduction == Reduction::sum && c.type == Type::f32) return 0x80000000u;  // x + -0 = x
  if (c.reduction == Reduction::sum && c.type == Type::f64) return uint64_t{1} << 63;
  return c.identity;  // infinities for min and max
}

Combination combination_of(const Kernel& kernel, const Stage& stage, const TileTable& table) {
  Combination c;
  c.reduction = stage.reduction;
  c.type = kernel.nodes[stage.value].type;
  c.is_unsigned = stage.is_unsigned;
  c.reverse = stage.reverse;
  c.exclusive = stage.exclusive;
  const auto type = static_cast<size_t>(c.type);
  if (stage.reduction == Reduction::argmin || stage.reduction == Reduction::argmax) {
    c.is_arg = true;
    const bool is_unsigned = stage.is_unsigned && !kernel::is_float(c.type);
    c.arg = table.arg[stage.reduction == Reduction::argmax][is_unsigned][type];
    TANDEM_CHECK(c.arg != nullptr, "no arg reduction of {}", name_of(c.type));
    return c;
  }
  const Op op = kernel::combining_op(c.reduction, c.type, c.is_unsigned);
  c.combine = table.find(op, c.type, c.type);
  c.scalar = kernel::combine_function(c.reduction, c.type, c.is_unsigned);
  const bool ordered = c.reduction == Reduction::min || c.reduction == Reduction::max;
  const bool is_unsigned = ordered && c.is_unsigned && !kernel::is_float(c.type);
  const auto reduction = static_cast<size_t>(c.reduction);
  c.chunk = (is_unsigned ? table.chunk_unsigned : table.chunk)[reduction][type];
  c.scan = (is_unsigned ? table.scan_unsigned : table.scan)[reduction][type];
  TANDEM_CHECK(c.combine != nullptr && c.chunk != nullptr, "no reduction of {}", name_of(c.type));
  c.identity = kernel::identity_bits(c.reduction, c.type, c.is_unsigned);
  c.absent = absent_bits(c);
  return c;
}

bool is_uniform_source(Op op) { return op == Op::constant || op == Op::param; }

class Lowering {
 public:
  Lowering(const Kernel& kernel, const TileTable& table, CrossPass values)
      : kernel_(kernel), plans_(plan_passes(kernel, values)) {
    program_.kept = plans_.kept;
    program_.table = &table;
    program_.parallel_rank = kernel.parallel_rank;
    program_.reduced_rank = kernel.reduced_rank;
    for (const kernel::BufferParam& buffer : kernel.buffers) {
      program_.written.push_back(buffer.written);
    }
  }

  Program run() {
    for (const Stage& stage : kernel_.stages) {
      program_.combinations.push_back(
          stage.kind == StageKind::map
              ? std::nullopt
              : std::optional(combination_of(kernel_, stage, *program_.table)));
      program_.by_rows |= stage.kind != StageKind::map || stage.extent == Extent::row;
      program_.has_scan |= stage.kind == StageKind::scan;
    }
    lower_uniforms();
    for (const PassPlan& plan : plans_.passes) lower_pass(plan);
    return std::move(program_);
  }

 private:
  // ---- values that are the same at every point
  void lower_uniforms() {
    uniform_.assign(kernel_.nodes.size(), kNoRegister);
    for (NodeId id = 0; id < kernel_.nodes.size(); ++id) {
      const Node& node = kernel_.nodes[id];
      if (is_uniform_source(node.op)) {
        const bool is_param = node.op == Op::param;
        uniform_[id] = program_.uniform_count++;
        program_.splats.push_back(
            {uniform_[id], node.type, is_param, is_param ? node.slot : node.bits});
      } else if (kernel::computes(node.op) && all_uniform(node)) {
        if (node.op == Op::bitcast) {
          uniform_[id] = uniform_[node.in[0]];
          continue;
        }
        uniform_[id] = program_.uniform_count++;
        program_.uniform_steps.push_back(
            compute_step(node, uniform_[id], [&](NodeId input) { return uniform_[input]; }));
      }
      TANDEM_CHECK(program_.uniform_count < kNoRegister, "too many constants");
    }
  }

  bool all_uniform(const Node& node) const {
    for (int i = 0; i < node.input_count; ++i) {
      if (uniform_[node.in[static_cast<size_t>(i)]] == kNoRegister) return false;
    }
    return true;
  }

  template <class RegisterOf>
  Step compute_step(const Node& node, uint16_t out, RegisterOf register_of) const {
    Step step;
    step.type = node.type;
    const Type operand = kernel_.nodes[node.in[node.input_count - 1u]].type;
    if (node.op == Op::call) {
      const size_t wide = tile_size(operand) == 8 ? 2 : 0;
      const size_t kind = wide + (!kernel::is_float(operand) && node.part != 0 ? 1 : 0);
      step.function = program_.table->leaf[node.slot][kind];
    } else {
      step.function = program_.table->find(node.op, operand, node.type);
    }
    TANDEM_CHECK(step.function != nullptr, "no tile function of {} on {}", kernel::name_of(node.op),
                 name_of(operand));
    step.operands[0] = out;
    step.inputs = node.input_count;
    for (size_t i = 0; i < node.input_count; ++i) step.operands[i + 1] = register_of(node.in[i]);
    return step;
  }

  // ---- one pass
  void lower_pass(const PassPlan& plan) {
    const Stage& last = kernel_.stages[plan.end - 1];
    pass_ = Pass{};
    pass_.extent = last.extent;
    types_.clear();
    splats_.clear();
    value_.assign(kernel_.nodes.size(), kNoRegister);
    scan_output_.assign(kernel_.stages.size(), kNoRegister);
    kept_here_.assign(kernel_.nodes.size(), 0);
    sources_.assign(kernel_.nodes.size(), 0);
    for (NodeId id : plan.keeps) kept_here_[id] = 1;
    size_t scan_stage = plan.end;
    for (size_t s = plan.begin; s < plan.end; ++s) {
      if (kernel_.stages[s].kind == StageKind::scan) scan_stage = s;
    }
    bool scanned = scan_stage == plan.end;
    const size_t number = program_.passes.size();
    for (NodeId id : plan.nodes) {
      if (!scanned && id >= kernel_.stages[scan_stage].end) {
        lower_scan(scan_stage);
        scanned = true;
      }
      if (plans_.row[id] != PassPlans::kNone && plans_.home[id] != number) {
        lower_kept(id, plans_.row[id]);
      } else {
        lower_node(id);
      }
    }
    if (!scanned) lower_scan(scan_stage);
    if (last.kind == StageKind::reduce) {
      pass_.reduce = static_cast<uint16_t>(plan.end - 1);
      pass_.value = register_of(last.value);
    }
    if (scan_stage != plan.end) pass_.scan = static_cast<uint16_t>(scan_stage);
    keep_values(plan);
    allocate();
    program_.passes.push_back(std::move(pass_));
  }

  // A reverse scan's tiles begin anywhere, so what they hold cannot lie in the kept row with its
  // padding; nor can what a step finds in memory.
  void keep_values(const PassPlan& plan) {
    const bool reverse = pass_.scan && program_.combinations[*pass_.scan]->reverse;
    for (NodeId id : plan.keeps) {
      const bool computed = kernel_.nodes[id].op != Op::load && kernel_.nodes[id].op != Op::load_at;
      pass_.keeps.push_back({value_[id], plans_.row[id], reverse || !computed});
    }
    if (pass_.scan && plans_.scan_row[*pass_.scan] != PassPlans::kNone) {
      pass_.keeps.push_back({scan_output_[*pass_.scan], plans_.scan_row[*pass_.scan], reverse});
    }
  }

  void lower_kept(NodeId id, uint16_t row) {
    Step step;
    step.kind = StepKind::kept_value;
    step.type = kernel_.nodes[id].type;
    step.stage = row;
    value_[id] = step.operands[0] = new_register(step.type);
    pass_.steps.push_back(step);
  }

  uint16_t register_of(NodeId id) const {
    return uniform_[id] != kNoRegister ? uniform_[id] : value_[id];
  }

  uint16_t new_register(Type type) {
    types_.push_back(type);
    const size_t number = program_.uniform_count + types_.size() - 1;
    TANDEM_CHECK(number < kNoRegister, "too many values");
    return static_cast<uint16_t>(number);
  }

  uint16_t access_of(const Node& node, bool indexed) {
    Access access;
    if (node.op == Op::index) {
      access.axis = static_cast<uint8_t>(node.slot);
    } else {
      const Dtype dtype = kernel_.buffers[node.slot].dtype;
      access.buffer = node.slot;
      access.dtype = dtype;
      access.scale = is_complex(dtype) ? 2 : 1;
      access.part_offset = is_complex(dtype) ? static_cast<uint8_t>(4 * node.part) : 0;
      const size_t unit = size_of(dtype) / access.scale;
      access.size_log2 = static_cast<uint8_t>(unit == 1 ? 0 : unit == 2 ? 1 : unit == 4 ? 2 : 3);
      access.indexed = indexed;
    }
    for (size_t a = 0; a < program_.accesses.size(); ++a) {
      const Access& known = program_.accesses[a];
      if (known.buffer == access.buffer && known.axis == access.axis &&
          known.part_offset == access.part_offset && known.indexed == indexed) {
        return static_cast<uint16_t>(a);
      }
    }
    program_.accesses.push_back(access);
    return static_cast<uint16_t>(program_.accesses.size() - 1);
  }

  void lower_node(NodeId id) {
    const Node& node = kernel_.nodes[id];
    if (uniform_[id] != kNoRegister) return;
    Step step;
    step.type = node.type;
    switch (node.op) {
      case Op::load:
      case Op::index:
        step.kind = node.op == Op::load ? StepKind::load : StepKind::coordinate;
        step.access = access_of(node, false);
        break;
      case Op::load_at:
        step.kind = StepKind::gather;
        step.access = access_of(node, true);
        step.operands[1] = register_of(node.in[0]);
        step.inputs = 1;
        break;
      case Op::stage_result:
        if (scan_output_[node.slot] != kNoRegister) {
          value_[id] = scan_output_[node.slot];
          return;
        }
        if (kernel_.stages[node.slot].kind == StageKind::scan) {
          return lower_kept(id, plans_.scan_row[node.slot]);
        }
        step.kind = StepKind::row_value;
        step.stage = node.slot;
        break;
      case Op::store:
      case Op::store_at:
        lower_store(node);
        return;
      case Op::bitcast:
        value_[id] = value_[node.in[0]];
        sources_[id] = sources_[node.in[0]];
        return;
      default:
        step = compute_step(node, 0, [&](NodeId input) { return register_of(input); });
        step.splats = kept_here_[id] == 0;
    }
    pass_.cost += cost_of(kernel_, node);
    value_[id] = step.operands[0] = new_register(node.type);
    pass_.steps.push_back(step);
    note_sources(id, step);
    if (step.kind != StepKind::compute || step.splats) splats_.push_back(value_[id]);
  }

  // Which accesses the value comes from, and those that the index of a gather comes from.
  void note_sources(NodeId id, const Step& step) {
    const Node& node = kernel_.nodes[id];
    uint64_t sources = 0;
    for (size_t i = 0; i < node.input_count; ++i) sources |= sources_[node.in[i]];
    if (step.kind == StepKind::gather) pass_.index_sources.push_back(sources);
    const bool reads = step.kind == StepKind::load || step.kind == StepKind::coordinate ||
                       step.kind == StepKind::gather;
    if (reads) sources |= access_bit(step.access);
    sources_[id] = sources;
  }
  // Accesses beyond the last bit are as good as all.
  static uint64_t access_bit(uint16_t access) {
    return access < 64 ? uint64_t{1} << access : ~uint64_t{0};
  }

  void lower_store(const Node& node) {
    Step step;
    step.kind = node.op == Op::store ? StepKind::store : StepKind::scatter;
    step.access = access_of(node, node.op == Op::store_at);
    step.operands[1] = register_of(node.in[node.input_count - 1u]);
    if (node.op == Op::store_at) {
      step.operands[2] = register_of(node.in[0]);
      pass_.index_sources.push_back(sources_[node.in[0]]);
    }
    step.inputs = node.input_count;
    step.type = kernel_.nodes[node.in[node.input_count - 1u]].type;
    const size_t dtype = static_cast<size_t>(kernel_.buffers[node.slot].dtype);
    Step* const computed = computing(step.operands[1]);
    step.direct = node.op == Op::store && program_.table->store[dtype] == nullptr && computed;
    if (step.direct) computed->splats = false;
    pass_.cost += cost_of(kernel_, node);
    if (step.direct) pass_.direct_stores.push_back(static_cast<uint16_t>(pass_.steps.size()));
    pass_.steps.push_back(step);
  }

  // The step of this pass that computes the value, unless it is bound to a kept row or an output.
  Step* computing(uint16_t value) {
    for (Step& step : pass_.steps) {
      if (step.kind == StepKind::compute && step.operands[0] == value) {
        return step.splats ? &step : nullptr;
      }
    }
    return nullptr;
  }

  void lower_scan(size_t stage) {
    Step step;
    step.kind = StepKind::scan;
    step.stage = static_cast<uint16_t>(stage);
    step.type = program_.combinations[stage]->type;
    step.operands[1] = register_of(kernel_.stages[stage].value);
    step.inputs = 1;
    step.operands[0] = scan_output_[stage] = new_register(step.type);
    pass_.cost += 0.3f;
    pass_.steps.push_back(step);
  }

  // ---- memory of the registers
  void allocate() {
    const uint16_t first = program_.uniform_count;
    const size_t count = types_.size();
    std::vector<size_t> last_use(count, 0);
    for (size_t s = 0; s < pass_.steps.size(); ++s) {
      const Step& step = pass_.steps[s];
      for (size_t i = 1; i <= step.inputs; ++i) {
        if (step.operands[i] >= first) last_use[step.operands[i] - first] = s;
      }
    }
    if (pass_.reduce && pass_.value >= first) last_use[pass_.value - first] = pass_.steps.size();
    for (const Keep& keep : pass_.keeps) last_use[keep.value - first] = pass_.steps.size();
    pass_.registers.resize(first + count);
    for (uint16_t u = 0; u < first; ++u) pass_.registers[u] = {u * kUniformBytes, 0, true};
    for (const uint16_t value : splats_) pass_.registers[value].splat = pass_.splat_count++;
    // Results of Reduce stages are put in place once for many tiles: nothing shares their memory.
    for (const Step& step : pass_.steps) {
      if (step.kind != StepKind::row_value) continue;
      last_use[step.operands[0] - first] = pass_.steps.size() + 1;
      std::vector<uint32_t> none;
      place(step.operands[0], none);
    }
    std::array<std::vector<uint32_t>, 2> free;  // by wide
    const auto is_wide = [&](size_t value) -> size_t { return tile_size(types_[value]) == 8; };
    for (size_t s = 0; s < pass_.steps.size(); ++s) {
      const Step& step = pass_.steps[s];
      const auto release = [&](size_t i) {
        if (step.operands[i] < first) return;
        const size_t value = step.operands[i] - first;
        if (last_use[value] != s) return;
        for (size_t k = 1; k < i; ++k) {
          if (step.operands[k] == step.operands[i]) return;
        }
        free[is_wide(value)].push_back(pass_.registers[step.operands[i]].offset);
      };
      // A computed value may take the place of an operand that dies; other steps write early.
      const bool reuses = step.kind == StepKind::compute;
      const auto release_all = [&] {
        for (size_t i = 1; i <= step.inputs; ++i) release(i);
      };
      if (reuses) release_all();
      if (step.kind != StepKind::store && step.kind != StepKind::scatter &&
          step.kind != StepKind::row_value) {
        place(step.operands[0], free[is_wide(step.operands[0] - first)]);
      }
      if (!reuses) release_all();
    }
  }

  void place(uint16_t value, std::vector<uint32_t>& free) {
    RegisterPlace& place = pass_.registers[value];
    if (!free.empty()) {
      place.offset = free.back();
      free.pop_back();
      return;
    }
    place.offset = pass_.tile_bytes;
    // The odd line keeps tiles from falling on the same cache sets.
    const auto bytes = static_cast<uint32_t>(tile_size(types_[value - program_.uniform_count]));
    pass_.tile_bytes += bytes * static_cast<uint32_t>(kTile) + 64;
  }

  const Kernel& kernel_;
  const PassPlans plans_;
  Program program_;
  std::vector<uint16_t> uniform_;  // register of each uniform node
  // Of the pass in work:
  Pass pass_;
  std::vector<Type> types_;            // of its registers, the uniform ones left out
  std::vector<uint16_t> splats_;       // registers that may hold one value for all elements
  std::vector<uint16_t> value_;        // register of each node
  std::vector<uint16_t> scan_output_;  // by stage
  std::vector<uint64_t> sources_;      // accesses that a node's value comes from, as bits
  std::vector<char> kept_here_;        // nodes whose rows later passes read
};

}  // namespace

size_t Program::kept_bytes() const {
  size_t bytes = 0;
  for (const Type type : kept) bytes += tile_size(type);
  return bytes;
}

Program lower(const Kernel& kernel, const TileTable& table, CrossPass values) {
  return Lowering(kernel, table, values).run();
}

}  // namespace tandem::backends::common::interpreter
