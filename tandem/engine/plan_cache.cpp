#include "tandem/engine/plan_cache.h"

#include <algorithm>

#include "tandem/passes/view.h"

namespace tandem::engine {
namespace {

bool holds(const passes::Plan& plan, const passes::Guard& guard, const graph::Walk& walk) {
  const passes::Value& value = plan.values[guard.source.value];
  passes::Layout layout;
  layout.shape = Shape(Dims(walk.dims).subspan(value.first_dim, value.rank));
  layout.strides = value.leaf == passes::kNone
                       ? row_major_strides(layout.shape)
                       : walk.nodes[walk.leaves[value.leaf]]->storage()->strides;
  for (const passes::ViewStep& step : guard.source.views) {
    if (!passes::apply(step, walk.dims, {}, layout)) return false;
  }
  passes::ViewStep reshape;
  reshape.op = graph::Structured::reshape;
  reshape.first_dim = guard.first_dim;
  reshape.rank = guard.rank;
  return passes::apply(reshape, walk.dims, {}, layout) == guard.expressible;
}

size_t cost_of(const passes::Plan& plan) {
  size_t bytes = sizeof(plan) + plan.key.size() * 8;
  for (const auto& instruction : plan.instructions) {
    bytes += sizeof(instruction) + instruction.buffers.size() * sizeof(passes::Operand);
    if (instruction.text) bytes += instruction.text->nodes.size() * sizeof(kernel::Node) * 2;
  }
  return bytes + plan.values.size() * sizeof(passes::Value);
}

}  // namespace

PlanEntry* PlanCache::find(const graph::Walk& walk) {
  const auto [first, last] = by_hash_.equal_range(hash_of(walk.hash));
  for (auto it = first; it != last; ++it) {
    const auto node = it->second;
    const passes::Plan& plan = *node->entry.plan;
    if (plan.key != walk.key) continue;
    const auto of_rows = [&](const auto& guard) { return passes::holds(guard, walk.dims); };
    const bool valid = std::all_of(plan.guards.begin(), plan.guards.end(),
                                   [&](const auto& guard) { return holds(plan, guard, walk); });
    if (!valid || !std::ranges::all_of(plan.row_guards, of_rows) ||
        !std::ranges::all_of(plan.row_shape_guards, of_rows)) {
      continue;
    }
    if (node != by_use_.begin()) by_use_.splice(by_use_.begin(), by_use_, node);
    return &node->entry;
  }
  return nullptr;
}

PlanEntry* PlanCache::insert(uint64_t hash, std::shared_ptr<const passes::Plan> plan) {
  const size_t cost = cost_of(*plan);
  const size_t values = plan->values.size();
  by_use_.push_front({hash_of(hash), {}});
  by_use_.front().entry.plan = std::move(plan);
  by_use_.front().entry.cost_bytes = cost;
  by_use_.front().entry.output_addresses.resize(values);
  by_hash_.emplace(by_use_.front().hash, by_use_.begin());
  bytes_ += cost;
  evict();
  return &by_use_.front().entry;
}

void PlanCache::evict() {
  auto next = by_use_.end();
  while (bytes_ > limit_bytes_ && next != by_use_.begin()) {
    const auto oldest = std::prev(next);
    if (oldest == by_use_.begin()) return;  // the newest stays
    if (oldest->entry.small_runs > 0) {
      next = oldest;
    } else {
      remove(oldest);
    }
  }
}

void PlanCache::remove(std::list<Node>::iterator node) {
  bytes_ -= node->entry.cost_bytes;
  const auto [first, last] = by_hash_.equal_range(node->hash);
  by_hash_.erase(std::find_if(first, last, [&](auto& e) { return e.second == node; }));
  by_use_.erase(node);
}

void PlanCache::clear() {
  for (auto it = by_use_.begin(); it != by_use_.end();) {
    const auto node = it++;
    if (node->entry.small_runs == 0) remove(node);
  }
}

}  // namespace tandem::engine
