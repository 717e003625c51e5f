#include "tandem/backends/common/interpreter/scratch.h"

#include <new>
#include <utility>

namespace tandem::backends::common::interpreter {
namespace {

constexpr size_t kMostKept = size_t{8} << 20;
constexpr std::align_val_t kAlignment{64};

struct Block {
  std::byte* data = nullptr;
  size_t size = 0;
  ~Block() { release(); }
  void release() {
    if (data != nullptr) ::operator delete[](data, kAlignment);
    data = nullptr;
    size = 0;
  }
};

// One block a thread; a second one at the same time comes from the heap.
Block& spare() {
  thread_local Block block;
  return block;
}

}  // namespace

Scratch::Scratch(size_t bytes) {
  if (bytes == 0) return;
  Block& block = spare();
  if (block.size < bytes) {
    block.release();
    block.data = static_cast<std::byte*>(::operator new[](bytes, kAlignment));
    block.size = bytes;
  }
  data_ = std::exchange(block.data, nullptr);
  size_ = std::exchange(block.size, 0);
}

Scratch::~Scratch() {
  if (data_ == nullptr) return;
  Block& block = spare();
  if (size_ <= block.size || size_ > kMostKept) {
    ::operator delete[](data_, kAlignment);
    return;
  }
  block.release();
  block.data = data_;
  block.size = size_;
}

Scratch::Scratch(Scratch&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Scratch& Scratch::operator=(Scratch&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace tandem::backends::common::interpreter
