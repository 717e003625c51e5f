#include "tandem/passes/place.h"

#include <algorithm>

#include "tandem/base/check.h"

namespace tandem::passes {
namespace {

class Placer {
 public:
  explicit Placer(Plan& plan) : plan_(plan), open_(plan.devices.size(), kNone) {}

  void run() {
    for (uint32_t i = 0; i < plan_.instructions.size(); ++i) append(i);
  }

 private:
  // Segments on other streams whose values the instruction reads or depends on.
  std::vector<uint32_t> foreign_segments(uint32_t number) const {
    const Instruction& instruction = plan_.instructions[number];
    std::vector<uint32_t> result;
    for (const Operand& operand : instruction.buffers) {
      const uint32_t producer = plan_.values[operand.value].instruction;
      if (operand.written || producer == kNone) continue;
      TANDEM_CHECK(producer < number, "instruction {} reads what {} makes later", number, producer);
      const Instruction& source = plan_.instructions[producer];
      if (source.slot != instruction.slot) result.push_back(source.segment);
    }
    for (const uint32_t value : instruction.after) {
      const uint32_t producer = plan_.values[value].instruction;
      if (producer != kNone) result.push_back(plan_.instructions[producer].segment);
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
  }

  void append(uint32_t i) {
    Instruction& instruction = plan_.instructions[i];
    const std::vector<uint32_t> needed = foreign_segments(i);
    uint32_t& current = open_[instruction.slot];
    bool fits = current != kNone;
    for (const uint32_t segment : needed) {
      // What another stream waits for ends there, so that the wait is no longer than it must be.
      uint32_t& theirs = open_[plan_.segments[segment].slot];
      if (theirs == segment) theirs = kNone;
      if (!fits) continue;
      const auto& waits = plan_.segments[current].waits;
      fits = std::find(waits.begin(), waits.end(), segment) != waits.end();
    }
    if (!fits) {
      current = static_cast<uint32_t>(plan_.segments.size());
      Segment fresh;
      fresh.slot = instruction.slot;
      fresh.waits = needed;
      plan_.segments.push_back(std::move(fresh));
    }
    instruction.segment = current;
    plan_.segments[current].instructions.push_back(i);
  }

  Plan& plan_;
  std::vector<uint32_t> open_;  // by slot: the segment that still takes instructions
};

}  // namespace

void place(Plan& plan) { Placer(plan).run(); }

}  // namespace tandem::passes
