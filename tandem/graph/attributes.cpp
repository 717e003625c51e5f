#include "tandem/graph/attributes.h"

#include <map>
#include <memory>
#include <mutex>

namespace tandem::graph {

const Attributes* intern(std::span<const int64_t> words) {
  if (words.empty()) return nullptr;
  struct Table {
    std::mutex mutex;
    std::map<std::vector<int64_t>, std::unique_ptr<Attributes>> entries;
  };
  static Table* table = new Table;  // used by nodes that die in static destructors
  std::vector<int64_t> key(words.begin(), words.end());
  const std::lock_guard lock(table->mutex);
  std::unique_ptr<Attributes>& entry = table->entries[key];
  if (!entry) entry = std::make_unique<Attributes>(Attributes{std::move(key)});
  return entry.get();
}

}  // namespace tandem::graph
