#include "tandem/passes/fuse/fuse.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <tuple>

#include "tandem/passes/fuse/parts.h"
#include "tandem/passes/fuse/remake.h"
#include "tandem/passes/fuse/row_budget.h"
#include "tandem/passes/fuse/row_reads.h"

namespace tandem::passes {
namespace {

using graph::FlatNode;
using graph::Structured;

// A cluster may grow to so many kernels, into which it is divided afterwards.
constexpr uint32_t kMostParts = 16;

// A shape by its place in the table of dimensions: equal places mean equal shapes.
struct ShapeId {
  uint32_t first_dim = 0;
  uint8_t rank = 0;
  bool operator==(const ShapeId&) const = default;
};
ShapeId shape_of(const FlatNode& node) { return {node.first_dim, node.rank}; }
ShapeId shape_of(const Operand& operand) { return {operand.first_dim, operand.rank}; }
ShapeId shape_of(const Cluster& cluster) { return {cluster.first_dim, cluster.rank}; }

class Fuser {
 public:
  Fuser(const SimpleGraph& graph, std::span<const int64_t> dims, const FusionOptions& options)
      : graph_(graph),
        dims_(dims),
        enabled_(options.enabled),
        most_cost_(kMostParts * options.limits.cost),
        budget_(dims, options.row_bytes) {
    result_.cluster_of.assign(graph.nodes.size(), kNone);
    result_.in_memory.assign(graph.nodes.size(), false);
    result_.places.assign(graph.nodes.size(), Place{});
    result_.stored_in.assign(graph.nodes.size(), kNone);
    crosses_.assign(graph.nodes.size(), false);
    if (options.explain) result_.refusals.assign(graph.nodes.size(), Refusal::none);
    result_.remade = enabled_ ? find_remade(graph) : std::vector<bool>(graph.nodes.size(), false);
  }

  Clusters run() {
    for (uint32_t n = 0; n < graph_.nodes.size(); ++n) {
      const SimpleNode& node = graph_.nodes[n];
      if (node.flat.leaf != kNone) continue;
      if ((node.flat.op.is_generator() && !node.kept) || result_.remade[n]) continue;
      assign(n);
      mark_memory(n);
    }
    result_.row_guards = budget_.guards();
    return std::move(result_);
  }

  // The clusters of `whole` again, each in its parts.
  Clusters divide(const Clusters& whole, const Parts& parts) {
    for (uint32_t c = 0; c < whole.clusters.size(); ++c) {
      if (parts[c].empty()) assign_part(whole.clusters[c].nodes);
      for (const std::vector<uint32_t>& part : parts[c]) assign_part(part);
    }
    result_.row_guards = whole.row_guards;
    for (const RowGuard& guard : budget_.guards()) result_.row_guards.push_back(guard);
    return std::move(result_);
  }

 private:
  const FlatNode& flat(uint32_t n) const { return graph_.nodes[n].flat; }
  const Place& place_of(uint32_t n) const { return result_.places[n]; }
  bool is_reduction(uint32_t n) const { return flat(n).op.is(Structured::reduce); }
  bool is_scan(uint32_t n) const { return flat(n).op.is(Structured::scan); }
  bool is_along_rows(uint32_t n) const { return is_reduction(n) || is_scan(n); }

  void assign(uint32_t n) {
    const bool joins = enabled_ && !flat(n).op.is_library();
    if (!joins || !(join_an_input(n) || join_its_domain(n))) open_alone(n);
  }

  // A cluster of its own.
  void open_alone(uint32_t n) {
    Cluster& cluster = open(n);
    if (flat(n).op.is_library()) {
      if (enabled_ && flat(n).op.is(Structured::slice_update)) store_with_update(n);
      cluster.library = true;
      cluster.nodes.push_back(n);
      return;
    }
    const auto fresh = static_cast<uint32_t>(result_.clusters.size() - 1);
    add(n, fresh, *place_in(n, fresh));
  }

  // One new cluster, or several where the sizes of rows ask for it.
  void assign_part(const std::vector<uint32_t>& nodes) {
    const auto first = static_cast<uint32_t>(result_.clusters.size());
    for (const uint32_t n : nodes) {
      bool joined = false;
      for (auto c = static_cast<uint32_t>(result_.clusters.size()); c-- > first && !joined;) {
        joined = join(n, c);
      }
      if (!joined) open_alone(n);
      mark_memory(n);
    }
  }

