#include "tandem/passes/plan_memory.h"

#include <algorithm>

#include "tandem/kernel/verify/verify_launch.h"

namespace tandem::passes {
namespace {

size_t readers(const Instruction& instruction, uint32_t value) {
  return static_cast<size_t>(
      std::count_if(instruction.buffers.begin(), instruction.buffers.end(),
                    [&](const Operand& operand) { return operand.value == value; }));
}

// The only operand of its value is all of it in row-major order.
bool reads_whole(const Instruction& instruction, uint32_t read) {
  const Operand& source = instruction.buffers[read];
  const bool whole =
      std::all_of(source.views.begin(), source.views.end(),
                  [](const ViewStep& step) { return step.op.is(graph::Structured::reshape); });
  return whole && readers(instruction, source.value) == 1;
}

class MemoryPlanner {
 public:
  MemoryPlanner(Plan& plan, std::span<const int64_t> dims)
      : plan_(plan),
        dims_(dims),
        last_use_(plan.values.size(), kNone),
        last_segment_(plan.values.size(), 0),
        read_elsewhere_(plan.values.size(), false) {}

  void run() {
    find_uses();
    assign_slots();
    find_donors();
    collect_inputs();
  }

 private:
  size_t bytes_of(const Value& value) const {
    const Dims shape = dims_.subspan(value.first_dim, value.rank);
    return static_cast<size_t>(element_count(shape)) * size_of(value.dtype);
  }

  void find_uses() {
    for (uint32_t i = 0; i < plan_.instructions.size(); ++i) {
      const Instruction& instruction = plan_.instructions[i];
      for (const Operand& operand : instruction.buffers) {
        Value& value = plan_.values[operand.value];
        last_use_[operand.value] = i;
        last_segment_[operand.value] = std::max(last_segment_[operand.value], instruction.segment);
        if (value.instruction != kNone &&
            plan_.devices[plan_.instructions[value.instruction].slot] !=
                plan_.devices[instruction.slot]) {
          read_elsewhere_[operand.value] = true;
        }
        if (value.home != Home::arena || value.instruction == kNone) continue;
        if (plan_.instructions[value.instruction].slot != instruction.slot) {
          value.home = Home::transient;
        }
      }
    }
  }

  // First fit over the slots that are free when the value is made: the smallest that is large
  // enough, else the largest.
  void assign_slots() {
    struct Slot {
      size_t bytes;
      uint32_t free_after;
    };
    std::vector<Slot> slots;
    for (uint32_t i = 0; i < plan_.instructions.size(); ++i) {
      const Instruction& instruction = plan_.instructions[i];
      for (const Operand& operand : instruction.buffers) {
        Value& value = plan_.values[operand.value];
        if (!operand.written || value.home != Home::arena) continue;
        if (operand.part && value.arena_slot != kNone) continue;  // where its first part is
        const size_t bytes = bytes_of(value);
        uint32_t best = slot_in_place(i, value);
        const bool in_place = best != kNone;
        for (uint32_t s = 0; s < slots.size() && !in_place; ++s) {
          if (plan_.arena_slots[s].slot != instruction.slot || slots[s].free_after >= i) continue;
          if (best == kNone) {
            best = s;
            continue;
          }
          const bool fits = slots[s].bytes >= bytes, best_fits = slots[best].bytes >= bytes;
          const bool tighter = fits && (!best_fits || slots[s].bytes < slots[best].bytes);
          if (tighter || (!best_fits && slots[s].bytes > slots[best].bytes)) best = s;
        }
        if (best == kNone) {
          best = static_cast<uint32_t>(slots.size());
          slots.push_back({0, 0});
          plan_.arena_slots.push_back({instruction.slot, {}});
        }
        slots[best].bytes = std::max(slots[best].bytes, bytes);
        slots[best].free_after = last_use_[operand.value];
        value.arena_slot = best;
        plan_.arena_slots[best].values.push_back(operand.value);
      }
    }
  }

  // Where a call may write over its first operand: the slot of that one, if it dies there.
  // Parts may be written before it, from instruction `first` on.
  uint32_t slot_in_place(uint32_t first, const Value& output) const {
    const uint32_t number = output.instruction;
    const Instruction& instruction = plan_.instructions[number];
    if (!instruction.in_place) return kNone;
    const Operand& base = instruction.buffers[0];
    const Value& value = plan_.values[base.value];
    if (value.instruction != kNone && value.instruction >= first) return kNone;
    if (value.home != Home::arena || value.arena_slot == kNone ||
        plan_.arena_slots[value.arena_slot].slot != instruction.slot ||
        size_of(value.dtype) != size_of(output.dtype)) {
      return kNone;
    }
    return dies_whole(instruction, number, 0) ? value.arena_slot : kNone;
  }

