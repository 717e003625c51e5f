#include "tandem/backends/common/interpreter/pass_plan.h"

#include <algorithm>

#include "tandem/kernel/signatures.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::backends::common::interpreter {
namespace {

using kernel::Extent;
using kernel::Kernel;
using kernel::Node;
using kernel::NodeId;
using kernel::Op;
using kernel::Stage;
using kernel::StageKind;

// Values that take less to compute are computed again: writing and reading them is not free.
constexpr float kKeptNanoseconds = 0.09f;
constexpr float kCostLimit = 1e6f;  // a shared input counts once for each use

// Maps join what follows them up to a Reduce; a Scan may stand inside, so that what uses it runs on
// the same tile. A reverse Scan sees chunks from the end, so no Reduce can follow it in its pass.
std::vector<PassPlan> group_stages(const Kernel& kernel) {
  std::vector<PassPlan> groups;
  bool open = false;
  bool has_scan = false;
  bool has_reverse = false;
  for (size_t s = 0; s < kernel.stages.size(); ++s) {
    const Stage& stage = kernel.stages[s];
    if (open) {
      const Stage& first = kernel.stages[groups.back().begin];
      open = first.extent == stage.extent && !(stage.kind == StageKind::scan && has_scan) &&
             !(stage.kind == StageKind::reduce && has_reverse);
    }
    if (!open) {
      groups.push_back({s, s, {}, {}});
      has_scan = has_reverse = false;
    }
    groups.back().end = s + 1;
    open = stage.kind != StageKind::reduce;
    if (stage.kind == StageKind::scan) {
      has_scan = true;
      has_reverse = stage.reverse;
    }
  }
  return groups;
}

class Planning {
 public:
  Planning(const Kernel& kernel, CrossPass values) : kernel_(kernel), values_(values) {
    plans_.row.assign(kernel.nodes.size(), PassPlans::kNone);
    plans_.home.assign(kernel.nodes.size(), PassPlans::kNone);
    plans_.scan_row.assign(kernel.stages.size(), PassPlans::kNone);
    plans_.passes = group_stages(kernel);
  }

  PassPlans run() {
    sum_costs();
    for (size_t p = 0; p < plans_.passes.size(); ++p) collect(p);
    return std::move(plans_);
  }

 private:
  // What each node costs with all it needs, down to loads and results of stages.
  void sum_costs() {
    costs_.resize(kernel_.nodes.size());
    varies_.resize(kernel_.nodes.size());
    for (NodeId id = 0; id < kernel_.nodes.size(); ++id) {
      const Node& node = kernel_.nodes[id];
      varies_[id] = node.op == Op::load || node.op == Op::load_at || node.op == Op::index;
      costs_[id] = cost_of(kernel_, node);
      for (size_t i = 0; i < node.input_count; ++i) {
        costs_[id] = std::min(kCostLimit, costs_[id] + costs_[node.in[i]]);
        varies_[id] |= varies_[node.in[i]];
      }
      const bool is_scan =
          node.op == Op::stage_result && kernel_.stages[node.slot].kind == StageKind::scan;
      varies_[id] |= static_cast<char>(is_scan);
    }
  }

  uint16_t new_row(kernel::Type type) {
    plans_.kept.push_back(type);
    return static_cast<uint16_t>(plans_.kept.size() - 1);
  }

  void keep_scan(size_t stage) {
    if (kernel_.stages[stage].kind != StageKind::scan) return;
    if (plans_.scan_row[stage] != PassPlans::kNone) return;
    plans_.scan_row[stage] = new_row(kernel_.nodes[kernel_.stages[stage].value].type);
  }

  bool reads_kept_row(size_t pass, NodeId id) {
    if (values_ == CrossPass::recompute) return false;
    const bool by_elements = kernel_.stages[plans_.passes[pass].begin].extent == Extent::element;
    const uint16_t home = plans_.home[id];
    if (!by_elements || home == PassPlans::kNone || home == pass) return false;
    if (plans_.row[id] != PassPlans::kNone) return true;
    // A bitcast is the register of what it reads.
    const Op op = kernel_.nodes[id].op;
    if (op == Op::stage_result || op == Op::bitcast) return false;
    if (!varies_[id] || costs_[id] < kKeptNanoseconds) return false;
    plans_.row[id] = new_row(kernel_.nodes[id].type);
    plans_.passes[home].keeps.push_back(id);
    return true;
  }

  // The stores and the values of the pass's stages with all they need.
  void collect(size_t number) {
    PassPlan& pass = plans_.passes[number];
    const NodeId end = kernel_.stages[pass.end - 1].end;
    std::vector<char> needed(end, 0);
    for (size_t s = pass.begin; s < pass.end; ++s) {
      const Stage& stage = kernel_.stages[s];
      for (NodeId id = stage.begin; id < stage.end; ++id) {
        if (kernel::is_store(kernel_.nodes[id].op)) needed[id] = 1;
      }
      if (stage.kind != StageKind::map) needed[stage.value] = 1;
    }
    const bool by_elements = kernel_.stages[pass.begin].extent == Extent::element;
    for (NodeId id = end; id-- > 0;) {
      if (!needed[id]) continue;
      pass.nodes.push_back(id);
      const Node& node = kernel_.nodes[id];
      if (node.op == Op::stage_result && node.slot < pass.begin) keep_scan(node.slot);
      if (reads_kept_row(number, id)) continue;
      if (by_elements && plans_.home[id] == PassPlans::kNone) {
        plans_.home[id] = static_cast<uint16_t>(number);
      }
      for (size_t i = 0; i < node.input_count; ++i) needed[node.in[i]] = 1;
    }
    std::reverse(pass.nodes.begin(), pass.nodes.end());
  }

  const Kernel& kernel_;
  const CrossPass values_;
  PassPlans plans_;
  std::vector<float> costs_;
  std::vector<char> varies_;  // from point to point of a row
};

}  // namespace

float cost_of(const Kernel& kernel, const Node& node) {
  switch (node.op) {
    case Op::constant:
    case Op::param:
    case Op::stage_result:
    case Op::bitcast:
      return 0;
    case Op::load: {
      const Dtype dtype = kernel.buffers[node.slot].dtype;
      return size_of(dtype) < 4 || is_complex(dtype) ? 0.03f : 0.02f;
    }
    case Op::load_at:
    case Op::store_at:
      return 1.0f;
    case Op::call:
      return 0.008f * op_table::info(static_cast<op_table::LeafId>(node.slot)).cost + 0.02f;
    case Op::div:
    case Op::sqrt:
      return 0.06f;
    default:
      return 0.02f;
  }
}

PassPlans plan_passes(const Kernel& kernel, CrossPass values) {
  return Planning(kernel, values).run();
}

}  // namespace tandem::backends::common::interpreter
