#include "tandem/passes/fuse/parts.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>

namespace tandem::passes {
namespace {

using graph::Structured;

int64_t elements_of(std::span<const int64_t> dims, uint32_t first_dim, uint8_t rank) {
  return element_count(dims.subspan(first_dim, rank));
}

// The nodes of one cluster in an order that may be cut, and what each reads.
class Line {
 public:
  Line(const SimpleGraph& graph, const Clusters& clusters, uint32_t number,
       std::span<const int64_t> dims)
      : graph_(graph), clusters_(clusters), number_(number), dims_(dims) {
    set_order();
    const auto [least, most] = std::ranges::minmax(order_);
    first_node_ = least;
    place_.assign(most - least + 1, kNowhere);
    for (size_t i = 0; i < order_.size(); ++i) place_[order_[i] - least] = i;
    reads_.reserve(2 * order_.size());
    first_read_.reserve(order_.size() + 1);
    last_use_.assign(order_.size(), 0);
    for (size_t i = 0; i < order_.size(); ++i) {
      first_read_.push_back(reads_.size());
      note_reads(i);
    }
    first_read_.push_back(reads_.size());
    sum_live_bytes();
  }

  size_t size() const { return order_.size(); }
  uint32_t node(size_t i) const { return order_[i]; }
  bool is_output(size_t i) const {
    return clusters_.in_memory[order_[i]] || clusters_.stored_in[order_[i]] != kNone;
  }
  uint32_t cost(size_t i) const { return kernel_cost(graph_, order_[i]); }
  size_t last_use(size_t i) const { return last_use_[i]; }
  // Bytes that a cut before node i moves.
  int64_t bytes(size_t i) const { return bytes_[i]; }
  // What is computed once a row stays with what it is made of.
  bool may_cut(size_t i) const { return i == size() || !follows_rows(order_[i]); }

  // What node i reads, each once: places of the line, and size() + number of an operand in memory.
  std::span<const size_t> reads(size_t i) const {
    return std::span(reads_).subspan(first_read_[i], first_read_[i + 1] - first_read_[i]);
  }
  size_t read_count() const { return size() + memory_.size(); }

 private:
  static constexpr size_t kNowhere = std::numeric_limits<size_t>::max();

  struct MemoryRead {
    Operand operand;
    size_t first = 0, last = 0;
    int64_t bytes = 0;
  };

  bool follows_rows(uint32_t n) const {
    return clusters_.places[n].level == Place::row &&
           !graph_.nodes[n].flat.op.is(Structured::reduce);
  }

  // As the cluster has them, but for values of rows, which come right after their last operand.
  void set_order() {
    const std::vector<uint32_t>& nodes = clusters_.clusters[number_].nodes;
    order_ = nodes;
    const auto follows = [this](uint32_t n) { return follows_rows(n); };
    if (std::ranges::is_sorted(nodes) && std::ranges::none_of(nodes, follows)) return;
    std::unordered_map<uint32_t, uint32_t> keys;
    for (const uint32_t n : nodes) {
      uint32_t key = n;
      if (follows_rows(n)) {
        key = 0;
        for (const Operand& input : graph_.nodes[n].inputs) {
          const auto known = keys.find(input.value);
          if (known != keys.end()) key = std::max(key, known->second);
        }
      }
      keys.emplace(n, key);
    }
    std::ranges::stable_sort(order_, {}, [&](uint32_t n) { return keys.at(n); });
  }

  void note_reads(size_t i) {
    const uint32_t n = order_[i];
    const auto& inputs = graph_.nodes[n].inputs;
    for (size_t k = 0; k < inputs.size(); ++k) {
      if (inputs[k].value == kNone) continue;
      const size_t here = place_of(inputs[k].value);
      std::optional<size_t> read;
      if (here != kNowhere) {
        last_use_[here] = std::max(last_use_[here], i);
        read = here;
      } else if (!is_generated(inputs[k].value)) {
        read = size() + memory_read(inputs[k], n, k, i);
      }
      const auto mine = std::span(reads_).subspan(first_read_[i]);
      if (read && std::ranges::find(mine, *read) == mine.end()) reads_.push_back(*read);
    }
  }

  size_t place_of(uint32_t n) const {
    return n - first_node_ < place_.size() ? place_[n - first_node_] : kNowhere;
  }

  bool is_generated(uint32_t n) const {
    return clusters_.remade[n] ||
           (graph_.nodes[n].flat.op.is_generator() && clusters_.cluster_of[n] == kNone);
  }

  // The number of the buffer that input k of node n is read through.
  size_t memory_read(Operand operand, uint32_t n, size_t k, size_t i) {
    const graph::FlatNode& flat = graph_.nodes[operand.value].flat;
    operand.row = follows_rows(n);
    operand.kept_axes = operand.row && clusters_.places[n].form == RowForm::kept;
    if (graph_.nodes[n].flat.op.is(Structured::gather) && k == 0) {
      operand.gathered = graph_.nodes[n].flat.attributes;
    }
    uint64_t hash = operand.value;
    for (const ViewStep& step : operand.views) {
      hash = hash * 0x9e3779b97f4a7c15u + step.first_param + (uint64_t{step.first_dim} << 32);
    }
    std::vector<size_t>& alike = known_reads_[hash];
    for (const size_t known : alike) {
      if (memory_[known].operand != operand) continue;
      memory_[known].last = i;
      return known;
    }
    const int64_t shown = std::min(elements_of(dims_, flat.first_dim, flat.rank),
                                   elements_of(dims_, operand.first_dim, operand.rank));
    const auto size = static_cast<int64_t>(size_of(flat.dtype));
    memory_.push_back({std::move(operand), i, i, shown * size});
    alike.push_back(memory_.size() - 1);
    return memory_.size() - 1;
  }

