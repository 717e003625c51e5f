// Plans by the structure they were made for. The hash finds candidates, the whole key and the
// guards decide.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "tandem/graph/walk.h"
#include "tandem/memory/placement.h"
#include "tandem/passes/plan.h"
#include "tandem/passes/split.h"

namespace tandem::engine {

// What the engine keeps beside a plan between runs.
struct PlanEntry {
  std::shared_ptr<const passes::Plan> plan;
  std::vector<std::byte*> output_addresses;  // by value: where the last run put it (sticky outputs)
  std::vector<int64_t> dims;                 // of the last run
  std::vector<Ref<memory::Site>> sites;      // by publication, once there is a GPU
  size_t cost_bytes = 0;                     // about
  // For small mode, made when first needed: the plan split, and one made without fusion.
  std::unique_ptr<const passes::SplitPlan> split, unfused_split;
  uint32_t small_runs_left = 0;  // memory was short: runs that do not try to reserve all at once
  uint32_t small_runs = 0;       // under way: the entry stays, though they unlock to wait
};

// Guarded by the engine's lock.
class PlanCache {
 public:
  explicit PlanCache(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // The plan for the walk whose guards hold; null when there is none.
  PlanEntry* find(const graph::Walk& walk);
  PlanEntry* insert(uint64_t hash, std::shared_ptr<const passes::Plan> plan);
  size_t size() const { return by_use_.size(); }
  template <class F>
  void for_each(F&& f) const {
    for (const Node& node : by_use_) f(node.entry);
  }
  void clear();

  // Tests: gives every key the same hash.
  void collide(bool on) { collide_ = on; }

 private:
  struct Node {
    uint64_t hash;
    PlanEntry entry;
  };
  void evict();
  void remove(std::list<Node>::iterator node);
  uint64_t hash_of(uint64_t hash) const { return collide_ ? 0 : hash; }

  size_t limit_bytes_;
  size_t bytes_ = 0;
  bool collide_ = false;
  std::list<Node> by_use_;  // most recent first
  std::unordered_multimap<uint64_t, std::list<Node>::iterator> by_hash_;
};

}  // namespace tandem::engine
