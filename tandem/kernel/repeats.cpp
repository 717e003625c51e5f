#include "tandem/kernel/repeats.h"

#include <algorithm>
#include <optional>

#include "tandem/kernel/signatures.h"

namespace tandem::kernel {

namespace {

constexpr size_t kLongestPeriod = 256;
constexpr size_t kFewestPieces = 4;
constexpr size_t kFewestNodes = 12;
constexpr size_t kOutside = ~size_t{0};  // the place of a node that the order does not have

class Finder {
 public:
  Finder(const Kernel& kernel, std::span<const NodeId> order, std::span<const NodeId> roots)
      : kernel_(kernel), order_(order), place_(kernel.nodes.size(), kOutside) {
    for (size_t i = 0; i < order.size(); ++i) place_[order[i]] = i;
    last_use_.assign(order.size(), 0);
    for (size_t i = 0; i < order.size(); ++i) {
      const Node& node = at(i);
      for (int k = 0; k < node.input_count; ++k) {
        if (operand(node, k) != kOutside) last_use_[operand(node, k)] = i;
      }
    }
    for (const NodeId root : roots) {
      if (place_[root] != kOutside) last_use_[place_[root]] = order.size();
    }
  }

  std::vector<Repeat> run() const {
    std::vector<Repeat> found;
    for (size_t begin = 0; begin < order_.size();) {
      std::optional<Repeat> repeat = best_at(begin, std::nullopt);
      if (!repeat) {
        ++begin;
        continue;
      }
      // What stands before the first whole piece may look like a part of longer ones.
      const size_t first_body = repeat->body();
      while (++begin <= first_body) repeat = best_at(begin, std::move(repeat));
      begin = repeat->end();
      found.push_back(std::move(*repeat));
    }
    return found;
  }

 private:
  const Node& at(size_t i) const { return kernel_.nodes[order_[i]]; }
  size_t operand(const Node& node, int k) const { return place_[node.in[k]]; }

  static bool is_better(const Repeat& a, const Repeat& b) {
    if (a.saved() != b.saved()) return a.saved() > b.saved();
    return a.carried.size() < b.carried.size();
  }

  // The one from `begin` on that saves most, or `best` if that saves more: where pieces repeat
  // something themselves, a loop of the whole.
  std::optional<Repeat> best_at(size_t begin, std::optional<Repeat> best) const {
    for (size_t period = 1; period <= kLongestPeriod; ++period) {
      if (begin + period * (kFewestPieces + 1) > order_.size()) break;
      if (best && order_.size() - begin - 2 * period < best->saved()) break;  // at most
      std::optional<Repeat> repeat = repeat_at(begin, period);
      if (repeat && (!best || is_better(*repeat, *best))) best = std::move(repeat);
    }
    return best;
  }

  // The node at `i` does for its piece what the one a period before does for its own. Operands
  // before `fixed` are the same for all pieces.
  bool matches(size_t i, size_t period, size_t fixed) const {
    const Node& node = at(i);
    const Node& model = at(i - period);
    if (node.op != model.op || is_store(node.op) || node.type != model.type ||
        node.part != model.part || node.bits != model.bits ||
        node.input_count != model.input_count) {
      return false;
    }
    if (node.slot != model.slot && node.op != Op::param) return false;
    for (int k = 0; k < node.input_count; ++k) {
      const size_t expected = operand(model, k);
      if (expected == kOutside || expected < fixed) {
        if (node.in[k] != model.in[k]) return false;
      } else if (operand(node, k) != expected + period) {
        return false;
      }
    }
    return true;
  }

  int step_to(size_t i, size_t period) const {
    return at(i).op == Op::param ? int{at(i).slot} - int{at(i - period).slot} : 0;
  }

  // Where the pieces behind [body, body + period) end that are equal to it.
  size_t end_of_pieces(size_t body, size_t period) const {
    size_t i = body + period;
    for (; i < order_.size(); ++i) {
      if (!matches(i, period, body - period)) break;
      if (i >= body + 2 * period && step_to(i, period) != step_to(i - period, period)) break;
      // Only the last piece may be used beyond the next one: then it is the one before.
      const size_t piece = (i - body) / period;
      if (last_use_[i - period] >= body + (piece + 1) * period) {
        return body + piece * period;
      }
    }
    return i;
  }

  std::optional<Repeat> repeat_at(size_t begin, size_t period) const {
    const size_t body = begin + period;
    const size_t count = (end_of_pieces(body, period) - body) / period;
    if (count < kFewestPieces || count * period < kFewestNodes) return std::nullopt;
    Repeat repeat{begin, period, count, {}, {}};
    for (size_t k = 0; k < period; ++k) {
      if (const int step = step_to(body + period + k, period)) {
        repeat.param_steps.push_back({k, step});
      }
      if (!is_carried(repeat, k)) continue;
      if (at(begin + k).type != at(body + k).type || is_store(at(begin + k).op)) {
        return std::nullopt;
      }
      repeat.carried.push_back(k);
    }
    return repeat;
  }

  bool is_carried(const Repeat& repeat, size_t k) const {
    const size_t last = repeat.end() - repeat.period;
    if (last_use_[last + k] >= repeat.end()) return true;
    for (size_t i = repeat.body(); i < repeat.body() + repeat.period; ++i) {
      const Node& node = at(i);
      for (int input = 0; input < node.input_count; ++input) {
        if (operand(node, input) == repeat.begin + k) return true;
      }
    }
    return false;
  }

  const Kernel& kernel_;
  std::span<const NodeId> order_;
  std::vector<size_t> place_;     // of a node in the order
  std::vector<size_t> last_use_;  // by place
};

}  // namespace

std::vector<Repeat> find_repeats(const Kernel& kernel, std::span<const NodeId> order,
                                 std::span<const NodeId> roots) {
  return Finder(kernel, order, roots).run();
}

}  // namespace tandem::kernel
