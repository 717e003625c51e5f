#include "tandem/memory/residents.h"

#include "tandem/memory/buffer.h"

namespace tandem::memory {

Residents& Residents::instance() {
  static Residents* residents = new Residents;  // buffers may die after static objects
  return *residents;
}

void Residents::add(Buffer& buffer) {
  const std::lock_guard lock(mutex_);
  buffer.place_among_residents_ = buffers_.size();
  buffers_.push_back(&buffer);
}

void Residents::remove(Buffer& buffer) {
  const std::lock_guard lock(mutex_);
  const size_t place = buffer.place_among_residents_;
  buffers_[place] = buffers_.back();
  buffers_[place]->place_among_residents_ = place;
  buffers_.pop_back();
}

std::vector<Ref<Buffer>> Residents::all() const {
  std::vector<Ref<Buffer>> result;
  const std::lock_guard lock(mutex_);
  result.reserve(buffers_.size());
  for (Buffer* const buffer : buffers_) {
    // One whose last owner has gone waits for the mutex in its destructor.
    if (buffer->try_retain()) result.push_back(Ref<Buffer>::adopt(buffer));
  }
  return result;
}

size_t Residents::size() const {
  const std::lock_guard lock(mutex_);
  return buffers_.size();
}

}  // namespace tandem::memory
