#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "tandem/memory/buffer.h"
#include "tandem/memory/points.h"

namespace tandem::memory {

struct Graveyard::Impl {
  struct Grave {
    std::shared_ptr<void> owner;
    Points last_uses;
  };
  mutable std::mutex mutex;
  std::vector<Grave> graves;
  std::atomic<bool> occupied{false};  // written under the mutex; asked by every call from Python
};

Graveyard::Graveyard() : impl_(std::make_unique<Impl>()) {}

Graveyard& Graveyard::instance() {
  static Graveyard* graveyard = new Graveyard;  // buffers may die after static objects
  return *graveyard;
}

void Graveyard::bury(std::shared_ptr<void> owner, Points last_uses) {
  const std::lock_guard lock(impl_->mutex);
  impl_->graves.push_back({std::move(owner), std::move(last_uses)});
  impl_->occupied.store(true, std::memory_order_relaxed);
}

size_t Graveyard::drain(const device::Timeline& timeline) {
  if (!impl_->occupied.load(std::memory_order_relaxed)) return 0;
  std::vector<Impl::Grave> released;  // let go after the lock: owners run foreign code
  {
    const std::lock_guard lock(impl_->mutex);
    auto& graves = impl_->graves;
    const auto done = std::stable_partition(graves.begin(), graves.end(), [&](const auto& grave) {
      return !all_reached(grave.last_uses, timeline);
    });
    released.assign(std::make_move_iterator(done), std::make_move_iterator(graves.end()));
    graves.erase(done, graves.end());
    impl_->occupied.store(!graves.empty(), std::memory_order_relaxed);
  }
  return released.size();
}

size_t Graveyard::size() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->graves.size();
}

}  // namespace tandem::memory
