#include "tandem/memory/buffer.h"

#include <algorithm>
#include <utility>

#include "tandem/base/check.h"
#include "tandem/memory/residents.h"

namespace tandem::memory {
namespace {

Points last_uses(const Copy& copy) {
  Points points = copy.uses;
  note(points, copy.valid);
  return points;
}

void give_back(const Copy& copy) {
  if (copy.pool == nullptr) return;
  const Points points = last_uses(copy);
  copy.pool->release(copy.data, copy.capacity, points);
}

}  // namespace

void Completion::fail(std::exception_ptr error) noexcept {
  std::vector<Ref<Completion>> failing{Ref<Completion>(this)};
  // Iterative: chains of dependents may be long.
  while (!failing.empty()) {
    const Ref<Completion> next = std::move(failing.back());
    failing.pop_back();
    int fresh = 0;
    if (!next->state_.compare_exchange_strong(fresh, 1, std::memory_order_relaxed)) continue;
    const std::lock_guard lock(next->mutex_);
    next->error_ = error;
    next->failed_.store(true, std::memory_order_release);
    for (auto& dependent : next->dependents_) failing.push_back(std::move(dependent));
    next->dependents_.clear();
  }
}

void Completion::add_dependent(Ref<Completion> other) {
  {
    const std::lock_guard lock(mutex_);
    if (!failed()) {
      dependents_.push_back(std::move(other));
      has_dependents_.store(true, std::memory_order_relaxed);
      return;
    }
  }
  other->fail(error());
}

void Completion::forget_dependents() {
  if (!has_dependents_.load(std::memory_order_relaxed)) return;
  std::vector<Ref<Completion>> done;
  const std::lock_guard lock(mutex_);
  done.swap(dependents_);
}

void note(Points& points, device::Point point) {
  if (point.never_waits()) return;
  for (device::Point& known : points) {
    if (known.stream() != point.stream()) continue;
    if (known.sequence() < point.sequence()) known = point;
    return;
  }
  points.push_back(point);
}

Buffer::~Buffer() {
  if (resident_) Residents::instance().remove(*this);
  Points foreign_uses;
  for (const Copy& copy : copies_) {
    if (copy.pool == nullptr) {
      for (const device::Point point : last_uses(copy)) note(foreign_uses, point);
    }
    give_back(copy);
  }
  if (foreign_owner_) Graveyard::instance().bury(std::move(foreign_owner_), foreign_uses);
}

void Buffer::set_file(std::shared_ptr<const FileMap> file, size_t offset) {
  file_ = file.get();
  file_offset_ = offset;
  foreign_owner_ = std::const_pointer_cast<FileMap>(std::move(file));
}

Copy* Buffer::find(Device device) {
  for (Copy& copy : copies_) {
    if (copy.device == device) return &copy;
  }
  return nullptr;
}

Copy& Buffer::add(Copy copy) {
  TANDEM_CHECK(find(copy.device) == nullptr, "a second copy on {}", to_string(copy.device));
  if (copy.device.type != DeviceType::cpu && !resident_) {
    resident_ = true;
    Residents::instance().add(*this);
  }
  return copies_.push_back(std::move(copy));
}

Copy& Buffer::origin() {
  TANDEM_CHECK(!copies_.empty(), "a buffer of {} bytes has no copy", bytes_);
  return copies_.front();
}

void Buffer::drop(Device device) {
  Copy* const copy = find(device);
  TANDEM_CHECK(copy != nullptr && copies_.size() > 1,
               "the only copy of {} bytes may not be dropped", bytes_);
  if (copy->pool == nullptr && foreign_owner_) {
    file_ = nullptr;
    Graveyard::instance().bury(std::exchange(foreign_owner_, nullptr), last_uses(*copy));
  }
  give_back(*copy);
  copies_.erase(copy);
}

bool Buffer::may_drop(Device device) {
  if (pinned() || other_than(device) == nullptr) return false;
  return device.type != DeviceType::cpu || (!handed_out_ && exports_ == 0 && !foreign_owner_);
}

Copy* Buffer::other_than(Device device) {
  for (Copy& copy : copies_) {
    if (copy.device == device) continue;
    if (!copy.completion || !copy.completion->failed()) return &copy;
  }
  return nullptr;
}

void Buffer::drop_mirrors(Device device) {
  if (find(device) == nullptr) return;
  while (copies_.size() > 1) drop(copies_[copies_[0].device == device ? 1 : 0].device);
}

void Buffer::drop_failed(Device device) {
  const Copy* const copy = find(device);
  const bool failed = copy != nullptr && copy->completion && copy->completion->failed();
  // The only copy stays: its failure is then that of the value.
  const bool again = failed && other_than(device) != nullptr;
  if (again && (!completion_ || !completion_->failed())) drop(device);
}

}  // namespace tandem::memory
