// Plans of small graphs, for tests of single passes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tandem/engine/engine.h"
#include "tandem/graph/flat_graph.h"
#include "tandem/passes/planner.h"
#include "tandem/tandem.h"

namespace tandem::passes {

inline constexpr Device kCpu{DeviceType::cpu, 0};
inline constexpr Device kGpu{DeviceType::gpu, 0};

inline std::shared_ptr<Plan> plan_of(std::vector<array> roots, bool fusion = true) {
  graph::Walk walk;
  walk.run(roots);
  return make_plan(graph::flatten(walk), walk.key, {fusion, true}, [](Device device) -> auto& {
    return *engine::Engine::instance().devices().get(device).compiler;
  });
}

// "multiply add exp | matmul": the labels of the instructions in order.
inline std::string labels(const Plan& plan) {
  std::string text;
  for (const Instruction& instruction : plan.instructions) {
    text += (text.empty() ? "" : " | ") + instruction.label;
  }
  return text;
}

// An evaluated array of float32.
inline array leaf(std::initializer_list<int64_t> shape, Dtype dtype = Dtype::float32) {
  const Shape extents(shape);
  const std::vector<std::byte> data(static_cast<size_t>(element_count(extents)) * size_of(dtype));
  return array::from_bytes(data.data(), extents, dtype);
}

}  // namespace tandem::passes
