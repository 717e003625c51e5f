// The scan step: blocks of 32 elements, all blocks of a tile side by side, then their carries.
#include <algorithm>
#include <cstring>

#include "tandem/backends/common/interpreter/worker.h"

namespace tandem::backends::common::interpreter {
namespace {

constexpr int64_t kBlock = 32;
static_assert(kBlock * kBlock == kTile);

void combine(TileFunction function, std::byte* out, Register older, const std::byte* newer,
             int64_t n) {
  const Register registers[] = {
      {out, ~size_t{0}}, older, {const_cast<std::byte*>(newer), ~size_t{0}}};
  constexpr uint16_t operands[] = {0, 1, 2};
  function(registers, operands, static_cast<size_t>(n));
}

Register tile_register(const std::byte* data) {
  return {const_cast<std::byte*>(data), ~size_t{0}};
}

uint64_t element(const std::byte* tile, size_t size, int64_t i) {
  uint64_t result = 0;
  std::memcpy(&result, tile + static_cast<size_t>(i) * size, size);
  return result;
}

void reverse(std::byte* tile, size_t size, int64_t n) {
  const auto turn = [&](auto* elements) { std::reverse(elements, elements + n); };
  if (size == 8) {
    turn(reinterpret_cast<uint64_t*>(tile));
  } else {
    turn(reinterpret_cast<uint32_t*>(tile));
  }
}

}  // namespace

// The scan within one chunk, in place. Element i of block b lies at [i][b] while the blocks are worked
// on, so that each step is one operation on rows.
void Worker::scan_blocks(const Combination& how, std::byte* tile, int64_t n) {
  const size_t size = tile_size(how.type);
  const size_t row = static_cast<size_t>(kBlock) * size;
  const PackFunction pack_block = table_.pack[size == 8 ? 3 : 2];
  std::byte* now = blocks_;
  std::byte* next = spread_;
  pack_block(now, kBlock, tile, kBlock, kBlock, 1, kBlock);
  for (int64_t w = 1; w < kBlock; w *= 2) {
    const size_t skipped = static_cast<size_t>(w) * row;
    std::memcpy(next, now, skipped);
    combine(how.combine, next + skipped, tile_register(now), now + skipped, (kBlock - w) * kBlock);
    std::swap(now, next);
  }
  // The last value before each block but the first, repeated for every row.
  std::byte* const carries = next;
  const std::byte* const totals = now + (kBlock - 1) * row;
  uint64_t last = ir_bits(how.type, element(totals, size, 0));
  std::memset(carries, 0, size);
  for (int64_t b = 1; b < kBlock; ++b) {
    const uint64_t carry = tile_bits(how.type, last);
    std::memcpy(carries + static_cast<size_t>(b) * size, &carry, size);
    const uint64_t operands[] = {last, ir_bits(how.type, element(totals, size, b))};
    last = how.scalar(operands);
  }
  for (int64_t r = 1; r < kBlock; ++r) {
    std::memcpy(carries + static_cast<size_t>(r) * row, carries, row);
  }
  // The first block has no carry: keep its column.
  combine(how.combine, carries, tile_register(carries), now, kTile);
  for (int64_t r = 0; r < kBlock; ++r) {
    std::memcpy(carries + static_cast<size_t>(r) * row, now + static_cast<size_t>(r) * row, size);
  }
  pack_block(now, kBlock, carries, kBlock, kBlock, 1, kBlock);
  std::memcpy(tile, now, static_cast<size_t>(n) * size);
}

void Worker::scan(const Pass& pass, const Step& step, PassState& state, int64_t n) {
  const Combination& how = *launch_.program.combinations[step.stage];
  const size_t size = tile_size(how.type);
  const size_t bytes = static_cast<size_t>(n) * size;
  std::byte* const out = state.registers[step.operands[0]].data;
  std::memcpy(out, side_by_side(state.registers[step.operands[1]], how.type, n), bytes);
  if (how.reverse) reverse(out, size, n);
  scan_blocks(how, out, n);
  if (scan_begun_) {
    alignas(64) std::byte before[64];
    splat(before, &carry_, size);
    combine(how.combine, out, {before, 0}, out, whole_groups(n));
  }
  const uint64_t last = element(out, size, n - 1);
  if (how.exclusive) {
    const uint64_t first = scan_begun_ ? carry_ : tile_bits(how.type, how.identity);
    std::memmove(out + size, out, bytes - size);
    std::memcpy(out, &first, size);
  }
  carry_ = last;
  scan_begun_ = true;
  if (how.reverse) reverse(out, size, n);
  const Kept& kept = kept_[step.stage];
  if (pass.keeps_scan) {
    std::memcpy(kept.row + static_cast<size_t>(kept.position) * size, out, bytes);
  }
}

}  // namespace tandem::backends::common::interpreter
