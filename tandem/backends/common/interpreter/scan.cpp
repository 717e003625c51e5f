// The scan step: blocks of 32 elements, all blocks of a tile side by side, then their carries.
#include <algorithm>
#include <cstring>

#include "tandem/backends/common/interpreter/worker.h"

namespace tandem::backends::common::interpreter {
namespace {

using kernel::Type;

constexpr int64_t kBlock = 32;
static_assert(kBlock * kBlock == kTile);

void combine(TileFunction function, std::byte* out, Register older, const std::byte* newer,
             int64_t n) {
  const Register registers[] = {
      {out, ~size_t{0}}, older, {const_cast<std::byte*>(newer), ~size_t{0}}};
  constexpr uint16_t operands[] = {0, 1, 2};
  function(registers, operands, static_cast<size_t>(n));
}

Register tile_register(const std::byte* data) { return {const_cast<std::byte*>(data), ~size_t{0}}; }

template <class Word>
uint64_t element(const std::byte* tile, int64_t i) {
  Word word;
  std::memcpy(&word, tile + static_cast<size_t>(i) * sizeof word, sizeof word);
  return word;
}
uint64_t element(const std::byte* tile, size_t size, int64_t i) {
  return size == 8 ? element<uint64_t>(tile, i) : element<uint32_t>(tile, i);
}

// The last value before each block, as a row that every row of `carries` repeats; the first block
// has none. `totals` are the last values of the blocks by themselves.
template <class Word>
void spread_carries(const Combination& how, const std::byte* totals, std::byte* carries) {
  std::array<Word, kBlock> row{};
  uint64_t last = ir_bits(how.type, element<Word>(totals, 0));
  for (int64_t b = 1; b < kBlock; ++b) {
    row[static_cast<size_t>(b)] = static_cast<Word>(tile_bits(how.type, last));
    const uint64_t operands[] = {last, ir_bits(how.type, element<Word>(totals, b))};
    last = how.scalar(operands);
  }
  for (int64_t r = 0; r < kBlock; ++r) {
    std::memcpy(carries + static_cast<size_t>(r) * sizeof row, row.data(), sizeof row);
  }
}

template <class Word>
void copy_first_column(std::byte* to, const std::byte* from) {
  for (int64_t r = 0; r < kBlock; ++r) {
    const size_t at = static_cast<size_t>(r * kBlock) * sizeof(Word);
    std::memcpy(to + at, from + at, sizeof(Word));
  }
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

// The scan within one chunk, in place. Element i of block b lies at [i][b] while the blocks are
// worked on, so that each step is one operation on rows.
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
    combine(how.combine, next + skipped, tile_register(now), now + skipped,
            whole_groups((kBlock - w) * kBlock));
    std::swap(now, next);
  }
  std::byte* const carries = next;
  const std::byte* const totals = now + (kBlock - 1) * row;
  const bool wide = size == 8;
  (wide ? spread_carries<uint64_t> : spread_carries<uint32_t>)(how, totals, carries);
  combine(how.combine, carries, tile_register(carries), now, kTile);
  // The first block has no carry.
  (wide ? copy_first_column<uint64_t> : copy_first_column<uint32_t>)(carries, now);
  pack_block(now, kBlock, carries, kBlock, kBlock, 1, kBlock);
  std::memcpy(tile, now, static_cast<size_t>(n) * size);
}

// The tile's values in the order of the scan, scanned as if the row began with them.
std::byte* Worker::scan_alone(const Step& step, PassState& state, int64_t n) {
  const Combination& how = *launch_.program.combinations[step.stage];
  const size_t size = tile_size(how.type);
  std::byte* const out = state.registers[step.operands[0]].data;
  std::memcpy(out, side_by_side(state.registers[step.operands[1]], how.type, n),
              static_cast<size_t>(n) * size);
  if (how.reverse) reverse(out, size, n);
  scan_blocks(how, out, n);
  return out;
}

uint64_t Worker::scan_total(size_t number, const TileRange& range) {
  const Pass& pass = launch_.program.passes[number];
  PassState& state = passes_[number];
  const auto padded = static_cast<size_t>(whole_groups(range.elements()));
  for (const uint16_t store : pass.direct_stores) {
    const uint16_t value = pass.steps[store].operands[1];
    state.registers[value].data = home(pass.registers[value]).data;
  }
  for (const Keep& keep : pass.keeps) {
    state.registers[keep.value].data = home(pass.registers[keep.value]).data;
  }
  for (size_t s = 0; s < pass.steps.size(); ++s) {
    const Step& step = pass.steps[s];
    if (step.kind == StepKind::scan) {
      const Type type = launch_.program.combinations[step.stage]->type;
      const std::byte* const out = scan_alone(step, state, range.elements());
      return ir_bits(type, element(out, tile_size(type), range.elements() - 1));
    }
    if (step.kind == StepKind::compute) {
      step.function(state.registers, step.operands.data(), padded);
    } else if (step.kind != StepKind::store && step.kind != StepKind::scatter) {
      run_step(pass, s, state, range, padded);
    }
  }
  return 0;
}

void Worker::scan(const Step& step, PassState& state, int64_t n) {
  const Combination& how = *launch_.program.combinations[step.stage];
  const size_t size = tile_size(how.type);
  const size_t bytes = static_cast<size_t>(n) * size;
  std::byte* const out = scan_alone(step, state, n);
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
}

}  // namespace tandem::backends::common::interpreter
