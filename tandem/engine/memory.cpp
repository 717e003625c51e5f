#include "tandem/engine/memory.h"

#include "tandem/engine/engine.h"

namespace tandem {
namespace {

engine::Devices& devices() { return engine::Engine::instance().devices(); }

memory::Pool& pool_of(std::optional<Device> device) {
  return *devices().get(device.value_or(Device{})).pool;
}

}  // namespace

size_t get_active_memory() { return inspect::memory().active; }
size_t get_peak_memory() { return inspect::memory().peak; }
size_t get_cache_memory() { return inspect::memory().cached; }
void reset_peak_memory() { inspect::reset_peak_memory(); }
void clear_cache() { inspect::clear_cache(); }

size_t set_memory_limit(size_t bytes, std::optional<Device> device) {
  const size_t before = pool_of(device).cap();
  if (device) {
    pool_of(device).set_cap(bytes);
  } else {
    devices().set_memory_limit(bytes);
  }
  return before;
}

size_t get_memory_limit(Device device) { return pool_of(device).cap(); }

size_t set_cache_limit(size_t bytes, std::optional<Device> device) {
  const size_t before = pool_of(device).cache_limit();
  if (device) {
    pool_of(device).set_cache_limit(bytes);
  } else {
    devices().set_cache_limit(bytes);
  }
  return before;
}

}  // namespace tandem
