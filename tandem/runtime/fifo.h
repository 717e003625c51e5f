// Fifo: a queue in a ring that grows by doubling. Slots are reused without being destroyed, so that
// elements may keep their capacity: push returns a slot to fill, and whoever pops has emptied it.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace tandem::runtime {

template <class T>
class Fifo {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  T& front() { return slots_[head_]; }
  // The i-th element from the front.
  T& operator[](size_t i) { return slots_[(head_ + i) & (slots_.size() - 1)]; }

  T& push() {
    if (size_ == slots_.size()) grow();
    return (*this)[size_++];
  }
  void pop() {
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
  }

 private:
  void grow() {
    std::vector<T> fresh(slots_.empty() ? 4 : slots_.size() * 2);
    for (size_t i = 0; i < size_; ++i) fresh[i] = std::move((*this)[i]);
    slots_ = std::move(fresh);
    head_ = 0;
  }

  std::vector<T> slots_;
  size_t head_ = 0;
  size_t size_ = 0;
};

}  // namespace tandem::runtime
