#include "tandem/passes/notes.h"

#include <fmt/format.h>

#include <set>

namespace tandem::passes {
namespace {

using graph::name_of;
using graph::Structured;

class Notes {
 public:
  Notes(const SimpleGraph& graph, const Clusters& clusters, std::span<const int64_t> dims,
        bool fusion)
      : graph_(graph), clusters_(clusters), dims_(dims), fusion_(fusion) {}

  PlanNotes run() {
    PlanNotes notes;
    for (uint32_t c = 0; c < clusters_.clusters.size(); ++c) {
      notes.ops.emplace_back();
      for (const uint32_t n : clusters_.clusters[c].nodes) {
        const SimpleNode& node = graph_.nodes[n];
        notes.ops.back().push_back(
            {node.number, node.flat.op, node.flat.dtype, to_string(shape_of(node.flat))});
        note_inputs(notes, n, c);
      }
    }
    return notes;
  }

 private:
  Dims shape_of(const graph::FlatNode& node) const {
    return dims_.subspan(node.first_dim, node.rank);
  }

  void note_inputs(PlanNotes& notes, uint32_t n, uint32_t c) {
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone) continue;
      const uint32_t maker = clusters_.cluster_of[input.value];
      if (maker == kNone || maker == c) continue;
      if (!seen_.emplace(input.value, c).second) continue;
      const SimpleNode& made = graph_.nodes[input.value];
      notes.stored.push_back({made.number, made.flat.op, maker, c, graph_.nodes[n].number,
                              graph_.nodes[n].flat.op, reason(n, input, maker, c)});
    }
  }

  std::string reason(uint32_t n, const Operand& input, uint32_t maker, uint32_t c) const {
    const Cluster& from = clusters_.clusters[maker];
    const Cluster& to = clusters_.clusters[c];
    const graph::FlatNode& made = graph_.nodes[input.value].flat;
    const graph::FlatNode& reader = graph_.nodes[n].flat;
    if (!fusion_) return "fusion is off";
    if (from.slot != to.slot) return "another stream: each works on its own";
    if (from.library) return fmt::format("{} is a library call", name_of(made.op));
    if (to.library) return fmt::format("{} is a library call", name_of(reader.op));
    const Refusal refusal = clusters_.refusals.empty() ? Refusal::none : clusters_.refusals[n];
    if (refusal == Refusal::room) return "the kernel has no room for more";
    if (refusal == Refusal::rows) return "rows are too long to stay in the cache";
    if (reader.op.is(Structured::gather) && &input == graph_.nodes[n].inputs.data()) {
      return "a gather reads other elements than the one at hand";
    }
    if (reader.op.is(Structured::contiguous)) return "a copy in row-major order was needed";
    if (!is_direct(input)) {
      std::string steps;
      for (const ViewStep& step : input.views) {
        steps += steps.empty() ? "" : ", ";
        steps += name_of(step.op);
      }
      return fmt::format("read through {}: other elements than the one at hand", steps);
    }
    const Dims from_domain = dims_.subspan(from.first_dim, from.rank);
    const Dims to_domain = dims_.subspan(to.first_dim, to.rank);
    if (to_string(from_domain) != to_string(to_domain)) {
      return fmt::format("made over {}, read over {}", to_string(from_domain),
                         to_string(to_domain));
    }
    if (from.reduced != to.reduced && from.reduced != 0 && to.reduced != 0) {
      return "the two reduce over different axes";
    }
    if (from.reduced != 0) return "a whole row or more is needed before the first element";
    return "a kernel between the two has to come first";
  }

  const SimpleGraph& graph_;
  const Clusters& clusters_;
  std::span<const int64_t> dims_;
  bool fusion_;
  std::set<std::pair<uint32_t, uint32_t>> seen_;  // value, reading cluster
};

}  // namespace

std::shared_ptr<const PlanNotes> note_plan(const SimpleGraph& graph, const Clusters& clusters,
                                           std::span<const int64_t> dims, bool fusion) {
  return std::make_shared<const PlanNotes>(Notes(graph, clusters, dims, fusion).run());
}

}  // namespace tandem::passes
