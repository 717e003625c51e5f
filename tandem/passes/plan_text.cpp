#include <fmt/format.h>

#include "tandem/passes/plan.h"
#include "tandem/passes/traffic.h"

namespace tandem::passes {
namespace {

const char* name_of(Home home) {
  switch (home) {
    case Home::leaf:
      return "input";
    case Home::output:
      return "output";
    case Home::transient:
      return "transient";
    case Home::arena:
      return "arena";
    default:
      return "generated";
  }
}

std::string operand_text(const Plan& plan, const Operand& operand) {
  const Value& value = plan.values[operand.value];
  std::string text = fmt::format("%{}:{}", operand.value, tandem::name_of(value.dtype));
  for (const ViewStep& step : operand.views) text += fmt::format(".{}", graph::name_of(step.op));
  return text;
}

}  // namespace

std::string Plan::text(std::span<const int64_t> dims) const {
  std::string result = fmt::format("plan: {} nodes, {} kernels, {} segments\n", node_count,
                                   instructions.size(), segments.size());
  for (uint32_t s = 0; s < segments.size(); ++s) {
    const Segment& segment = segments[s];
    result += fmt::format("segment {} on {} (stream slot {})", s, to_string(devices[segment.slot]),
                          segment.slot);
    for (const uint32_t wait : segment.waits) result += fmt::format(" after segment {}", wait);
    result += '\n';
    for (const uint32_t i : segment.instructions) {
      const Instruction& instruction = instructions[i];
      result += fmt::format(
          "  {} [{}] nodes={}:", instruction.kind == Instruction::kernel ? "kernel" : "library",
          instruction.label, instruction.node_count);
      for (const Operand& operand : instruction.buffers) {
        if (!operand.written) result += " " + operand_text(*this, operand);
      }
      result += " ->";
      for (const Operand& operand : instruction.buffers) {
        if (!operand.written) continue;
        const Value& value = values[operand.value];
        result += fmt::format(" {} ({})", operand_text(*this, operand), name_of(value.home));
        for (const uint32_t donor : value.donors) result += fmt::format(" may replace %{}", donor);
      }
      if (!dims.empty()) {
        const Traffic traffic = traffic_of(*this, instruction, dims);
        result += fmt::format("; reads {} bytes, writes {}", traffic.read, traffic.written);
      }
      result += '\n';
    }
  }
  return result;
}

}  // namespace tandem::passes