  // The kernel that computes the update of a slice_update may store it where it belongs, and the
  // call then copies what is around it. Nobody else may read the base: the kernel comes before the
  // call, and writes into the base's memory if that may be written over.
  void store_with_update(uint32_t n) {
    const Operand &base = graph_.nodes[n].inputs[0], &update = graph_.nodes[n].inputs[1];
    if (base.value == kNone || update.value == kNone || !is_direct(update)) return;
    const uint32_t c = result_.cluster_of[update.value];
    if (readers_.empty()) count_readers();
    if (c == kNone || readers_[base.value] != 1) return;
    // Later than the kernel the base's memory could not become that of the result.
    const uint32_t made = result_.cluster_of[base.value];
    if (flat(base.value).leaf == kNone && (made == kNone || made >= c)) return;
    // So the kernel has as many buffers as if it wrote the update itself.
    if (readers_[update.value] != 1 || graph_.nodes[update.value].kept) return;
    const Cluster& cluster = result_.clusters[c];
    const auto& steps = flat(n).attributes->words;
    const bool dense = std::all_of(steps.begin(), steps.end(), [](int64_t s) { return s == 1; });
    const bool element = place_of(update.value).level == Place::element;
    if (!element || !dense || cluster.library || cluster.slot != flat(n).slot ||
        shape_of(update) != shape_of(cluster)) {
      return;
    }
    result_.stored_in[update.value] = n;
  }

  void count_readers() {
    readers_.assign(graph_.nodes.size(), 0);
    for (const SimpleNode& node : graph_.nodes) {
      for (const Operand& input : node.inputs) {
        if (input.value != kNone) ++readers_[input.value];
      }
    }
  }

  // A reduction's domain is the shape of its operand.
  ShapeId domain_of(uint32_t n) const {
    return is_along_rows(n) ? shape_of(graph_.nodes[n].inputs[0]) : shape_of(flat(n));
  }
  uint64_t reduced_by(uint32_t n) const {
    return static_cast<uint64_t>(flat(n).attributes->words[1]);
  }

  bool join_an_input(uint32_t n) {
    SmallVector<uint32_t, 4> candidates;
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone) continue;
      const uint32_t cluster = result_.cluster_of[input.value];
      if (cluster != kNone) candidates.push_back(cluster);
    }
    std::sort(candidates.begin(), candidates.end(), std::greater<>());
    return std::any_of(candidates.begin(), candidates.end(),
                       [&](uint32_t cluster) { return join(n, cluster); });
  }

  // Nodes over the same domain share a kernel even without an edge: one pass over what both read.
  bool join_its_domain(uint32_t n) {
    const ShapeId domain = domain_of(n);
    const auto found = newest_.find({flat(n).slot, domain.first_dim, domain.rank});
    return found != newest_.end() && join(n, found->second);
  }

  bool join(uint32_t n, uint32_t c) {
    const Cluster& cluster = result_.clusters[c];
    if (cluster.library) return refuse(n, Refusal::library);
    if (cluster.slot != flat(n).slot) return refuse(n, Refusal::stream);
    if (cluster.cost + kernel_cost(graph_, n) > most_cost_) return refuse(n, Refusal::room);
    const std::optional<Place> place = place_in(n, c);
    if (!place) return refuse(n, Refusal::elements);
    if (!rows_fit(n, c, *place)) return refuse(n, Refusal::rows);
    add(n, c, *place);
    return true;
  }

  bool refuse(uint32_t n, Refusal reason) {
    if (!result_.refusals.empty() && result_.refusals[n] == Refusal::none) {
      result_.refusals[n] = reason;
    }
    return false;
  }

  // What node n reads of the cluster itself.
  struct OwnInputs {
    bool elements = false;
    SmallVector<const Operand*, 4> rows;
    uint16_t round = 0, pass = 0;
  };

