#include "tandem/engine/export_digest.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "tandem/engine/devices.h"

namespace tandem::engine {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr uint64_t kFactor = 0x9e3779b97f4a7c15u;

// One to one in each of its arguments.
uint64_t mix(uint64_t digest, uint64_t word) {
  digest = (digest ^ word) * kFactor;
  return digest ^ digest >> 29;
}

uint64_t word_at(const std::byte* data) {
  uint64_t word = 0;
  std::memcpy(&word, data, sizeof(word));
  return word;
}

}  // namespace

uint64_t digest_of_mirrors(memory::Buffer& buffer) {
  uint64_t digest = 0;
  for (const memory::Copy& copy : buffer.copies()) {
    if (copy.device == kHost) continue;
    digest = mix(digest + 1, static_cast<uint64_t>(copy.device.index));
    digest = mix(digest, uint64_t{copy.valid.stream()} << 48 | copy.valid.sequence());
  }
  return digest;
}

uint64_t digest_of_elements(memory::Buffer& buffer, uint64_t mirrors) {
  if (mirrors == 0 || buffer.bytes() > kMostBytes) return 0;
  const memory::Copy* host = buffer.find(kHost);
  if (host == nullptr) return 0;
  const std::byte* data = host->data;
  const size_t bytes = buffer.bytes();
  constexpr size_t kLanes = 8;  // independent, so that they run side by side
  std::array<uint64_t, kLanes> lanes{};
  size_t at = 0;
  for (; at + 8 * kLanes <= bytes; at += 8 * kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = mix(lanes[lane], word_at(data + at + 8 * lane));
    }
  }
  uint64_t digest = mirrors;
  for (const uint64_t lane : lanes) digest = mix(digest, lane);
  for (; at < bytes; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, data + at, std::min<size_t>(8, bytes - at));
    digest = mix(digest, word);
  }
  return std::max<uint64_t>(digest, 1);
}

}  // namespace tandem::engine
