// Sites: where the user's program asked for each node (file and line), known only while somebody
// profiles. Whoever builds nodes for a user, such as the Python module, can tell where it is called
// from.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace tandem::graph {

class Node;

// Thread-safe. While nothing is recorded it costs a node one relaxed load.
class Sites {
 public:
  // The number of the place that asks for a node now; 0: unknown.
  using Locator = uint32_t (*)();

  static bool recording() { return recording_.load(std::memory_order_relaxed); }
  // Every node made from now on is noted, earlier notes are forgotten.
  static void start(Locator locator);
  static void stop();

  static void note(const Node* node);
  // The place of a node made while recording; 0: unknown.
  static uint32_t of(const Node* node);

  // Numbers of places, the same for the same text; numbers start at 1 and stay valid.
  static uint32_t intern(const std::string& place);
  static std::string text(uint32_t number);

 private:
  static std::atomic<bool> recording_;
};

}  // namespace tandem::graph