  // None when an input can only be read from memory, or is not there yet.
  std::optional<OwnInputs> own_inputs(uint32_t n, uint32_t c) const {
    const ShapeId domain = shape_of(result_.clusters[c]);
    OwnInputs own;
    for (const uint32_t needed : graph_.nodes[n].after) {
      const uint32_t producer = result_.cluster_of[needed];
      if (producer != kNone && producer >= c) return std::nullopt;
    }
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone) continue;
      const uint32_t producer = result_.cluster_of[input.value];
      if (producer == kNone || producer < c) continue;
      if (producer > c) return std::nullopt;
      // A gather reads other elements of its source than the one at hand.
      if (flat(n).op.is(Structured::gather) && &input == &graph_.nodes[n].inputs[0]) {
        return std::nullopt;
      }
      const Place& place = place_of(input.value);
      own.round = std::max(own.round, place.round);
      own.pass = std::max(own.pass, place.pass);
      if (place.level == Place::row) {
        own.rows.push_back(&input);
      } else if (is_direct(input) && shape_of(input) == domain) {
        // A value of this cluster is read in a register, which takes the same shape.
        own.elements = true;
      } else {
        return std::nullopt;
      }
    }
    return own;
  }

  // Where node n would be computed in the cluster; none when it must not join.
  std::optional<Place> place_in(uint32_t n, uint32_t c) const {
    const Cluster& cluster = result_.clusters[c];
    const std::optional<OwnInputs> own = own_inputs(n, c);
    if (!own) return std::nullopt;
    if (!is_along_rows(n) && !own->elements && !own->rows.empty()) {
      const std::optional<RowForm> form = common_form(n, cluster, own->rows);
      if (form) return Place{Place::row, *form, own->round, own->pass};
    }
    if (domain_of(n) != shape_of(cluster)) return std::nullopt;
    const Dims domain = dims_.subspan(cluster.first_dim, cluster.rank);
    for (const Operand* row : own->rows) {
      const RowForm form = place_of(row->value).form;
      if (!reads_own_row(*row, form, cluster.reduced, domain, dims_)) return std::nullopt;
    }
    if (!is_along_rows(n)) return Place{Place::element, RowForm::dropped, own->round, own->pass};
    if (cluster.reduced != 0 && cluster.reduced != reduced_by(n)) return std::nullopt;
    const auto next_round = static_cast<uint16_t>(own->round + 1);
    const auto next_pass = static_cast<uint16_t>(own->pass + 1);
    if (is_scan(n)) {
      // One pass has one scan.
      const bool first = own->round == own->pass;
      return Place{Place::element, RowForm::dropped, next_round, first ? own->pass : next_pass};
    }
    const bool kept = flat(n).attributes->words[2] != 0;
    return Place{Place::row, kept ? RowForm::kept : RowForm::dropped, next_round, next_pass};
  }

  // The form of a node that is computed from results of rows alone, once a row.
  std::optional<RowForm> common_form(uint32_t n, const Cluster& cluster,
                                     const SmallVector<const Operand*, 4>& rows) const {
    std::optional<RowForm> form;
    for (const Operand* row : rows) {
      if (shape_of(*row) != shape_of(flat(n))) return std::nullopt;
      std::optional<RowForm> mine;
      if (is_direct(*row)) {
        mine = place_of(row->value).form;
      } else if (only_reshapes(*row) && holds(guard_of(n, cluster), dims_)) {
        mine = flat(n).rank == cluster.rank ? RowForm::kept : RowForm::dropped;
      }
      if (!mine || (form && form != mine)) return std::nullopt;
      form = mine;
    }
    return form;
  }

  static bool only_reshapes(const Operand& operand) {
    return std::all_of(operand.views.begin(), operand.views.end(),
                       [](const ViewStep& step) { return step.op.is(Structured::reshape); });
  }
  RowShapeGuard guard_of(uint32_t n, const Cluster& cluster) const {
    return {cluster.first_dim, cluster.rank, cluster.reduced, flat(n).first_dim, flat(n).rank};
  }

  // A shape that only the sizes at hand make one of rows.
  void guard_shape(uint32_t n, const Cluster& cluster, Place place) {
    if (place.level != Place::row || is_along_rows(n)) return;
    for (const Operand& input : graph_.nodes[n].inputs) {
      const bool own =
          input.value != kNone && result_.cluster_of[input.value] == result_.cluster_of[n];
      if (!own || is_direct(input)) continue;
      result_.row_shape_guards.push_back(guard_of(n, cluster));
      return;
    }
  }

  // The pass over the rows in which node n reads elements; none for what is computed once a row.
  std::optional<uint32_t> reading_pass(uint32_t n, Place place) const {
    if (is_reduction(n)) return place.pass - 1u;
    if (place.level == Place::row) return std::nullopt;
    return place.pass;
  }

  // Several passes read their rows again, from the cache if they fit.
  bool rows_fit(uint32_t n, uint32_t c, Place place) {
    const std::optional<uint32_t> pass = reading_pass(n, place);
    const Cluster& cluster = result_.clusters[c];
    if (!pass || std::max(cluster.passes, *pass + 1) == 1) return true;
    return budget_.fits(cluster, reduced_with(n, cluster),
                        cluster.row_bytes + row_bytes_of(n, c, *pass));
  }
  uint64_t reduced_with(uint32_t n, const Cluster& cluster) const {
    return is_along_rows(n) ? reduced_by(n) : cluster.reduced;
  }

  // Bytes of a row's element that node n adds: what it loads, and values of earlier rounds.
  uint32_t row_bytes_of(uint32_t n, uint32_t c, uint32_t pass) const {
    uint32_t bytes = 0;
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone) continue;
      const auto size = static_cast<uint32_t>(size_of(flat(input.value).dtype));
      if (result_.cluster_of[input.value] != c) {
        bytes += is_generated(input.value) ? 0 : size;
      } else if (crosses(input.value, pass)) {
        bytes += std::max(size, 4u);  // in its compute type
      }
    }
    return bytes;
  }

  bool crosses(uint32_t input, uint32_t pass) const {
    const Place& place = place_of(input);
    return place.level == Place::element && place.pass < pass && !crosses_[input];
  }

  Cluster& open(uint32_t n) {
    Cluster cluster;
    const ShapeId domain = domain_of(n);
    cluster.slot = flat(n).slot;
    cluster.first_dim = domain.first_dim;
    cluster.rank = domain.rank;
    result_.cluster_of[n] = static_cast<uint32_t>(result_.clusters.size());
    result_.clusters.push_back(std::move(cluster));
    return result_.clusters.back();
  }

  void add(uint32_t n, uint32_t c, Place place) {
    Cluster& cluster = result_.clusters[c];
    if (const std::optional<uint32_t> pass = reading_pass(n, place)) {
      cluster.passes = std::max(cluster.passes, *pass + 1);
      cluster.row_bytes += row_bytes_of(n, c, *pass);
      for (const Operand& input : graph_.nodes[n].inputs) {
        if (input.value != kNone && result_.cluster_of[input.value] == c) {
          crosses_[input.value] = crosses_[input.value] || crosses(input.value, *pass);
        }
      }
    }
    // A reduction's result may have no elements that read it, a scan's are elements.
    const uint32_t last_round = is_reduction(n) ? place.round - 1u : place.round;
    if (is_reduction(n) || place.level == Place::element) {
      cluster.rounds = std::max(cluster.rounds, last_round + 1);
    }
    cluster.cost += kernel_cost(graph_, n);
    cluster.inputs += inputs_of(n, c);
    if (is_along_rows(n)) cluster.reduced = reduced_by(n);
    cluster.nodes.push_back(n);
    result_.cluster_of[n] = c;
    result_.places[n] = place;
    guard_shape(n, cluster, place);
    uint32_t& newest = newest_[{cluster.slot, cluster.first_dim, cluster.rank}];
    newest = std::max(newest, c);
  }

  bool is_generated(uint32_t n) const {
    return result_.remade[n] || (flat(n).op.is_generator() && result_.cluster_of[n] == kNone);
  }

  // Buffers that node n reads in cluster c.
  uint32_t inputs_of(uint32_t n, uint32_t c) const {
    uint32_t count = 0;
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone || result_.cluster_of[input.value] == c) continue;
      if (!is_generated(input.value)) ++count;
    }
    return count;
  }

  void mark_memory(uint32_t n) {
    if (graph_.nodes[n].kept) result_.in_memory[n] = true;
    const bool stored = stores_rest_only(graph_, result_, n);
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone || result_.cluster_of[input.value] == kNone) continue;
      if (stored && &input == &graph_.nodes[n].inputs[1]) continue;
      if (result_.cluster_of[input.value] != result_.cluster_of[n]) {
        result_.in_memory[input.value] = true;
      }
    }
  }

  const SimpleGraph& graph_;
  std::span<const int64_t> dims_;
  bool enabled_;
  uint32_t most_cost_;
  RowBudget budget_;
  Clusters result_;
  std::vector<uint32_t> readers_;  // by simple node: edges that end there; once asked for
  std::vector<bool> crosses_;      // by simple node: elements of a later pass read it
  std::map<std::tuple<uint16_t, uint32_t, uint8_t>, uint32_t> newest_;
};