  // The call reads all of the operand in row-major order, for the last time and nowhere else.
  bool dies_whole(const Instruction& instruction, uint32_t number, uint32_t read) const {
    const uint32_t value = instruction.buffers[read].value;
    return reads_whole(instruction, read) && last_use_[value] == number && !is_published(value);
  }

  // An output may take the place of a leaf that dies in the same kernel. The buffer has at most one
  // copy per device, so an output that another device reads needs one of its own.
  void find_donors() {
    for (uint32_t i = 0; i < plan_.instructions.size(); ++i) {
      const Instruction& instruction = plan_.instructions[i];
      if (instruction.kind != Instruction::kernel) {
        if (instruction.in_place) donate_in_place(instruction, i);
        continue;
      }
      for (uint32_t w = 0; w < instruction.buffers.size(); ++w) {
        const Operand& target = instruction.buffers[w];
        Value& output = plan_.values[target.value];
        if (!target.written || target.part || output.home != Home::output ||
            read_elsewhere_[target.value])
          continue;
        for (uint32_t r = 0; r < instruction.buffers.size(); ++r) {
          if (may_donate(instruction, i, r, w))
            output.donors.push_back(instruction.buffers[r].value);
        }
      }
    }
  }

  void donate_in_place(const Instruction& instruction, uint32_t number) {
    const Operand &base = instruction.buffers[0], &target = instruction.buffers.back();
    const Value& leaf = plan_.values[base.value];
    Value& output = plan_.values[target.value];
    if (leaf.home != Home::leaf || output.home != Home::output || read_elsewhere_[target.value] ||
        last_segment_[base.value] > instruction.segment) {
      return;
    }
    if (dies_whole(instruction, number, 0)) output.donors.push_back(base.value);
  }

  bool may_donate(const Instruction& instruction, uint32_t number, uint32_t read,
                  uint32_t write) const {
    const uint32_t source = instruction.buffers[read].value;
    if (plan_.values[source].home != Home::leaf) return false;
    if (last_use_[source] != number || is_published(source)) return false;
    // Segments of other streams that are submitted later may hold earlier instructions.
    if (last_segment_[source] > instruction.segment) return false;
    return may_replace(plan_, instruction, read, write);
  }

  bool is_published(uint32_t value) const {
    return std::any_of(plan_.publications.begin(), plan_.publications.end(),
                       [&](const Publication& p) { return p.source.value == value; });
  }

  void collect_inputs() {
    for (Segment& segment : plan_.segments) {
      for (const uint32_t i : segment.instructions) {
        for (const Operand& operand : plan_.instructions[i].buffers) {
          const Home home = plan_.values[operand.value].home;
          const bool foreign = home == Home::leaf || made_elsewhere(operand.value, segment);
          if (operand.written || !foreign) continue;
          auto& inputs = segment.inputs;
          if (std::find(inputs.begin(), inputs.end(), operand.value) == inputs.end()) {
            inputs.push_back(operand.value);
          }
        }
        for (const uint32_t value : plan_.instructions[i].after) {
          if (plan_.values[value].home == Home::leaf) segment.after.push_back(value);
        }
      }
    }
  }

  bool made_elsewhere(uint32_t value, const Segment& segment) const {
    const uint32_t producer = plan_.values[value].instruction;
    return producer != kNone && plan_.instructions[producer].slot != segment.slot;
  }

  Plan& plan_;
  std::span<const int64_t> dims_;
  std::vector<uint32_t> last_use_;      // by value: the last instruction that touches it
  std::vector<uint32_t> last_segment_;  // by value: the last segment that touches it
  std::vector<bool> read_elsewhere_;    // by value: on another device than the one that makes it
};

}  // namespace

bool may_replace(const Plan& plan, const Instruction& instruction, uint32_t read, uint32_t write) {
  const Operand& source = instruction.buffers[read];
  const Operand& target = instruction.buffers[write];
  const Value& old_value = plan.values[source.value];
  const Value& new_value = plan.values[target.value];
  if (source.written || !target.written || size_of(old_value.dtype) != size_of(new_value.dtype)) {
    return false;
  }
  if (instruction.kind != Instruction::kernel) {
    const bool last = write + 1 == instruction.buffers.size();
    return instruction.in_place && read == 0 && last && reads_whole(instruction, read);
  }
  return source.views.empty() && readers(instruction, source.value) == 1 &&
         source.row == target.row && source.kept_axes == target.kept_axes &&
         old_value.first_dim == new_value.first_dim && old_value.rank == new_value.rank &&
         is_complex(old_value.dtype) == is_complex(new_value.dtype) &&
         kernel::may_alias(*instruction.text, static_cast<uint16_t>(read),
                           static_cast<uint16_t>(write));
}

void plan_memory(Plan& plan, std::span<const int64_t> dims) { MemoryPlanner(plan, dims).run(); }

}  // namespace tandem::passes
