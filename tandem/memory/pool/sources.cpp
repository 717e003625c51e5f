#include "tandem/memory/pool/sources.h"

#include "tandem/device/ids.h"

namespace tandem::memory {
namespace {

class BackendSource final : public Source {
 public:
  explicit BackendSource(device::Backend& backend)
      : backend_(backend), name_(to_string(backend.device())) {}

  void* allocate(size_t bytes) override { return backend_.allocate(bytes); }
  void release(void* data, size_t bytes) override { backend_.release(data, bytes); }
  std::string_view name() const override { return name_; }
  size_t granularity() const override { return size_t{64} << 10; }

 private:
  device::Backend& backend_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Source> make_backend_source(device::Backend& backend) {
  return std::make_unique<BackendSource>(backend);
}

void* FailingSource::allocate(size_t bytes) {
  const uint64_t call = control_->calls.fetch_add(1, std::memory_order_relaxed) + 1;
  const device::Fault fault{control_->first.load(std::memory_order_relaxed),
                            control_->onward.load(std::memory_order_relaxed)};
  if (!fault.hits(call)) return inner_->allocate(bytes);
  control_->refused.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

}  // namespace tandem::memory
