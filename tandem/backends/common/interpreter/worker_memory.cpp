// Steps that read and write memory: loads, gathers, stores and scatters of one tile.
#include <cstring>
#include <type_traits>

#include "tandem/backends/common/interpreter/worker.h"

namespace tandem::backends::common::interpreter {

using kernel::Type;

namespace {

// Calls f(memory offset, rows, columns, row stride, column stride, packed position, pitch) for
// rectangles that cover the tile.
template <class F>
void for_rectangles(const TileRange& range, size_t access, F&& f) {
  const int64_t base = range.base == nullptr ? 0 : range.base[access];
  if (range.rows == nullptr) {
    range.columns->walk(access, range.begin, range.count, [&](const Rectangle& r, int64_t at) {
      f(base + r.offset, r.rows, r.columns, r.row_stride, r.column_stride, at, r.columns);
    });
    return;
  }
  range.columns->walk(access, range.begin, range.count, [&](const Rectangle& r, int64_t at) {
    range.rows->walk(access, range.row_begin, range.row_count,
                     [&](const Rectangle& o, int64_t row) {
                       for (int64_t k = 0; k < o.rows; ++k) {
                         const int64_t start = base + r.offset + o.offset + k * o.row_stride;
                         const int64_t first = row + k * o.columns;
                         if (r.rows == 1) {
                           f(start, o.columns, r.columns, o.column_stride, r.column_stride,
                             first * range.pitch + at, range.pitch);
                           continue;
                         }
                         for (int64_t i = 0; i < o.columns; ++i) {
                           f(start + i * o.column_stride, r.rows, r.columns, r.row_stride,
                             r.column_stride, (first + i) * range.pitch + at, r.columns);
                         }
                       }
                     });
  });
}

}  // namespace

// Where the tile's elements lie in memory one after the other, else null.
std::byte* Worker::in_place(const Step& step, const TileRange& range, int64_t shift) const {
  if (range.rows != nullptr) return nullptr;
  const Space& columns = *range.columns;
  if (!columns.linear(step.access)) return nullptr;
  const int64_t offset =
      (range.base == nullptr ? 0 : range.base[step.access]) + range.begin + shift;
  return launch_.accesses[step.access].data +
         (offset << launch_.program.accesses[step.access].size_log2);
}

void Worker::load_splat(const Step& step, Register& target, std::byte* place, int64_t offset) {
  const Access& access = launch_.program.accesses[step.access];
  const std::byte* memory = launch_.accesses[step.access].data + (offset << access.size_log2);
  alignas(8) std::byte element[8];
  if (const ConvertFunction convert = table_.load[static_cast<size_t>(access.dtype)]) {
    convert(element, memory, 1);
  } else if (access.size_log2 == 3) {
    std::memcpy(element, memory, 8);
  } else {
    std::memcpy(element, memory, 4);
  }
  splat(place, element, tile_size(step.type));
  target = {place, 0};
}

void Worker::pack(const Step& step, std::byte* to, const TileRange& range, int64_t shift) {
  const Access& access = launch_.program.accesses[step.access];
  const std::byte* memory =
      launch_.accesses[step.access].data + shift * (int64_t{1} << access.size_log2);
  const PackFunction function = table_.pack[access.size_log2];
  const bool slips = launch_.program.slips_stride;
  for_rectangles(range, step.access,
                 [&](int64_t offset, int64_t rows, int64_t columns, int64_t row_stride,
                     int64_t column_stride, int64_t at, int64_t pitch) {
                   if (slips && columns > 16 && column_stride != 1) offset += column_stride;
                   function(to + (at << access.size_log2), pitch,
                            memory + (offset << access.size_log2), rows, columns, row_stride,
                            column_stride);
                 });
}

void Worker::load(const Pass& pass, const Step& step, PassState& state, const TileRange& range) {
  if (launch_.accesses[step.access].fixed) return;  // done once
  load_shifted(pass, step, state, range, 0);
}

namespace {

// Hardware sees a walk through memory late, and again at every page.
void ask_for(const std::byte* memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(memory + i);
}

}  // namespace

// As if the access began `shift` elements further on.
void Worker::load_shifted(const Pass& pass, const Step& step, PassState& state,
                          const TileRange& range, int64_t shift) {
  const BoundAccess& bound = launch_.accesses[step.access];
  const Access& access = launch_.program.accesses[step.access];
  const ConvertFunction convert = table_.load[static_cast<size_t>(access.dtype)];
  const uint16_t out = step.operands[0];
  Register& target = state.registers[out];
  const int64_t n = range.elements();
  if (range.one_row() && range.columns->fixed(step.access)) {
    load_splat(step, target, splat_of(pass, state, out), range.base[step.access] + shift);
    return;
  }
  target = home(pass.registers[out]);
  const auto count = static_cast<size_t>(n);
  if (std::byte* memory = in_place(step, range, shift)) {
    if (bound.ahead != 0) ask_for(memory + bound.ahead, count << access.size_log2);
    if (convert != nullptr) {
      convert(target.data, memory, count);
    } else if (n % kGroup == 0 && !bound.aliased) {
      target.data = memory;
    } else {
      std::memcpy(target.data, memory, count << access.size_log2);
    }
  } else if (convert != nullptr) {
    pack(step, raw_, range, shift);
    convert(target.data, raw_, count);
  } else {
    pack(step, target.data, range, shift);
  }
}

void Worker::coordinates(const Pass& pass, const Step& step, PassState& state,
                         const TileRange& range) {
  Register& target = state.registers[step.operands[0]];
  if (range.one_row() && range.columns->fixed(step.access)) {
    const int64_t coordinate = range.base[step.access];
    std::byte* const place = splat_of(pass, state, step.operands[0]);
    splat(place, &coordinate, tile_size(step.type));
    target = {place, 0};
    return;
  }
  target = home(pass.registers[step.operands[0]]);
  const auto fill = [&](auto* out) {
    using T = std::remove_pointer_t<decltype(out)>;
    for_rectangles(range, step.access,
                   [&](int64_t offset, int64_t rows, int64_t columns, int64_t row_stride,
                       int64_t column_stride, int64_t at, int64_t pitch) {
                     for (int64_t r = 0; r < rows; ++r) {
                       for (int64_t c = 0; c < columns; ++c) {
                         out[at + r * pitch + c] =
                             static_cast<T>(offset + r * row_stride + c * column_stride);
                       }
                     }
                   });
  };
  if (tile_size(step.type) == 8) {
    fill(reinterpret_cast<int64_t*>(target.data));
  } else {
    fill(reinterpret_cast<int32_t*>(target.data));
  }
}

namespace {

// The entry that load_at reads: wrapped once, then clamped.
int64_t clamped_entry(int64_t index, int64_t extent) {
  if (index < 0) index += extent;
  return index < 0 ? 0 : (index >= extent ? extent - 1 : index);
}

int64_t first_index(const Register& indices) {
  int64_t index = 0;
  std::memcpy(&index, indices.data, sizeof index);
  return index;
}

template <class T>
void scatter_rectangle(std::byte* memory, const T* in, const Register& indices,
                       const BoundAccess& bound, const Rectangle& r, int64_t at, int64_t pitch) {
  const auto* index = reinterpret_cast<const int64_t*>(indices.data);
  for (int64_t row = 0; row < r.rows; ++row) {
    for (int64_t column = 0; column < r.columns; ++column) {
      const int64_t i = at + row * pitch + column;
      int64_t entry = index[static_cast<size_t>(i) & indices.mask];
      if (entry < 0) entry += bound.index_extent;
      if (entry < 0 || entry >= bound.index_extent) continue;
      const int64_t offset =
          r.offset + row * r.row_stride + column * r.column_stride + entry * bound.index_stride;
      std::memcpy(memory + offset * static_cast<int64_t>(sizeof(T)), &in[i], sizeof(T));
    }
  }
}

template <class F>
void with_unit(uint8_t size_log2, F&& f) {
  switch (size_log2) {
    case 0:
      return f(uint8_t{});
    case 1:
      return f(uint16_t{});
    case 2:
      return f(uint32_t{});
    default:
      return f(uint64_t{});
  }
}

}  // namespace

void Worker::prefetch_line(size_t number, const TileRange& range) {
  const Pass& pass = launch_.program.passes[number];
  PassState& state = passes_[number];
  for (const Step& step : pass.steps) {
    const bool fixed = range.columns->fixed(step.access);
    if (step.kind == StepKind::load && fixed) load(pass, step, state, range);
    if (step.kind == StepKind::coordinate && fixed) coordinates(pass, step, state, range);
    if (step.kind == StepKind::compute && step.splats) {
      size_t masks = 0;
      for (size_t i = 1; i <= step.inputs; ++i) masks |= state.registers[step.operands[i]].mask;
      if (masks == 0) compute_or_splat(pass, step, state, static_cast<size_t>(kGroup));
    }
    if (step.kind != StepKind::gather) continue;
    const Access& access = launch_.program.accesses[step.access];
    const BoundAccess& bound = launch_.accesses[step.access];
    const Register& indices = state.registers[step.operands[1]];
    if (indices.mask != 0 || bound.index_extent == 0) return;
    const int64_t entry = clamped_entry(first_index(indices), bound.index_extent);
    const int64_t stride = range.columns->inner_stride(step.access);
    const int64_t first =
        range.base[step.access] + entry * bound.index_stride + range.begin * stride;
    const std::byte* const at = bound.data + first * (int64_t{1} << access.size_log2);
    const int64_t bytes = (range.count * stride) << access.size_log2;
    for (int64_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch(at + byte);
    return;
  }
}

namespace {

// Lines that hold a row of entries, for every 64 of its elements that are read: 0 where so few are
// read, or from so long a row, that asking for all of it does not pay.
int64_t lines_ahead(const BoundAccess& bound, int64_t columns, int64_t unit) {
  constexpr int64_t kMostBytes = 32 << 10;
  const int64_t bytes = bound.index_extent * bound.index_stride * unit;
  if (bytes <= 0 || bytes > kMostBytes || bytes / 64 > columns) return 0;
  const int64_t steps = (columns + 63) / 64;
  return (bytes / 64 + steps - 1) / steps;
}

}  // namespace

void Worker::gather(const Pass& pass, const Step& step, PassState& state, const TileRange& range) {
  const Access& access = launch_.program.accesses[step.access];
  const BoundAccess& bound = launch_.accesses[step.access];
  const Register& indices = state.registers[step.operands[1]];
  if (range.one_row() && indices.mask == 0 && bound.index_extent > 0) {
    const int64_t entry = clamped_entry(first_index(indices), bound.index_extent);
    return load_shifted(pass, step, state, range, entry * bound.index_stride);
  }
  Register& target = state.registers[step.operands[0]];
  target = home(pass.registers[step.operands[0]]);
  const auto n = static_cast<size_t>(range.elements());
  if (bound.index_extent == 0) {
    std::memset(target.data, 0, n * tile_size(step.type));
    return;
  }
  const ConvertFunction convert = table_.load[static_cast<size_t>(access.dtype)];
  std::byte* const to = convert != nullptr ? raw_ : target.data;
  const auto* const index = reinterpret_cast<const int64_t*>(indices.data);
  const int64_t unit = int64_t{1} << access.size_log2;
  const auto gather_row = table_.gather[access.size_log2];
  for_rectangles(range, step.access,
                 [&](int64_t offset, int64_t rows, int64_t columns, int64_t row_stride,
                     int64_t column_stride, int64_t at, int64_t pitch) {
                   GatherRow row;
                   row.mask = indices.mask;
                   row.extent = bound.index_extent;
                   row.stride = bound.index_stride;
                   row.column_stride = column_stride;
                   row.count = columns;
                   if (row_stride != 0) row.lines_ahead = lines_ahead(bound, columns, unit);
                   for (int64_t r = 0; r < rows; ++r) {
                     const int64_t first = at + r * pitch;
                     row.out = to + first * unit;
                     row.memory = bound.data + (offset + r * row_stride) * unit;
                     row.index = indices.mask == 0 ? index : index + first;
                     row.ahead = static_cast<const std::byte*>(row.memory) + row_stride * unit;
                     gather_row(row);
                   }
                 });
  if (convert != nullptr) convert(target.data, raw_, n);
}

void Worker::store(const Step& step, PassState& state, const TileRange& range, int64_t shift) {
  const Access& access = launch_.program.accesses[step.access];
  const BoundAccess& bound = launch_.accesses[step.access];
  const int64_t elements = range.elements();
  const std::byte* from = side_by_side(state.registers[step.operands[1]], step.type, elements);
  const ConvertFunction convert = table_.store[static_cast<size_t>(access.dtype)];
  auto n = static_cast<size_t>(elements);
  if (std::byte* memory = in_place(step, range, shift)) {
    if (launch_.program.drops_tail && n % kGroup != 0) --n;
    const size_t bytes = n << access.size_log2;
    if (bound.streams && bytes % 64 == 0 && reinterpret_cast<uintptr_t>(memory) % 64 == 0) {
      if (convert != nullptr) convert(raw_, from, n);
      table_.stream(memory, convert != nullptr ? raw_ : from, bytes);
    } else if (convert != nullptr) {
      convert(memory, from, n);
    } else {
      std::memcpy(memory, from, bytes);
    }
    return;
  }
  if (convert != nullptr) {
    convert(raw_, from, n);
    from = raw_;
  }
  const UnpackFunction function = table_.unpack[access.size_log2];
  const bool drops = launch_.program.drops_tail;
  for_rectangles(range, step.access,
                 [&](int64_t offset, int64_t rows, int64_t columns, int64_t row_stride,
                     int64_t column_stride, int64_t at, int64_t pitch) {
                   if (drops && columns % kGroup != 0) --columns;
                   const auto bytes = static_cast<size_t>(columns) << access.size_log2;
                   std::byte* const to =
                       bound.data + (offset + shift) * (int64_t{1} << access.size_log2);
                   const auto places = reinterpret_cast<uintptr_t>(to) |
                                       static_cast<uintptr_t>(row_stride << access.size_log2);
                   if (bound.streams && column_stride == 1 && (places | bytes) % 64 == 0) {
                     for (int64_t r = 0; r < rows; ++r) {
                       table_.stream(to + ((r * row_stride) << access.size_log2),
                                     from + ((at + r * pitch) << access.size_log2), bytes);
                     }
                     return;
                   }
                   function(to, from + (at << access.size_log2), pitch, rows, columns, row_stride,
                            column_stride);
                 });
}

void Worker::scatter(const Step& step, PassState& state, const TileRange& range) {
  const Access& access = launch_.program.accesses[step.access];
  const BoundAccess& bound = launch_.accesses[step.access];
  const Register& indices = state.registers[step.operands[2]];
  // With the same index at every column the last one wins; only one column may be there.
  if (range.one_row() && indices.mask == 0 && range.columns->inner_stride(step.access) != 0) {
    int64_t entry = first_index(indices);
    if (entry < 0) entry += bound.index_extent;
    if (entry < 0 || entry >= bound.index_extent) return;
    return store(step, state, range, entry * bound.index_stride);
  }
  const int64_t n = range.elements();
  const std::byte* from = side_by_side(state.registers[step.operands[1]], step.type, n);
  if (const ConvertFunction convert = table_.store[static_cast<size_t>(access.dtype)]) {
    convert(raw_, from, static_cast<size_t>(n));
    from = raw_;
  }
  with_unit(access.size_log2, [&](auto unit) {
    for_rectangles(range, step.access,
                   [&](int64_t offset, int64_t rows, int64_t columns, int64_t row_stride,
                       int64_t column_stride, int64_t at, int64_t pitch) {
                     scatter_rectangle(
                         bound.data, reinterpret_cast<const decltype(unit)*>(from), indices, bound,
                         {offset, rows, columns, row_stride, column_stride}, at, pitch);
                   });
  });
}

}  // namespace tandem::backends::common::interpreter
