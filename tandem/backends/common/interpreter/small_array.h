// A fixed-size array of plain values that needs no allocation while it is small. Contents start out
// unspecified.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace tandem::backends::common::interpreter {

template <class T, size_t kInside>
class SmallArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  SmallArray() = default;
  explicit SmallArray(size_t size) { resize(size); }
  SmallArray(const SmallArray&) = delete;
  SmallArray& operator=(const SmallArray&) = delete;

  // Contents are lost.
  void resize(size_t size) {
    size_ = size;
    if (size > kInside) outside_ = std::make_unique_for_overwrite<T[]>(size);
  }

  size_t size() const { return size_; }
  T* data() { return size_ > kInside ? outside_.get() : inside_; }
  const T* data() const { return size_ > kInside ? outside_.get() : inside_; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }
  operator std::span<const T>() const { return {data(), size_}; }

 private:
  size_t size_ = 0;
  T inside_[kInside];
  std::unique_ptr<T[]> outside_;
};

}  // namespace tandem::backends::common::interpreter
