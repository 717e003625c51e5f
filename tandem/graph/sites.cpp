#include "tandem/graph/sites.h"

#include <mutex>
#include <unordered_map>
#include <vector>

namespace tandem::graph {
namespace {

struct Table {
  std::mutex mutex;
  Sites::Locator locator = nullptr;
  std::unordered_map<const Node*, uint32_t> by_node;  // an address is used again: the last node's
  std::vector<std::string> texts;
  std::unordered_map<std::string, uint32_t> numbers;
};

Table& table() {
  static Table* table = new Table;  // threads may build nodes until the process ends
  return *table;
}

}  // namespace

constinit std::atomic<bool> Sites::recording_{false};

void Sites::start(Locator locator) {
  const std::lock_guard lock(table().mutex);
  table().by_node.clear();
  table().locator = locator;
  recording_.store(true, std::memory_order_relaxed);
}

void Sites::stop() {
  const std::lock_guard lock(table().mutex);
  recording_.store(false, std::memory_order_relaxed);
  table().by_node.clear();
}

void Sites::note(const Node* node) {
  Locator locator = nullptr;
  {
    const std::lock_guard lock(table().mutex);
    locator = table().locator;
  }
  const uint32_t place = locator ? locator() : 0;  // may intern
  const std::lock_guard lock(table().mutex);
  if (recording()) table().by_node[node] = place;
}

uint32_t Sites::of(const Node* node) {
  const std::lock_guard lock(table().mutex);
  const auto found = table().by_node.find(node);
  return found == table().by_node.end() ? 0 : found->second;
}

uint32_t Sites::intern(const std::string& place) {
  const std::lock_guard lock(table().mutex);
  const auto [found, fresh] =
      table().numbers.emplace(place, static_cast<uint32_t>(table().texts.size() + 1));
  if (fresh) table().texts.push_back(place);
  return found->second;
}

std::string Sites::text(uint32_t number) {
  const std::lock_guard lock(table().mutex);
  return number == 0 || number > table().texts.size() ? std::string() : table().texts[number - 1];
}

}  // namespace tandem::graph