// What was one cluster and is several had no room for all.
std::vector<Refusal> refusals_of(const SimpleGraph& graph, const Clusters& whole,
                                 const Clusters& divided) {
  std::vector<Refusal> refusals = whole.refusals;
  for (uint32_t n = 0; n < graph.nodes.size(); ++n) {
    for (const Operand& input : graph.nodes[n].inputs) {
      if (input.value == kNone || whole.cluster_of[input.value] == kNone) continue;
      const bool together = whole.cluster_of[input.value] == whole.cluster_of[n];
      const bool apart = divided.cluster_of[input.value] != divided.cluster_of[n];
      if (together && apart) refusals[n] = Refusal::room;
    }
  }
  return refusals;
}

}  // namespace

uint32_t kernel_cost(const SimpleGraph& graph, uint32_t n) {
  const FlatNode& node = graph.nodes[n].flat;
  if (!node.op.is_row()) return node.op.is(Structured::random_bits) ? 16 : 2;
  // Leaves count as one call; narrow dtypes add a rounding.
  return 2 + static_cast<uint32_t>(graph.nodes[n].inputs.size());
}

Clusters fuse(const SimpleGraph& graph, std::span<const int64_t> dims,
              const FusionOptions& options) {
  Clusters whole = Fuser(graph, dims, options).run();
  const Parts parts = find_parts(graph, whole, dims, options.limits);
  if (parts.empty()) return whole;
  Clusters divided = Fuser(graph, dims, options).divide(whole, parts);
  if (options.explain) divided.refusals = refusals_of(graph, whole, divided);
  return divided;
}

}  // namespace tandem::passes
