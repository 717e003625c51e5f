// The scan step: along the tile of a row, or down the rows of a tile of columns.
#include "tandem/backends/common/interpreter/worker.h"

namespace tandem::backends::common::interpreter {

using kernel::Type;

void Worker::begin_columns(size_t number, int64_t width) {
  scan_position_ = 0;
  const Pass& pass = launch_.program.passes[number];
  if (!pass.scan) return;
  const Combination& how = *launch_.program.combinations[*pass.scan];
  if (!how.exclusive) return;
  const uint64_t identity = tile_bits(how.type, how.identity);
  const size_t row = static_cast<size_t>(width) * tile_size(how.type);
  std::byte* const before = history_ + (kScanHistory - 1) * row;
  for (size_t i = 0; i < row; i += 64) splat(before + i, &identity, tile_size(how.type));
}

// Where the scan finds its values, in its own order.
const std::byte* Worker::scan_input(const Step& step, PassState& state, int64_t n) {
  const Combination& how = *launch_.program.combinations[step.stage];
  const std::byte* const in = side_by_side(state.registers[step.operands[1]], how.type, n);
  if (!how.reverse) return in;
  table_.reverse[tile_size(how.type) == 8](blocks_, in, static_cast<size_t>(n));
  return blocks_;
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
      const Combination& how = *launch_.program.combinations[step.stage];
      ScanTile tile;
      tile.in = scan_input(step, state, range.elements());
      tile.out = blocks_;
      tile.count = static_cast<size_t>(range.elements());
      return ir_bits(how.type, how.scan.tile(tile));
    }
    if (step.kind == StepKind::compute) {
      compute_or_splat(pass, step, state, padded);
    } else if (step.kind != StepKind::store && step.kind != StepKind::scatter) {
      run_step(pass, s, state, range, padded);
    }
  }
  return 0;
}

void Worker::scan(const Step& step, PassState& state, const TileRange& range) {
  if (range.rows != nullptr) return scan_columns(step, state, range);
  const Combination& how = *launch_.program.combinations[step.stage];
  std::byte* const out = state.registers[step.operands[0]].data;
  const uint64_t carry = carry_;
  ScanTile tile;
  tile.in = scan_input(step, state, range.count);
  tile.out = how.reverse ? blocks_ : out;
  tile.count = static_cast<size_t>(range.count);
  tile.carry = scan_begun_ ? &carry : nullptr;
  tile.exclusive = how.exclusive;
  tile.first = scan_begun_ ? carry : tile_bits(how.type, how.identity);
  carry_ = how.scan.tile(tile);
  scan_begun_ = true;
  if (how.reverse) table_.reverse[tile_size(how.type) == 8](out, blocks_, tile.count);
}

void Worker::scan_columns(const Step& step, PassState& state, const TileRange& range) {
  const Combination& how = *launch_.program.combinations[step.stage];
  ScanRows rows;
  rows.in = side_by_side(state.registers[step.operands[1]], how.type, range.elements());
  rows.out = state.registers[step.operands[0]].data;
  rows.count = range.row_count;
  rows.position = scan_position_;
  rows.width = static_cast<size_t>(range.pitch);
  rows.exclusive = how.exclusive;
  rows.reverse = how.reverse;
  rows.history = history_;
  how.scan.rows(rows);
  scan_position_ += range.row_count;
}

}  // namespace tandem::backends::common::interpreter
