#include "tandem/engine/devices.h"

#include "tandem/backends/cpu/cpu.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/base/check.h"
#include "tandem/base/log.h"
#include "tandem/base/settings.h"
#include "tandem/engine/kernel_cache.h"
#include "tandem/memory/limit.h"
#include "tandem/memory/pool/sources.h"

namespace tandem::engine {

Devices::Devices(runtime::Scheduler& scheduler) : scheduler_(scheduler) {
  host_pool_ = std::make_unique<memory::Pool>(memory::make_host_source(), scheduler.timeline(),
                                              memory::memory_limit());
  cpu_.device = kHost;
  cpu_.backend = backends::cpu::make_cpu_backend();
  cpu_.compiler = std::make_unique<CachingCompiler>(backends::cpu::make_cpu_compiler());
  cpu_.pool = host_pool_.get();
  gpus_.resize(static_cast<size_t>(count(DeviceType::gpu)));
}

int Devices::count(DeviceType type) const {
  if (type == DeviceType::cpu) return 1;
  return settings().gpu == "none" ? 0 : static_cast<int>(settings().gpu_count);
}

DeviceEntry& Devices::get(Device device) {
  TANDEM_USER(device.index >= 0 && device.index < count(device.type), DeviceError, "device",
              "there is no {}: this machine has {} of its type", to_string(device),
              count(device.type));
  if (device.type == DeviceType::cpu) return cpu_;
  const std::lock_guard lock(mutex_);
  auto& entry = gpus_[static_cast<size_t>(device.index)];
  if (!entry) entry = make_gpu(device.index);
  return *entry;
}

std::unique_ptr<DeviceEntry> Devices::make_gpu(int index) {
  auto entry = std::make_unique<DeviceEntry>();
  entry->device = {DeviceType::gpu, index};
  entry->backend = backends::simulated::make_simulated_backend(index);
  entry->compiler =
      std::make_unique<CachingCompiler>(backends::simulated::make_simulated_compiler());
  warn_once("simulated gpu",
            "no GPU is used: mx.gpu is simulated on the CPU, its times are those of a model");
  entry->own_pool = std::make_unique<memory::Pool>(memory::make_backend_source(*entry->backend),
                                                   scheduler_.timeline(),
                                                   entry->backend->capabilities().memory_bytes);
  entry->pool = entry->own_pool.get();
  if (memory_limit_) entry->pool->set_cap(*memory_limit_);
  if (cache_limit_) entry->pool->set_cache_limit(*cache_limit_);
  entry->copy_in = scheduler_.create_stream(*entry->backend);
  entry->copy_out = scheduler_.create_stream(*entry->backend);
  has_gpu_ = true;
  return entry;
}

void Devices::set_memory_limit(size_t bytes) {
  for (DeviceEntry* const entry : made()) entry->pool->set_cap(bytes);
  const std::lock_guard lock(mutex_);
  memory_limit_ = bytes;
}

void Devices::set_cache_limit(size_t bytes) {
  for (DeviceEntry* const entry : made()) entry->pool->set_cache_limit(bytes);
  const std::lock_guard lock(mutex_);
  cache_limit_ = bytes;
}

std::vector<DeviceEntry*> Devices::made() {
  std::vector<DeviceEntry*> result{&cpu_};
  const std::lock_guard lock(mutex_);
  for (auto& gpu : gpus_) {
    if (gpu) result.push_back(gpu.get());
  }
  return result;
}

}  // namespace tandem::engine
