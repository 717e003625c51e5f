// Devices: the one place that knows which backends exist. The CPU is made at once, GPUs on first
// use.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "tandem/device/backend.h"
#include "tandem/kernel/launch.h"
#include "tandem/memory/pool/pool.h"
#include "tandem/runtime/scheduler.h"

namespace tandem::engine {

// The memory of the host as a place: copies of buffers there belong to this device.
inline constexpr Device kHost{DeviceType::cpu, 0};

struct DeviceEntry {
  Device device;
  std::unique_ptr<device::Backend> backend;
  std::unique_ptr<kernel::Compiler> compiler;
  std::unique_ptr<memory::Pool> own_pool;  // null where kernels use host memory
  memory::Pool* pool = nullptr;
  uint16_t copy_in = 0, copy_out = 0;  // streams of the copy engines
  // Where copies of this device's values are: the device itself or the host.
  Device place() const { return own_pool ? device : kHost; }
};

class Devices {
 public:
  explicit Devices(runtime::Scheduler& scheduler);

  int count(DeviceType type) const;
  // Raises DeviceError when there is no such device.
  DeviceEntry& get(Device device);
  DeviceEntry& cpu() { return cpu_; }
  memory::Pool& host_pool() { return *host_pool_; }
  // Whether one was made.
  bool has_gpu() const { return has_gpu_.load(std::memory_order_relaxed); }
  // Those made so far.
  std::vector<DeviceEntry*> made();
  // Limits of each pool, those made later included.
  void set_memory_limit(size_t bytes);
  void set_cache_limit(size_t bytes);

 private:
  std::unique_ptr<DeviceEntry> make_gpu(int index);

  runtime::Scheduler& scheduler_;
  std::unique_ptr<memory::Pool> host_pool_;
  DeviceEntry cpu_;
  std::atomic<bool> has_gpu_{false};
  std::optional<size_t> memory_limit_, cache_limit_;  // guarded by mutex_
  std::mutex mutex_;
  std::vector<std::unique_ptr<DeviceEntry>> gpus_;
};

}  // namespace tandem::engine
