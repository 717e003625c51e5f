// StreamTable: one T per stream id, at a stable address, made in chunks when first asked for.
// Memory is used for the ids in use only. Thread-safe; reads take no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tandem::device {

inline constexpr size_t kStreamIds = 65536;

template <class T, size_t kPerChunk>
class StreamTable {
 public:
  StreamTable() = default;
  StreamTable(const StreamTable&) = delete;
  StreamTable& operator=(const StreamTable&) = delete;
  ~StreamTable() {
    for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
  }

  // The entry of `stream`, default-constructed on first use.
  T& operator[](uint16_t stream) {
    if (T* entry = find(stream)) [[likely]]
      return *entry;
    auto* fresh = new Chunk;
    Chunk* expected = nullptr;
    auto& slot = chunks_[stream / kPerChunk];
    if (!slot.compare_exchange_strong(expected, fresh, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      delete fresh;  // another thread was first
      return (*expected)[stream % kPerChunk];
    }
    return (*fresh)[stream % kPerChunk];
  }

  // nullptr when neither this id nor a neighbour in its chunk was ever used.
  T* find(uint16_t stream) const {
    Chunk* chunk = chunks_[stream / kPerChunk].load(std::memory_order_acquire);
    return chunk ? &(*chunk)[stream % kPerChunk] : nullptr;
  }

  // Calls f(entry) for every entry made so far.
  template <class F>
  void for_each(F f) const {
    for (auto& slot : chunks_) {
      Chunk* chunk = slot.load(std::memory_order_acquire);
      if (!chunk) continue;
      for (T& entry : *chunk) f(entry);
    }
  }

 private:
  static_assert(kStreamIds % kPerChunk == 0);
  using Chunk = std::array<T, kPerChunk>;
  std::array<std::atomic<Chunk*>, kStreamIds / kPerChunk> chunks_{};
};

}  // namespace tandem::device