  // A value is written unless it is in any case, and read again; an operand only that.
  void sum_live_bytes() {
    bytes_.assign(size() + 2, 0);
    const auto crosses = [&](size_t first, size_t last, int64_t bytes) {
      bytes_[first + 1] += bytes;
      bytes_[last + 1] -= bytes;
    };
    for (size_t i = 0; i < size(); ++i) {
      if (last_use_[i] <= i) continue;
      const graph::FlatNode& flat = graph_.nodes[order_[i]].flat;
      const int64_t bytes =
          elements_of(dims_, flat.first_dim, flat.rank) * static_cast<int64_t>(size_of(flat.dtype));
      crosses(i, last_use_[i], is_output(i) ? bytes : 2 * bytes);
    }
    for (const MemoryRead& read : memory_) crosses(read.first, read.last, read.bytes);
    for (size_t i = 1; i < bytes_.size(); ++i) bytes_[i] += bytes_[i - 1];
  }

  const SimpleGraph& graph_;
  const Clusters& clusters_;
  uint32_t number_;
  std::span<const int64_t> dims_;
  std::vector<uint32_t> order_;
  uint32_t first_node_ = 0;
  std::vector<size_t> place_;  // by node - first_node_
  std::vector<size_t> reads_;  // of all nodes; those of node i begin at first_read_[i]
  std::vector<size_t> first_read_;
  std::vector<size_t> last_use_;  // within the cluster; 0: none
  std::vector<MemoryRead> memory_;
  std::unordered_map<uint64_t, std::vector<size_t>> known_reads_;
  std::vector<int64_t> bytes_;
};

// Follows a line from one cut to the next.
class Cutter {
 public:
  Cutter(const Line& line, const KernelLimits& limits)
      : line_(line), limits_(limits), seen_(line.read_count(), kNever) {}

  // Where the part that begins at `begin` ends.
  size_t end_of_part(size_t begin) {
    cost_ = inputs_ = outputs_ = kept_outputs_ = 0;
    fitting_.clear();
    for (size_t end = begin + 1; end <= line_.size(); ++end) {
      take(begin, end - 1);
      if (cost_ > limits_.cost || inputs_ > limits_.buffers || kept_outputs_ > limits_.outputs) {
        break;
      }
      const bool fits = outputs_ <= limits_.outputs && inputs_ + outputs_ <= limits_.buffers;
      if (fits && line_.may_cut(end)) fitting_.push_back(end);
    }
    if (fitting_.empty()) return next_cut(begin);
    if (fitting_.back() == line_.size()) return line_.size();
    // A part that is cut too early would make more kernels than it saves bytes.
    const size_t earliest = begin + (fitting_.back() - begin + 1) / 2;
    size_t best = fitting_.back();
    for (const size_t end : fitting_) {
      if (end < earliest) continue;
      const int64_t bytes = line_.bytes(end), least = line_.bytes(best);
      if (bytes < least || (bytes == least && end > best)) best = end;
    }
    return best;
  }

 private:
  static constexpr size_t kNever = std::numeric_limits<size_t>::max();

  // Counts are those of a part that ends behind node i.
  void take(size_t begin, size_t i) {
    cost_ += line_.cost(i);
    ++outputs_;
    kept_outputs_ += line_.is_output(i);
    for (const size_t read : line_.reads(i)) {
      const bool inside = read < line_.size() && read >= begin;
      if (inside && line_.last_use(read) == i && !line_.is_output(read)) --outputs_;
      if (inside || seen_[read] == begin) continue;
      seen_[read] = begin;
      ++inputs_;
    }
  }

  // Not even one node fits: the smallest part there is.
  size_t next_cut(size_t begin) const {
    size_t end = begin + 1;
    while (!line_.may_cut(end)) ++end;
    return end;
  }

  const Line& line_;
  const KernelLimits& limits_;
  std::vector<size_t> seen_;  // by read: the begin of the last part that has it
  size_t cost_ = 0, inputs_ = 0, outputs_ = 0;
  size_t kept_outputs_ = 0;  // of them needed outside of the cluster
  std::vector<size_t> fitting_;
};

// Whether the cluster may be too large: buffers that are read twice count twice.
bool may_be_large(const Clusters& clusters, const Cluster& cluster, const KernelLimits& limits) {
  if (cluster.library || cluster.nodes.size() < 2) return false;
  size_t outputs = 0;
  for (const uint32_t n : cluster.nodes) {
    outputs += clusters.in_memory[n] || clusters.stored_in[n] != kNone;
  }
  return cluster.cost > limits.cost || outputs > limits.outputs ||
         cluster.inputs + outputs > limits.buffers;
}

}  // namespace

Parts find_parts(const SimpleGraph& graph, const Clusters& clusters, std::span<const int64_t> dims,
                 const KernelLimits& limits) {
  Parts parts;
  for (uint32_t c = 0; c < clusters.clusters.size(); ++c) {
    if (!may_be_large(clusters, clusters.clusters[c], limits)) continue;
    const Line line(graph, clusters, c, dims);
    Cutter cutter(line, limits);
    std::vector<std::vector<uint32_t>> mine;
    for (size_t begin = 0; begin < line.size();) {
      const size_t end = cutter.end_of_part(begin);
      auto& part = mine.emplace_back();
      for (size_t i = begin; i < end; ++i) part.push_back(line.node(i));
      std::ranges::sort(part);
      begin = end;
    }
    if (mine.size() < 2) continue;
    parts.resize(clusters.clusters.size());
    parts[c] = std::move(mine);
  }
  return parts;
}

}  // namespace tandem::passes
