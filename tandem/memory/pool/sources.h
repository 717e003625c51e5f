// More sources of pools: the memory of a device backend, and a source that fails on purpose.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "tandem/device/backend.h"
#include "tandem/device/fault.h"
#include "tandem/memory/pool/pool.h"

namespace tandem::memory {

// Memory of `backend`, which must outlive the source.
std::unique_ptr<Source> make_backend_source(device::Backend& backend);

// Passes calls on to another source and refuses the allocations that `fault` names. A pool asks
// again for less, and after a trim: to see it fail, name the later calls too (Fault::onward).
class FailingSource final : public Source {
 public:
  // State that outlives the source and its pool, shared with the test.
  struct Control {
    std::atomic<uint64_t> calls{0};
    std::atomic<uint64_t> refused{0};
    std::atomic<uint64_t> first{0};  // 0: none
    std::atomic<bool> onward{false};
  };

  FailingSource(std::unique_ptr<Source> inner, std::shared_ptr<Control> control)
      : inner_(std::move(inner)), control_(std::move(control)) {}

  void* allocate(size_t bytes) override;
  void release(void* data, size_t bytes) override { inner_->release(data, bytes); }
  std::string_view name() const override { return inner_->name(); }
  size_t granularity() const override { return inner_->granularity(); }

 private:
  std::unique_ptr<Source> inner_;
  std::shared_ptr<Control> control_;
};

}  // namespace tandem::memory
