#include "tandem/engine/profile.h"

#include <map>
#include <mutex>
#include <sstream>
#include <tuple>

#include "tandem/graph/sites.h"
#include "tandem/graph/walk.h"
#include "tandem/kernel/text/printer.h"
#include "tandem/passes/notes.h"
#include "tandem/passes/traffic.h"

namespace tandem::engine {
namespace {

using inspect::LaunchNote;
using passes::PlanNotes;

// A launch by what its note says: the plan, the places of its nodes, sizes.
using Key = std::tuple<const passes::Plan*, uint32_t, std::vector<uint32_t>, std::vector<int64_t>>;

struct Profile {
  std::mutex mutex;
  std::vector<LaunchNote> notes;
  std::map<Key, uint32_t> numbers;
  std::vector<std::shared_ptr<const passes::Plan>> plans;  // so that addresses stay theirs
};

Profile& profile() {
  static Profile* profile = new Profile;  // streams may run until the process ends
  return *profile;
}

uint32_t site_of(const graph::Walk& walk, uint32_t node) {
  return node == passes::kNone ? 0 : graph::Sites::of(walk.nodes[node]);
}

std::string site_text(const graph::Walk& walk, uint32_t node) {
  return graph::Sites::text(site_of(walk, node));
}

// The words of a label, one for each node: "exp*2 add" names three. Reductions and scans have their
// own names there.
std::vector<std::string> names_of(const std::string& label) {
  std::vector<std::string> names;
  std::istringstream words(label);
  for (std::string word; words >> word;) {
    const size_t times = word.rfind('*');
    const int count = times == std::string::npos ? 1 : std::stoi(word.substr(times + 1));
    names.insert(names.end(), static_cast<size_t>(count), word.substr(0, times));
  }
  return names;
}

// What an instruction does, one name for each of its nodes.
std::vector<std::string> op_names(const passes::Plan& plan, uint32_t instruction) {
  const std::vector<PlanNotes::Op>& ops = plan.notes->ops[instruction];
  std::vector<std::string> names = names_of(plan.instructions[instruction].label);
  if (names.size() == ops.size()) return names;
  names.clear();
  for (const PlanNotes::Op& op : ops) names.emplace_back(name_of(op.op));
  return names;
}

std::string op_name(const passes::Plan& plan, uint32_t instruction, uint32_t node,
                    graph::OpCode op) {
  const std::vector<PlanNotes::Op>& ops = plan.notes->ops[instruction];
  for (size_t i = 0; node != passes::kNone && i < ops.size(); ++i) {
    if (ops[i].node == node) return op_names(plan, instruction)[i];
  }
  return std::string(name_of(op));
}

double cost_of(graph::OpCode op) { return op.is_row() ? op_table::row(op.row()).cost : 1; }

LaunchNote make_note(const passes::Plan& plan, uint32_t number, const graph::Walk& walk) {
  const passes::Instruction& instruction = plan.instructions[number];
  LaunchNote note;
  note.label = instruction.label;
  note.device = plan.devices[instruction.slot];
  if (instruction.text) note.kernel = kernel::print(*instruction.text);
  const passes::Traffic traffic = passes::traffic_of(plan, instruction, walk.dims);
  note.read = traffic.read;
  note.written = traffic.written;
  if (!plan.notes || number >= plan.notes->ops.size()) return note;
  const std::vector<PlanNotes::Op>& ops = plan.notes->ops[number];
  const std::vector<std::string> names = op_names(plan, number);
  for (size_t i = 0; i < ops.size(); ++i) {
    const PlanNotes::Op& op = ops[i];
    note.ops.push_back({names[i], site_text(walk, op.node), op.dtype, op.shape, cost_of(op.op)});
  }
  for (const PlanNotes::Stored& stored : plan.notes->stored) {
    if (stored.reader != number) continue;
    const uint32_t maker = stored.instruction;
    note.stored.push_back(
        {op_name(plan, maker, stored.node, stored.op), site_text(walk, stored.node),
         op_name(plan, number, stored.reader_node, stored.reader_op),
         site_text(walk, stored.reader_node), plan.instructions[maker].label, stored.reason});
  }
  return note;
}

}  // namespace

uint32_t note_launch(const std::shared_ptr<const passes::Plan>& plan, uint32_t instruction,
                     const graph::Walk& walk) {
  std::vector<uint32_t> sites;
  if (plan->notes && instruction < plan->notes->ops.size()) {
    for (const PlanNotes::Op& op : plan->notes->ops[instruction]) {
      sites.push_back(site_of(walk, op.node));
    }
  }
  Key key{plan.get(), instruction, std::move(sites), walk.dims};
  const std::lock_guard lock(profile().mutex);
  const auto [found, fresh] =
      profile().numbers.emplace(std::move(key), static_cast<uint32_t>(profile().notes.size() + 1));
  if (fresh) {
    profile().notes.push_back(make_note(*plan, instruction, walk));
    profile().plans.push_back(plan);
  }
  return found->second;
}

}  // namespace tandem::engine

namespace tandem::inspect {

void start_profile(uint32_t (*locator)()) {
  {
    const std::lock_guard lock(engine::profile().mutex);
    engine::profile().notes.clear();
    engine::profile().numbers.clear();
    engine::profile().plans.clear();
  }
  graph::Sites::start(locator);
}

std::vector<LaunchNote> stop_profile() {
  graph::Sites::stop();
  const std::lock_guard lock(engine::profile().mutex);
  engine::profile().numbers.clear();
  engine::profile().plans.clear();
  return std::move(engine::profile().notes);
}

}  // namespace tandem::inspect
