// Memory for one launch or one range of it, taken from what this thread has at hand and left there
// afterwards. Contents start out unspecified.
#pragma once

#include <cstddef>

namespace tandem::backends::common::interpreter {

class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(size_t bytes);
  ~Scratch();
  Scratch(Scratch&& other) noexcept;
  Scratch& operator=(Scratch&& other) noexcept;

  std::byte* data() const { return data_; }  // aligned to 64 bytes

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tandem::backends::common::interpreter
