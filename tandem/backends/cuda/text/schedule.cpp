#include "tandem/backends/cuda/text/schedule.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <tuple>

#include "tandem/kernel/signatures.h"

namespace tandem::backends::cuda {

using kernel::Extent;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::StageKind;

std::string_view name_of(Schedule schedule) {
  constexpr std::string_view kNames[] = {"map", "row_warp", "row_block", "row_split", "columns"};
  static_assert(std::size(kNames) == kScheduleCount);
  return kNames[static_cast<size_t>(schedule)];
}

std::vector<Sweep> sweeps_of(const Kernel& kernel) {
  std::vector<Sweep> sweeps;
  bool open = false;
  for (size_t s = 0; s < kernel.stages.size(); ++s) {
    const kernel::Stage& stage = kernel.stages[s];
    if (!open || sweeps.back().extent != stage.extent) {
      sweeps.push_back({stage.extent, -1, stage.begin, stage.begin});
    }
    sweeps.back().end = stage.end;
    open = stage.kind == StageKind::map;
    if (!open) sweeps.back().result = static_cast<int>(s);
  }
  std::erase_if(sweeps, [&](const Sweep& sweep) { return needed_nodes(kernel, sweep).empty(); });
  return sweeps;
}

std::vector<NodeId> needed_nodes(const Kernel& kernel, const Sweep& sweep,
                                 std::span<const NodeId> more, const std::vector<char>& known) {
  std::vector<char> needed(sweep.end, 0);
  for (NodeId id = sweep.begin; id < sweep.end; ++id) {
    needed[id] = kernel::is_store(kernel.nodes[id].op);
  }
  if (sweep.result >= 0) needed[kernel.stages[sweep.result].value] = 1;
  for (const NodeId id : more) needed[id] = 1;
  std::vector<NodeId> order;
  for (NodeId id = sweep.end; id-- > 0;) {
    if (!needed[id]) continue;
    order.push_back(id);
    if (id < known.size() && known[id]) continue;
    const kernel::Node& node = kernel.nodes[id];
    for (int i = 0; i < node.input_count; ++i) needed[node.in[i]] = 1;
  }
  std::reverse(order.begin(), order.end());
  return order;
}

Kernel share_nodes(const Kernel& kernel) {
  using Key = std::tuple<Op, kernel::Type, uint8_t, uint16_t, uint64_t, std::array<NodeId, 4>>;
  Kernel shared = kernel;
  std::array<std::map<Key, NodeId>, 2> known;  // by extent
  std::vector<NodeId> first(kernel.nodes.size());
  for (kernel::Stage& stage : shared.stages) {
    for (NodeId id = stage.begin; id < stage.end; ++id) {
      kernel::Node& node = shared.nodes[id];
      for (int i = 0; i < node.input_count; ++i) node.in[i] = first[node.in[i]];
      first[id] = id;
      if (kernel::is_store(node.op)) continue;
      const Key key = {node.op, node.type, node.part, node.slot, node.bits, node.in};
      first[id] = known[static_cast<size_t>(stage.extent)].try_emplace(key, id).first->second;
    }
    if (stage.kind != StageKind::map) stage.value = first[stage.value];
  }
  return shared;
}

namespace {

bool has_scan(const Kernel& kernel) {
  return std::ranges::any_of(
      kernel.stages, [](const kernel::Stage& stage) { return stage.kind == StageKind::scan; });
}

// All element sweeps come first, need no row's result, and one of them reduces.
bool rows_end(const Kernel& kernel, const std::vector<Sweep>& sweeps) {
  bool reduces = false, rows_began = false;
  for (const Sweep& sweep : sweeps) {
    rows_began |= sweep.extent == Extent::row;
    if (sweep.extent == Extent::row) continue;
    if (rows_began) return false;
    reduces |= sweep.result >= 0;
    for (const NodeId id : needed_nodes(kernel, sweep)) {
      if (kernel.nodes[id].op == Op::stage_result) return false;
    }
  }
  return reduces;
}

}  // namespace

std::vector<Schedule> schedules_of(const Kernel& kernel) {
  const std::vector<Sweep> sweeps = sweeps_of(kernel);
  const bool is_map = std::ranges::all_of(sweeps, [](const Sweep& sweep) {
    return sweep.extent == Extent::element && sweep.result < 0;
  });
  if (is_map) return {Schedule::map};
  if (has_scan(kernel)) return {Schedule::row_block};
  if (!rows_end(kernel, sweeps)) return {Schedule::row_block, Schedule::row_warp};
  return {Schedule::row_block, Schedule::row_warp, Schedule::row_split, Schedule::columns};
}

}  // namespace tandem::backends::cuda
