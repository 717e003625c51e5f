#include <algorithm>
#include <utility>

#include "tandem/kernel/fuzz/fuzz.h"
#include "tandem/kernel/signatures.h"

namespace tandem::kernel::fuzz {

namespace {

bool uses_buffer(Op op) {
  return op == Op::load || op == Op::load_at || op == Op::store || op == Op::store_at;
}

// Drops nodes that nothing needs, stages without nodes, buffers and parameters without users.
class Sweep {
 public:
  explicit Sweep(Case& fuzz_case) : case_(fuzz_case), kernel_(fuzz_case.kernel) {}

  void run() {
    drop_stages_without_readers();
    drop_nodes();
    drop_empty_stages();
    drop_buffers();
    drop_params();
  }

 private:
  // A reduction that no stage_result reads becomes a map.
  void drop_stages_without_readers() {
    for (size_t s = 0; s < kernel_.stages.size(); ++s) {
      const bool read = std::ranges::any_of(kernel_.nodes, [&](const Node& node) {
        return node.op == Op::stage_result && node.slot == s;
      });
      Stage& stage = kernel_.stages[s];
      if (read || stage.kind == StageKind::map) continue;
      const Stage old = stage;
      stage = {};
      stage.begin = old.begin;
      stage.end = old.end;
    }
  }

  void drop_nodes() {
    std::vector<char> needed(kernel_.nodes.size(), 0);
    for (const Stage& stage : kernel_.stages) {
      if (stage.value != kNoNode) needed[stage.value] = 1;
    }
    for (NodeId id = static_cast<NodeId>(kernel_.nodes.size()); id-- > 0;) {
      const Node& node = kernel_.nodes[id];
      needed[id] |= is_store(node.op);
      for (int i = 0; needed[id] && i < node.input_count; ++i) needed[node.in[i]] = 1;
    }
    std::vector<NodeId> place(kernel_.nodes.size() + 1, 0);
    std::vector<Node> kept;
    for (NodeId id = 0; id < kernel_.nodes.size(); ++id) {
      place[id] = static_cast<NodeId>(kept.size());
      if (needed[id]) kept.push_back(kernel_.nodes[id]);
    }
    place.back() = static_cast<NodeId>(kept.size());
    for (Node& node : kept) {
      for (int i = 0; i < node.input_count; ++i) node.in[i] = place[node.in[i]];
    }
    for (Stage& stage : kernel_.stages) {
      stage.begin = place[stage.begin];
      stage.end = place[stage.end];
      if (stage.value != kNoNode) stage.value = place[stage.value];
    }
    kernel_.nodes = std::move(kept);
  }

  template <class Used>
  static std::vector<uint16_t> new_numbers(size_t count, Used&& used) {
    std::vector<uint16_t> numbers(count);
    uint16_t next = 0;
    for (size_t i = 0; i < count; ++i) numbers[i] = used(i) ? next++ : uint16_t{0xffff};
    return numbers;
  }

  template <class List>
  static void keep(List& list, const std::vector<uint16_t>& numbers) {
    List kept;
    for (size_t i = 0; i < list.size(); ++i) {
      if (numbers[i] != 0xffff) kept.push_back(std::move(list[i]));
    }
    list = std::move(kept);
  }

  void drop_empty_stages() {
    const auto numbers = new_numbers(kernel_.stages.size(), [&](size_t s) {
      return kernel_.stages[s].begin < kernel_.stages[s].end;
    });
    keep(kernel_.stages, numbers);
    for (Node& node : kernel_.nodes) {
      if (node.op == Op::stage_result) node.slot = numbers[node.slot];
    }
  }

  void drop_buffers() {
    const auto numbers = new_numbers(kernel_.buffers.size(), [&](size_t i) {
      return std::ranges::any_of(
          kernel_.nodes, [&](const Node& node) { return uses_buffer(node.op) && node.slot == i; });
    });
    keep(kernel_.buffers, numbers);
    keep(case_.layouts, numbers);
    for (Node& node : kernel_.nodes) {
      if (uses_buffer(node.op)) node.slot = numbers[node.slot];
    }
  }

