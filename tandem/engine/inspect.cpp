#include "tandem/engine/inspect.h"

#include "tandem/engine/engine.h"

namespace tandem::inspect {
namespace {

engine::Engine& the_engine() { return engine::Engine::instance(); }

}  // namespace

Counters counters() { return the_engine().counters(); }

Memory memory(Device device) {
  const memory::PoolStatistics statistics = the_engine().devices().get(device).pool->statistics();
  return {statistics.active_bytes, statistics.peak_bytes, statistics.cached_bytes};
}

Memory memory() {
  Memory total;
  for (engine::DeviceEntry* entry : the_engine().devices().made()) {
    const memory::PoolStatistics statistics = entry->pool->statistics();
    total.active += statistics.active_bytes;
    total.peak += statistics.peak_bytes;
    total.cached += statistics.cached_bytes;
  }
  return total;
}

void reset_peak_memory() {
  for (engine::DeviceEntry* entry : the_engine().devices().made()) entry->pool->reset_peak();
}

void clear_cache() { the_engine().clear_cache(); }

std::vector<SiteUse> placement() { return the_engine().placement(); }

int64_t live_nodes() { return graph::Node::live_count(); }

std::string plan_text(std::span<const array> arrays) { return the_engine().plan_text(arrays); }

std::map<std::string, std::string> device_info(Device device) {
  const device::Capabilities& capabilities =
      the_engine().devices().get(device).backend->capabilities();
  std::map<std::string, std::string> result = capabilities.details;
  result["device_name"] = capabilities.name;
  result["simulated"] = capabilities.simulated ? "true" : "false";
  result["memory_size"] = std::to_string(capabilities.memory_bytes);
  return result;
}

}  // namespace tandem::inspect
