#include "tandem/engine/memory.h"

#include "tandem/engine/engine.h"

namespace tandem {
namespace {

engine::Devices& devices() { return engine::Engine::instance().devices(); }

// Calls f(pool) for the device's pool, or for those of all devices; what f returned for the first.
template <class F>
size_t for_pools(std::optional<Device> device, F&& f) {
  if (device) return f(*devices().get(*device).pool);
  std::optional<size_t> first;
  for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu}) {
    for (int i = 0; i < devices().count(type); ++i) {
      const size_t result = f(*devices().get({type, i}).pool);
      if (!first) first = result;
    }
  }
  return first.value_or(0);
}

}  // namespace

size_t get_active_memory() { return inspect::memory().active; }
size_t get_peak_memory() { return inspect::memory().peak; }
size_t get_cache_memory() { return inspect::memory().cached; }
void reset_peak_memory() { inspect::reset_peak_memory(); }
void clear_cache() { inspect::clear_cache(); }

size_t set_memory_limit(size_t bytes, std::optional<Device> device) {
  return for_pools(device, [&](memory::Pool& pool) {
    const size_t before = pool.cap();
    pool.set_cap(bytes);
    return before;
  });
}

size_t get_memory_limit(Device device) { return devices().get(device).pool->cap(); }

size_t set_cache_limit(size_t bytes, std::optional<Device> device) {
  return for_pools(device, [&](memory::Pool& pool) {
    const size_t before = pool.cache_limit();
    pool.set_cache_limit(bytes);
    return before;
  });
}

}  // namespace tandem
