// AddressSpace: the memory of one simulated GPU. Device addresses lie in a reserved window without
// any access rights, so that a host instruction that follows one faults; the bytes are kept
// elsewhere. Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace tandem::backends::simulated {

// What memory holds that nobody has written: every floating-point type reads it as NaN.
inline constexpr unsigned char kPoison = 0xff;

class AddressSpace {
 public:
  // `poison`: fresh and freed memory is filled with kPoison.
  AddressSpace(size_t bytes, bool poison);
  ~AddressSpace();
  AddressSpace(const AddressSpace&) = delete;

  // A multiple of 256; nullptr when no gap is large enough.
  std::byte* allocate(size_t bytes);
  // Raises InternalError unless allocate gave exactly this.
  void release(std::byte* data, size_t bytes);

  // Whether the address belongs to this device, allocated or not.
  bool owns(const void* address) const {
    const auto* data = static_cast<const std::byte*>(address);
    return data >= window_ && data < window_ + bytes_;
  }
  // Whether [begin, end) lies in one live allocation; an empty range needs none.
  bool is_live(const std::byte* begin, const std::byte* end) const;

  // Where the bytes of a device address are.
  std::byte* host(const void* address) const {
    return store_ + (static_cast<const std::byte*>(address) - window_);
  }

  size_t used() const;

 private:
  void merge_gap(std::byte* data, size_t bytes);

  size_t bytes_;
  bool poison_;
  std::byte* window_ = nullptr;
  std::byte* store_ = nullptr;
  mutable std::mutex mutex_;
  std::map<std::byte*, size_t> live_;
  std::map<std::byte*, size_t> gaps_;
  std::set<std::pair<size_t, std::byte*>> gaps_by_size_;
  size_t used_ = 0;
};

}  // namespace tandem::backends::simulated
