#include <chrono>
#include <cstdlib>
#include <cstring>

#include "tandem/backends/common/thread_pool.h"
#include "tandem/backends/cpu/capabilities.h"
#include "tandem/backends/cpu/cpu.h"
#include "tandem/backends/cpu/executable.h"
#include "tandem/base/check.h"

namespace tandem::backends::cpu {
namespace {

constexpr size_t kAlignment = 256;
constexpr int64_t kPieceBytes = 1 << 20;  // of a copy or a fill, worth a second thread

class CpuQueue final : public device::Queue {
 public:
  CpuQueue(uint16_t stream, device::Timeline& timeline) : stream_(stream), timeline_(timeline) {}

  void finish(uint64_t sequence) { timeline_.advance(device::Point(stream_, sequence)); }

  void wait(device::Point point) const {
    while (!timeline_.wait(point, std::chrono::hours(1))) {
    }
  }

 private:
  uint16_t stream_;
  device::Timeline& timeline_;
};

CpuQueue& own(device::Queue& queue) { return static_cast<CpuQueue&>(queue); }

// Calls f(offset, size) on pieces that cover `bytes`.
template <class F>
void for_pieces(size_t bytes, F&& f) {
  common::parallel_for(static_cast<int64_t>(bytes), kPieceBytes, [&](int64_t begin, int64_t end) {
    f(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  });
}

class CpuBackend final : public device::Backend {
 public:
  CpuBackend()
      : capabilities_(read_capabilities()),
        memory_(physical_memory() > 0 ? physical_memory() : size_t{1} << 40) {}

  Device device() const override { return {DeviceType::cpu, 0}; }
  const device::Capabilities& capabilities() const override { return capabilities_; }

  void* allocate(size_t bytes) override {
    // The system would promise more than there is and end the process later.
    if (bytes > memory_) return nullptr;
    return std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  }

  void release(void* data, size_t) override { std::free(data); }

  // Work runs before submission returns, so that failures raise there and `on_failure` is never
  // called.
  std::unique_ptr<device::Queue> create_queue(
      uint16_t stream, device::Timeline& timeline,
      std::function<void(uint64_t sequence, std::exception_ptr error)>) override {
    return std::make_unique<CpuQueue>(stream, timeline);
  }

  // Blocks the calling thread: its later work is what has to wait.
  void wait(device::Queue& queue, device::Point point) override { own(queue).wait(point); }

  void launch(device::Queue&, const device::Executable& executable,
              const device::LaunchArguments& arguments) override {
    static_cast<const CpuExecutable&>(executable).run(arguments);
  }

  void copy(device::Queue&, device::CopyDirection, void* target, const void* source,
            size_t bytes) override {
    for_pieces(bytes, [&](size_t offset, size_t size) {
      std::memcpy(static_cast<std::byte*>(target) + offset,
                  static_cast<const std::byte*>(source) + offset, size);
    });
  }

  void fill(device::Queue&, void* target, size_t bytes, uint8_t value) override {
    for_pieces(bytes, [&](size_t offset, size_t size) {
      std::memset(static_cast<std::byte*>(target) + offset, value, size);
    });
  }

  void finish(device::Queue& queue, uint64_t sequence) override { own(queue).finish(sequence); }

 private:
  device::Capabilities capabilities_;
  size_t memory_;
};

}  // namespace

std::unique_ptr<device::Backend> make_cpu_backend() { return std::make_unique<CpuBackend>(); }

}  // namespace tandem::backends::cpu
