#include "tandem/passes/fuse.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>

#include "tandem/op_table/row_info.h"

namespace tandem::passes {
namespace {

using graph::FlatNode;
using graph::Structured;

// Beyond these a kernel stops growing: code size and live tiles against one more pass over memory.
constexpr uint32_t kMaxCost = 2048;
constexpr uint32_t kMaxOperands = 40;

enum class Level : uint8_t { none, element, row };

class Fuser {
 public:
  Fuser(const SimpleGraph& graph, bool enabled) : graph_(graph), enabled_(enabled) {
    result_.cluster_of.assign(graph.nodes.size(), kNone);
    result_.in_memory.assign(graph.nodes.size(), false);
    level_.assign(graph.nodes.size(), Level::none);
  }

  Clusters run() {
    for (uint32_t n = 0; n < graph_.nodes.size(); ++n) {
      const SimpleNode& node = graph_.nodes[n];
      if (node.flat.leaf != kNone) continue;
      if (node.flat.op.is_generator() && !node.kept) continue;
      place(n);
      mark_memory(n);
    }
    return std::move(result_);
  }

 private:
  const FlatNode& flat(uint32_t n) const { return graph_.nodes[n].flat; }
  bool is_library(uint32_t n) const { return flat(n).op.is_library(); }
  bool is_reduction(uint32_t n) const { return flat(n).op.is(Structured::reduce); }

  void place(uint32_t n) {
    if (is_library(n)) {
      open(n).library = true;
      return;
    }
    if (enabled_ && (join_an_input(n) || join_its_domain(n))) return;
    Cluster& fresh = open(n);
    const DomainShape domain = domain_of(n);
    fresh.first_dim = domain.first_dim;
    fresh.rank = domain.rank;
    add(n, static_cast<uint32_t>(result_.clusters.size() - 1), Level::element);
  }

  // A reduction's domain is the shape of its operand.
  struct DomainShape {
    uint32_t first_dim;
    uint8_t rank;
  };
  DomainShape domain_of(uint32_t n) const {
    if (!is_reduction(n)) return {flat(n).first_dim, flat(n).rank};
    const Operand& input = graph_.nodes[n].inputs[0];
    return {input.first_dim, input.rank};
  }

  bool join_an_input(uint32_t n) {
    SmallVector<uint32_t, 4> candidates;
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone || !is_direct(input)) continue;
      const uint32_t cluster = result_.cluster_of[input.value];
      if (cluster != kNone) candidates.push_back(cluster);
    }
    std::sort(candidates.begin(), candidates.end(), std::greater<>());
    for (const uint32_t cluster : candidates) {
      const Level level = level_in(n, cluster);
      if (level == Level::none) continue;
      add(n, cluster, level);
      return true;
    }
    return false;
  }

  // Nodes over the same domain share a kernel even without an edge: one pass over what both read.
  bool join_its_domain(uint32_t n) {
    const DomainShape domain = domain_of(n);
    const auto found = newest_.find({flat(n).slot, domain.first_dim, domain.rank});
    if (found == newest_.end() || level_in(n, found->second) != Level::element) return false;
    add(n, found->second, Level::element);
    return true;
  }

  bool same_reduction(uint32_t n, const Cluster& cluster) const {
    if (cluster.reductions.empty()) return true;
    const auto& mine = flat(n).attributes->words;
    const auto& theirs = flat(cluster.reductions[0]).attributes->words;
    return mine[1] == theirs[1] && mine[2] == theirs[2];
  }

  // At which level node n could be computed in the cluster; none when it must not join.
  Level level_in(uint32_t n, uint32_t c) const {
    const Cluster& cluster = result_.clusters[c];
    const SimpleNode& node = graph_.nodes[n];
    if (cluster.library || cluster.slot != node.flat.slot) return Level::none;
    if (cluster.cost + cost_of(n) > kMaxCost ||
        cluster.operands + buffers_of(n, c) > kMaxOperands) {
      return Level::none;
    }
    Level level = Level::none;
    for (const Operand& input : node.inputs) {
      if (input.value == kNone) continue;
      const uint32_t producer = result_.cluster_of[input.value];
      if (producer == kNone || producer < c) continue;
      if (producer > c || !is_direct(input)) return Level::none;
      // A value of this cluster is read in a register, which takes the same shape.
      const Level above = level_[input.value] == Level::row ? Level::row : Level::element;
      if (level != Level::none && level != above) return Level::none;
      level = above;
      if (!is_reduction(n) && (flat(input.value).first_dim != node.flat.first_dim ||
                               flat(input.value).rank != node.flat.rank)) {
        return Level::none;
      }
    }
    if (level == Level::row) return is_reduction(n) ? Level::none : Level::row;
    const DomainShape domain = domain_of(n);
    if (domain.first_dim != cluster.first_dim || domain.rank != cluster.rank) return Level::none;
    if (is_reduction(n) && !same_reduction(n, cluster)) return Level::none;
    return Level::element;
  }

  Cluster& open(uint32_t n) {
    Cluster cluster;
    cluster.slot = flat(n).slot;
    cluster.first_dim = flat(n).first_dim;
    cluster.rank = flat(n).rank;
    result_.cluster_of[n] = static_cast<uint32_t>(result_.clusters.size());
    if (is_library(n)) cluster.element_nodes.push_back(n);
    result_.clusters.push_back(std::move(cluster));
    return result_.clusters.back();
  }

  void add(uint32_t n, uint32_t c, Level level) {
    Cluster& cluster = result_.clusters[c];
    result_.cluster_of[n] = c;
    cluster.cost += cost_of(n);
    cluster.operands += buffers_of(n, c);
    if (level == Level::row) {
      cluster.row_nodes.push_back(n);
      level_[n] = Level::row;
    } else if (is_reduction(n)) {
      cluster.reductions.push_back(n);
      level_[n] = Level::row;
    } else {
      cluster.element_nodes.push_back(n);
      level_[n] = Level::element;
    }
    newest_[{cluster.slot, cluster.first_dim, cluster.rank}] = c;
  }

  // Buffers that node n adds to a kernel: inputs from memory, and its own result if it is kept.
  uint32_t buffers_of(uint32_t n, uint32_t c) const {
    uint32_t count = graph_.nodes[n].kept ? 1 : 0;
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone || result_.cluster_of[input.value] == c) continue;
      const bool generated =
          flat(input.value).op.is_generator() && result_.cluster_of[input.value] == kNone;
      if (!generated) ++count;
    }
    return count;
  }

  uint32_t cost_of(uint32_t n) const {
    const FlatNode& node = flat(n);
    if (!node.op.is_row()) return node.op.is(Structured::random_bits) ? 16 : 2;
    // Leaves count as one call; narrow dtypes add a rounding.
    return 2 + static_cast<uint32_t>(graph_.nodes[n].inputs.size());
  }

  void mark_memory(uint32_t n) {
    if (graph_.nodes[n].kept) result_.in_memory[n] = true;
    for (const Operand& input : graph_.nodes[n].inputs) {
      if (input.value == kNone || result_.cluster_of[input.value] == kNone) continue;
      if (result_.cluster_of[input.value] != result_.cluster_of[n]) {
        result_.in_memory[input.value] = true;
      }
    }
  }

  const SimpleGraph& graph_;
  bool enabled_;
  Clusters result_;
  std::vector<Level> level_;
  std::map<std::tuple<uint16_t, uint32_t, uint8_t>, uint32_t> newest_;
};

}  // namespace

Clusters fuse(const SimpleGraph& graph, bool enabled) { return Fuser(graph, enabled).run(); }

}  // namespace tandem::passes