  void drop_params() {
    const auto numbers = new_numbers(kernel_.params.size(), [&](size_t i) {
      return std::ranges::any_of(
          kernel_.nodes, [&](const Node& node) { return node.op == Op::param && node.slot == i; });
    });
    keep(kernel_.params, numbers);
    keep(case_.params, numbers);
    for (Node& node : kernel_.nodes) {
      if (node.op == Op::param) node.slot = numbers[node.slot];
    }
  }

  Case& case_;
  Kernel& kernel_;
};

class Shrinker {
 public:
  Shrinker(Case fuzz_case, const std::function<bool(const Case&)>& fails, int attempts)
      : best_(std::move(fuzz_case)), fails_(fails), attempts_(attempts) {}

  Case run() {
    bool smaller = true;
    while (smaller && attempts_ > 0) {
      smaller = drop_stores();
      smaller |= simplify_nodes();
      smaller |= shrink_extents();
    }
    return std::move(best_);
  }

 private:
  bool accept(Case candidate) {
    if (--attempts_ < 0) return false;
    Sweep(candidate).run();
    const bool same = candidate.kernel == best_.kernel && candidate.extents == best_.extents;
    if (same || !fails_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  bool drop_stores() {
    bool any = false;
    for (size_t b = best_.kernel.buffers.size(); b-- > 0;) {
      if (b >= best_.kernel.buffers.size() || !best_.kernel.buffers[b].written) continue;
      Case candidate = best_;
      for (Node& node : candidate.kernel.nodes) {
        // A constant in place of the store is swept away.
        if (is_store(node.op) && node.slot == b) node = {.op = Op::constant, .type = node.type};
      }
      any |= accept(std::move(candidate));
    }
    return any;
  }

  // A constant instead of the node, or one of its operands instead.
  bool simplify_nodes() {
    bool any = false;
    for (size_t n = best_.kernel.nodes.size(); n-- > 0 && attempts_ > 0;) {
      if (n >= best_.kernel.nodes.size()) continue;
      const Node node = best_.kernel.nodes[n];
      if (is_store(node.op) || node.op == Op::constant) continue;
      bool done = false;
      for (int i = 0; i < node.input_count && !done; ++i) {
        if (best_.kernel.nodes[node.in[i]].type != node.type) continue;
        Case candidate = best_;
        for (Node& user : candidate.kernel.nodes) {
          for (int k = 0; k < user.input_count; ++k) {
            if (user.in[k] == n) user.in[k] = node.in[i];
          }
        }
        done = accept(std::move(candidate));
      }
      if (!done) {
        Case candidate = best_;
        candidate.kernel.nodes[n] = {.op = Op::constant, .type = node.type};
        done = accept(std::move(candidate));
      }
      any |= done;
    }
    return any;
  }

  bool shrink_extents() {
    bool any = false;
    for (size_t axis = 0; axis < best_.extents.size(); ++axis) {
      bool smaller = true;
      while (smaller && best_.extents[axis] > 1 && attempts_ > 0) {
        const int64_t extent = best_.extents[axis];
        smaller = false;
        for (const int64_t next : {int64_t{1}, extent / 2, extent - 1}) {
          Case candidate = best_;
          candidate.extents[axis] = next;
          // An access class may have depended on the extent.
          for (BufferParam& buffer : candidate.kernel.buffers) buffer.access = Access::general;
          smaller = accept(std::move(candidate));
          if (smaller) break;
        }
        any |= smaller;
      }
    }
    return any;
  }

  Case best_;
  const std::function<bool(const Case&)>& fails_;
  int attempts_;
};

}  // namespace

Case shrink(Case fuzz_case, const std::function<bool(const Case&)>& fails, int attempts) {
  return Shrinker(std::move(fuzz_case), fails, attempts).run();
}

}  // namespace tandem::kernel::fuzz
