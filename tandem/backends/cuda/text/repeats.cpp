#include "tandem/backends/cuda/text/repeats.h"

#include <algorithm>
#include <optional>

#include "tandem/kernel/signatures.h"

namespace tandem::backends::cuda {

namespace {

using kernel::Kernel;
using kernel::Node;
using kernel::NodeId;

constexpr size_t kLongestPeriod = 48;
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
      std::optional<Repeat> repeat;
      for (size_t period = 1; period <= kLongestPeriod && !repeat; ++period) {
        repeat = repeat_at(begin, period);
      }
      begin = repeat ? repeat->end() : begin + 1;
      if (repeat) found.push_back(std::move(*repeat));
    }
    return found;
  }

 private:
  const Node& at(size_t i) const { return kernel_.nodes[order_[i]]; }
  size_t operand(const Node& node, int k) const { return place_[node.in[k]]; }

  // The node at `i` does for its piece what the one a period before does for its own. Operands
  // before `fixed` are the same for all pieces.
  bool matches(size_t i, size_t period, size_t fixed) const {
    const Node& node = at(i);
    const Node& model = at(i - period);
    if (kernel::is_store(node.op) || node.op != model.op || node.type != model.type ||
        node.part != model.part || node.slot != model.slot || node.bits != model.bits ||
        node.input_count != model.input_count) {
      return false;
    }
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

  std::optional<Repeat> repeat_at(size_t begin, size_t period) const {
    const size_t body = begin + period;
    size_t end = body + period;
    if (end > order_.size()) return std::nullopt;
    while (end < order_.size() && matches(end, period, begin)) ++end;
    size_t count = (end - body) / period;
    // Only the last piece may be used from outside.
    while (count >= kFewestPieces && is_used_beyond(body, period, count)) --count;
    if (count < kFewestPieces || count * period < kFewestNodes) return std::nullopt;
    Repeat repeat{begin, period, count, {}};
    for (size_t k = 0; k < period; ++k) {
      if (!is_carried(repeat, k)) continue;
      if (at(begin + k).type != at(body + k).type || kernel::is_store(at(begin + k).op)) {
        return std::nullopt;
      }
      repeat.carried.push_back(k);
    }
    for (size_t i = body; i < body + period; ++i) {
      if (kernel::is_store(at(i).op)) return std::nullopt;
    }
    return repeat;
  }

  bool is_used_beyond(size_t body, size_t period, size_t count) const {
    const size_t last = body + (count - 1) * period;
    for (size_t i = body; i < last; ++i) {
      const size_t next_piece_end = body + ((i - body) / period + 2) * period;
      if (last_use_[i] >= next_piece_end) return true;
    }
    return false;
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

}  // namespace tandem::backends::cuda
