// SmallVector: a vector whose first N elements live inside the object. For trivially copyable or
// movable element types; grows by doubling.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <utility>

namespace tandem {

template <class T, size_t N>
class SmallVector {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  SmallVector() = default;
  explicit SmallVector(size_t count, const T& value = T()) { resize(count, value); }
  SmallVector(std::initializer_list<T> values) { append(values.begin(), values.end()); }
  explicit SmallVector(std::span<const T> values) { append(values.begin(), values.end()); }
  template <class It>
  SmallVector(It first, It last) {
    append(first, last);
  }
  SmallVector(const SmallVector& other) { append(other.begin(), other.end()); }
  SmallVector(SmallVector&& other) noexcept { take(other); }
  SmallVector& operator=(const SmallVector& other) {
    if (this != &other) {
      clear();
      append(other.begin(), other.end());
    }
    return *this;
  }
  SmallVector& operator=(SmallVector&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~SmallVector() { reset(); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t capacity() const { return capacity_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }

  void reserve(size_t count) {
    if (count > capacity_) grow(count);
  }
  T& push_back(T value) {
    if (size_ == capacity_) grow(size_ + 1);
    return *new (data_ + size_++) T(std::move(value));
  }
  template <class... Args>
  T& emplace_back(Args&&... args) {
    return push_back(T{std::forward<Args>(args)...});
  }
  void pop_back() { data_[--size_].~T(); }
  template <class It>
  void append(It first, It last) {
    reserve(size_ + static_cast<size_t>(std::distance(first, last)));
    for (; first != last; ++first) new (data_ + size_++) T(*first);
  }
  void insert(iterator position, T value) {
    const size_t index = static_cast<size_t>(position - data_);
    push_back(std::move(value));
    std::rotate(data_ + index, data_ + size_ - 1, data_ + size_);
  }
  void erase(iterator position) {
    std::move(position + 1, end(), position);
    pop_back();
  }
  // `value` is taken by copy: it may be an element of this vector.
  void resize(size_t count, T value = T()) {
    while (size_ > count) pop_back();
    reserve(count);
    while (size_ < count) new (data_ + size_++) T(value);
  }
  void clear() {
    std::destroy(begin(), end());
    size_ = 0;
  }

  bool operator==(const SmallVector& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }
  operator std::span<const T>() const { return {data_, size_}; }
  operator std::span<T>() { return {data_, size_}; }

 private:
  T* inline_data() { return std::launder(reinterpret_cast<T*>(storage_)); }
  bool is_inline() const {
    return static_cast<const void*>(data_) == static_cast<const void*>(storage_);
  }

  void grow(size_t count) {
    const size_t capacity = std::max(count, capacity_ * 2);
    T* fresh = std::allocator<T>().allocate(capacity);
    std::uninitialized_move(begin(), end(), fresh);
    std::destroy(begin(), end());
    if (!is_inline()) std::allocator<T>().deallocate(data_, capacity_);
    data_ = fresh;
    capacity_ = capacity;
  }
  void take(SmallVector& other) {
    if (other.is_inline()) {
      std::uninitialized_move(other.begin(), other.end(), data_);
      size_ = other.size_;
      other.clear();
    } else {
      data_ = std::exchange(other.data_, other.inline_data());
      size_ = std::exchange(other.size_, 0);
      capacity_ = std::exchange(other.capacity_, N);
    }
  }
  void reset() {
    clear();
    if (!is_inline()) std::allocator<T>().deallocate(data_, capacity_);
    data_ = inline_data();
    capacity_ = N;
  }

  alignas(T) std::byte storage_[sizeof(T) * N];
  T* data_ = reinterpret_cast<T*>(storage_);
  size_t size_ = 0;
  size_t capacity_ = N;
};

}  // namespace tandem
