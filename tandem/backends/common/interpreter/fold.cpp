#include "tandem/backends/common/interpreter/fold.h"

#include <algorithm>
#include <cstring>

#include "tandem/backends/common/interpreter/worker.h"

namespace tandem::backends::common::interpreter {
namespace {

using kernel::Reduction;
using kernel::Type;

template <class F>
void with_lane(const Combination& how, F&& f) {
  switch (how.type) {
    case Type::f32:
      return f(float{});
    case Type::f64:
      return f(double{});
    case Type::i64:
      return how.is_unsigned ? f(uint64_t{}) : f(int64_t{});
    default:
      return how.is_unsigned ? f(uint32_t{}) : f(int32_t{});
  }
}

// Whether a newer element takes the place of the extreme so far: ties keep the older one.
template <class T>
bool takes_over(T newer, T older, bool largest) {
  if (older != older) return false;
  if (newer != newer) return true;
  return largest ? newer > older : newer < older;
}

}  // namespace

Fold::Fold(const Combination& how, int64_t width, bool folds_left)
    : how_(how),
      width_(static_cast<size_t>(padded_columns(width))),
      value_bytes_(width_ * tile_size(how.type)),
      folds_left_(folds_left) {
  if (how.is_arg) {
    best_.resize(entry_bytes());
  } else if (width > 1) {
    accumulators_.resize(static_cast<size_t>(kGroup) * value_bytes_);
  }
}

void Fold::begin() {
  depth_ = 0;
  chunks_ = 0;
  in_chunk_ = 0;
  if (how_.is_arg) std::memset(best_.data() + value_bytes_, 0xff, width_ * sizeof(int64_t));
}

std::byte* Fold::level(size_t number) {
  if (stack_.size() < (number + 1) * value_bytes_) stack_.resize((number + 4) * value_bytes_);
  return stack_.data() + number * value_bytes_;
}

void Fold::combine(std::byte* out, const std::byte* older, const std::byte* newer, size_t n) const {
  const Register registers[] = {{out, ~size_t{0}},
                                {const_cast<std::byte*>(older), ~size_t{0}},
                                {const_cast<std::byte*>(newer), ~size_t{0}}};
  constexpr uint16_t operands[] = {0, 1, 2};
  how_.combine(registers, operands, n);
}

void Fold::add_chunk(const std::byte* tile, int64_t n, int64_t first) {
  if (how_.is_arg) {
    const int64_t at = how_.arg(tile, static_cast<size_t>(n));
    merge_arg_rows(tile + static_cast<size_t>(at) * tile_size(how_.type), 0, first + at);
    return;
  }
  alignas(64) std::byte entry[512] = {};
  how_.chunk(tile, static_cast<size_t>(whole_groups(n)), entry);
  push(entry);
}

void Fold::add_rows(const std::byte* tile, int64_t rows, int64_t first) {
  if (how_.is_arg) return merge_arg_rows(tile, rows, first);
  int64_t done = 0;
  while (done < rows) {
    const int64_t slot = in_chunk_ % kGroup;
    const int64_t run = std::min(rows - done, kGroup - slot);
    std::byte* const to = accumulators_.data() + static_cast<size_t>(slot) * value_bytes_;
    const std::byte* const from = tile + static_cast<size_t>(done) * value_bytes_;
    if (in_chunk_ < kGroup) {
      std::memcpy(to, from, static_cast<size_t>(run) * value_bytes_);
    } else {
      combine(to, to, from, static_cast<size_t>(run) * width_);
    }
    done += run;
    in_chunk_ += run;
  }
}

void Fold::close_chunk() {
  if (how_.is_arg || in_chunk_ == 0) return;
  int64_t present = std::min(in_chunk_, kGroup);
  for (int64_t w = kGroup / 2; w > 0; w /= 2) {
    const int64_t pairs = std::min(w, present - w);
    if (pairs > 0) {
      std::byte* const low = accumulators_.data();
      combine(low, low, low + static_cast<size_t>(w) * value_bytes_,
              static_cast<size_t>(pairs) * width_);
    }
    present = std::min(present, w);
  }
  in_chunk_ = 0;
  push(accumulators_.data());
}

void Fold::push(const std::byte* entry) {
  if (how_.is_arg) return merge_arg(entry);
  std::memcpy(level(depth_), entry, value_bytes_);
  ++depth_;
  const uint64_t merges = folds_left_ ? (chunks_ == 0 ? 0 : 1) : chunks_;
  for (uint64_t bit = 1; (merges & bit) != 0; bit *= 2) {
    combine(level(depth_ - 2), level(depth_ - 2), level(depth_ - 1), width_);
    --depth_;
  }
  ++chunks_;
}

const std::byte* Fold::finish() {
  if (how_.is_arg) return best_.data();
  if (depth_ == 0) {
    const uint64_t identity = tile_bits(how_.type, how_.identity);
    const size_t size = tile_size(how_.type);
    std::byte* const out = level(0);
    for (size_t i = 0; i < width_; ++i) std::memcpy(out + i * size, &identity, size);
    return out;
  }
  for (; depth_ > 1; --depth_) {
    combine(level(depth_ - 2), level(depth_ - 2), level(depth_ - 1), width_);
  }
  return level(0);
}

void Fold::read(const std::byte* entry, std::span<uint64_t> results) const {
  const auto each = [&](auto word, const std::byte* from, auto f) {
    const auto* words = reinterpret_cast<const decltype(word)*>(from);
    for (size_t i = 0; i < results.size(); ++i) results[i] = static_cast<uint64_t>(f(words[i]));
  };
  if (how_.is_arg) {
    each(int64_t{}, entry + value_bytes_, [](int64_t x) { return x < 0 ? 0 : x; });
  } else if (how_.type == Type::b1) {
    each(uint32_t{}, entry, [](uint32_t x) { return x & 1; });
  } else if (tile_size(how_.type) == 4) {
    each(uint32_t{}, entry, [](uint32_t x) { return x; });
  } else {
    each(uint64_t{}, entry, [](uint64_t x) { return x; });
  }
}

// Rows of candidates, the row number being the position; rows = 0: one candidate for column 0.
void Fold::merge_arg_rows(const std::byte* tile, int64_t rows, int64_t first) {
  const bool largest = how_.reduction == Reduction::argmax;
  auto* const positions = reinterpret_cast<int64_t*>(best_.data() + value_bytes_);
  with_lane(how_, [&](auto lane) {
    using T = decltype(lane);
    auto* const values = reinterpret_cast<T*>(best_.data());
    const auto* from = reinterpret_cast<const T*>(tile);
    const size_t columns = rows == 0 ? 1 : width_;
    for (int64_t r = 0; r < std::max<int64_t>(rows, 1); ++r, from += width_) {
      for (size_t c = 0; c < columns; ++c) {
        if (positions[c] >= 0 && !takes_over(from[c], values[c], largest)) continue;
        values[c] = from[c];
        positions[c] = first + r;
      }
    }
  });
}

void Fold::merge_arg(const std::byte* entry) {
  const bool largest = how_.reduction == Reduction::argmax;
  auto* const positions = reinterpret_cast<int64_t*>(best_.data() + value_bytes_);
  const auto* newer = reinterpret_cast<const int64_t*>(entry + value_bytes_);
  with_lane(how_, [&](auto lane) {
    using T = decltype(lane);
    auto* const values = reinterpret_cast<T*>(best_.data());
    const auto* from = reinterpret_cast<const T*>(entry);
    for (size_t c = 0; c < width_; ++c) {
      if (newer[c] < 0) continue;
      if (positions[c] >= 0 && !takes_over(from[c], values[c], largest)) continue;
      values[c] = from[c];
      positions[c] = newer[c];
    }
  });
}

}  // namespace tandem::backends::common::interpreter
