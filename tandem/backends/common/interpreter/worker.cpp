#include "tandem/backends/common/interpreter/worker.h"

#include <cstring>
#include <memory>
#include <new>

#include "tandem/base/check.h"

namespace tandem::backends::common::interpreter {
namespace {

using kernel::Type;

constexpr size_t kTileBytes = static_cast<size_t>(kTile) * 8 + 512;

size_t whole_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

// This thread's memory for registers, kept between launches.
std::byte* thread_arena(size_t bytes) {
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{64}); }
  };
  thread_local std::unique_ptr<std::byte[], Free> memory;
  thread_local size_t size = 0;
  if (size < bytes) {
    memory.reset();
    size = 0;
    memory.reset(static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{64})));
    std::memset(memory.get(), 0, bytes);
    size = bytes;
  }
  return memory.get();
}

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

template <class T>
void spread(std::byte* to, const std::byte* from, int64_t n) {
  T value;
  std::memcpy(&value, from, sizeof value);
  auto* out = reinterpret_cast<T*>(to);
  for (int64_t i = 0; i < n; ++i) out[i] = value;
}

void spread_by_size(std::byte* to, const std::byte* from, size_t size, int64_t n) {
  if (size == 8) {
    spread<uint64_t>(to, from, n);
  } else {
    spread<uint32_t>(to, from, n);
  }
}

}  // namespace

void splat(std::byte* to, const void* element, size_t size) {
  for (size_t i = 0; i < 64; i += size) std::memcpy(to + i, element, size);
}

uint64_t tile_bits(Type type, uint64_t bits) {
  return type == Type::b1 ? (bits & 1 ? 0xffffffffu : 0) : bits;
}

uint64_t ir_bits(Type type, uint64_t element) {
  if (type == Type::b1) return element & 1;
  return tile_size(type) == 4 ? element & 0xffffffffu : element;
}

Worker::Worker(const Launch& launch) : launch_(launch), table_(*launch.program.table) {
  const Program& program = launch.program;
  const size_t history_bytes = program.has_scan ? kScanHistory * kMaxColumns * 8 : 0;
  size_t bytes = 3 * kTileBytes + history_bytes + program.uniform_count * kUniformBytes +
                 whole_lines(program.passes.size() * sizeof(PassState)) +
                 whole_lines(program.kept.size() * sizeof(Kept));
  size_t tile_bytes = 0;
  for (const Pass& pass : program.passes) {
    bytes += whole_lines(pass.registers.size() * sizeof(Register)) +
             pass.splat_count * size_t{kUniformBytes} + whole_lines(pass.steps.size());
    tile_bytes = std::max<size_t>(tile_bytes, pass.tile_bytes);
  }
  std::byte* free = thread_arena(bytes + tile_bytes + 64);
  const auto take = [&](size_t size) {
    std::byte* const taken = free;
    free += whole_lines(size);
    return taken;
  };
  raw_ = take(kTileBytes);
  spread_ = take(kTileBytes);
  blocks_ = take(kTileBytes);
  history_ = take(history_bytes);
  uniforms_ = take(program.uniform_count * kUniformBytes);
  tiles_ = take(tile_bytes);
  passes_ = reinterpret_cast<PassState*>(take(program.passes.size() * sizeof(PassState)));
  kept_ = reinterpret_cast<Kept*>(take(program.kept.size() * sizeof(Kept)));
  for (size_t p = 0; p < program.passes.size(); ++p) prepare(p, free);
  compute_uniforms();
}

Register Worker::home(const RegisterPlace& place) const {
  return place.uniform ? Register{uniforms_ + place.offset, 0}
                       : Register{tiles_ + place.offset, ~size_t{0}};
}

void Worker::prepare(size_t number, std::byte*& free) {
  const Pass& pass = launch_.program.passes[number];
  auto& state = *new (&passes_[number]) PassState;
  state.registers = reinterpret_cast<Register*>(free);
  free += whole_lines(pass.registers.size() * sizeof(Register));
  state.splats = free;
  free += pass.splat_count * size_t{kUniformBytes};
  state.bound = reinterpret_cast<char*>(free);
  free += whole_lines(pass.steps.size());
  std::memset(state.bound, 0, pass.steps.size());
  for (size_t r = 0; r < pass.registers.size(); ++r) {
    new (&state.registers[r]) Register(home(pass.registers[r]));
  }
  // Without points nothing may be read: the memory may be empty.
  if (!launch_.has_elements && pass.extent == kernel::Extent::element) return;
  for (const Step& step : pass.steps) {
    if (step.kind == StepKind::load && launch_.accesses[step.access].fixed) {
      const uint16_t out = step.operands[0];
      load_splat(step, state.registers[out], splat_of(pass, state, out), 0);
    }
  }
}

void Worker::compute_uniforms() {
  const Program& program = launch_.program;
  if (program.uniform_count == 0) return;
  for (const Program::Splat& value : program.splats) {
    uint64_t bits = value.is_param ? launch_.arguments.params[value.bits] : value.bits;
    bits = tile_bits(value.type, bits);
    splat(uniforms_ + value.out * kUniformBytes, &bits, tile_size(value.type));
  }
  if (program.uniform_steps.empty()) return;
  // Registers of the first pass begin with the uniform ones.
  for (const Step& step : program.uniform_steps) {
    step.function(passes_[0].registers, step.operands.data(), static_cast<size_t>(kGroup));
  }
}

std::byte* Worker::splat_of(const Pass& pass, const PassState& state, uint16_t value) const {
  return state.splats + pass.registers[value].splat * size_t{kUniformBytes};
}

// Where the tile's elements lie in memory one after the other, else null.
std::byte* Worker::in_place(const Step& step, const TileRange& range) const {
  if (range.rows != nullptr) return nullptr;
  const Space& columns = *range.columns;
  if (!columns.linear(step.access)) return nullptr;
  const int64_t offset = (range.base == nullptr ? 0 : range.base[step.access]) + range.begin;
  return launch_.accesses[step.access].data +
         (offset << launch_.program.accesses[step.access].size_log2);
}

void Worker::bind_outputs(const Pass& pass, PassState& state, const TileRange& range) {
  const bool whole = range.elements() % kGroup == 0;
  for (const uint16_t number : pass.direct_stores) {
    const Step& step = pass.steps[number];
    std::byte* memory = nullptr;
    const BoundAccess& bound = launch_.accesses[step.access];
    if (whole && !bound.streams && !bound.aliased) memory = in_place(step, range);
    const uint16_t value = step.operands[1];
    state.bound[number] = memory != nullptr;
    state.registers[value].data = memory != nullptr ? memory : home(pass.registers[value]).data;
  }
}

void Worker::run(size_t number, const TileRange& range) {
  const Pass& pass = launch_.program.passes[number];
  PassState& state = passes_[number];
  const auto padded = static_cast<size_t>(whole_groups(range.elements()));
  bind_outputs(pass, state, range);
  bind_kept(pass, state);
  const bool one_row = range.rows == nullptr && range.base != nullptr;
  for (size_t s = 0; s < pass.steps.size(); ++s) {
    const Step& step = pass.steps[s];
    if (step.kind != StepKind::compute) {
      run_step(pass, s, state, range, padded);
    } else if (!one_row || !step.splats) {
      step.function(state.registers, step.operands.data(), padded);
    } else {
      compute_or_splat(pass, step, state, padded);
    }
  }
  copy_kept(pass, state, range.elements());
}

// In a tile of one row, what depends on values of the row alone is one vector.
void Worker::compute_or_splat(const Pass& pass, const Step& step, PassState& state, size_t padded) {
  const uint16_t number = step.operands[0];
  Register& out = state.registers[number];
  size_t masks = 0;
  for (size_t i = 1; i <= step.inputs; ++i) masks |= state.registers[step.operands[i]].mask;
  if (masks == 0) {
    out = {splat_of(pass, state, number), 0};
    step.function(state.registers, step.operands.data(), static_cast<size_t>(kGroup));
    return;
  }
  if (out.mask == 0) out = home(pass.registers[number]);
  step.function(state.registers, step.operands.data(), padded);
}

void Worker::bind_kept(const Pass& pass, PassState& state) {
  for (const Keep& keep : pass.keeps) {
    if (keep.copies) continue;
    const Kept& kept = kept_[keep.row];
    const size_t size = tile_size(launch_.program.kept[keep.row]);
    state.registers[keep.value].data = kept.row + static_cast<size_t>(kept.position) * size;
  }
}

void Worker::copy_kept(const Pass& pass, PassState& state, int64_t n) {
  for (const Keep& keep : pass.keeps) {
    if (!keep.copies) continue;
    const Type type = launch_.program.kept[keep.row];
    const Kept& kept = kept_[keep.row];
    const size_t size = tile_size(type);
    std::memcpy(kept.row + static_cast<size_t>(kept.position) * size,
                side_by_side(state.registers[keep.value], type, n), static_cast<size_t>(n) * size);
  }
}

void Worker::run_step(const Pass& pass, size_t number, PassState& state, const TileRange& range,
                      size_t) {
  const Step& step = pass.steps[number];
  switch (step.kind) {
    case StepKind::load:
      return load(pass, step, state, range);
    case StepKind::coordinate:
      return coordinates(pass, step, state, range);
    case StepKind::gather:
      return gather(pass, step, state, range);
    case StepKind::scatter:
      return scatter(pass, step, state, range);
    case StepKind::scan:
      return scan(step, state, range);
    case StepKind::kept_value: {
      const Kept& kept = kept_[step.stage];
      const size_t size = tile_size(step.type);
      state.registers[step.operands[0]].data = kept.row + static_cast<size_t>(kept.position) * size;
      return;
    }
    case StepKind::store:
      if (state.bound[number] == 0) store(pass, step, state, range);
      return;
    case StepKind::row_value:
    case StepKind::compute:
      return;
  }
}

// ---- loads
void Worker::load_splat(const Step& step, Register& target, std::byte* place, int64_t offset) {
  const Access& access = launch_.program.accesses[step.access];
  const std::byte* memory = launch_.accesses[step.access].data + (offset << access.size_log2);
  alignas(8) std::byte element[8];
  if (const ConvertFunction convert = table_.load[static_cast<size_t>(access.dtype)]) {
    convert(element, memory, 1);
  } else {
    std::memcpy(element, memory, size_t{1} << access.size_log2);
  }
  splat(place, element, tile_size(step.type));
  target = {place, 0};
}

void Worker::pack(const Step& step, std::byte* to, const TileRange& range) {
  const Access& access = launch_.program.accesses[step.access];
  const std::byte* memory = launch_.accesses[step.access].data;
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
  const BoundAccess& bound = launch_.accesses[step.access];
  if (bound.fixed) return;  // done once
  const Access& access = launch_.program.accesses[step.access];
  const ConvertFunction convert = table_.load[static_cast<size_t>(access.dtype)];
  const uint16_t out = step.operands[0];
  Register& target = state.registers[out];
  const int64_t n = range.elements();
  if (range.rows == nullptr && range.base != nullptr && range.columns->fixed(step.access)) {
    load_splat(step, target, splat_of(pass, state, out), range.base[step.access]);
    return;
  }
  target = home(pass.registers[out]);
  const auto count = static_cast<size_t>(n);
  if (std::byte* memory = in_place(step, range)) {
    if (convert != nullptr) {
      convert(target.data, memory, count);
    } else if (n % kGroup == 0 && !bound.aliased) {
      target.data = memory;
    } else {
      std::memcpy(target.data, memory, count << access.size_log2);
    }
  } else if (convert != nullptr) {
    pack(step, raw_, range);
    convert(target.data, raw_, count);
  } else {
    pack(step, target.data, range);
  }
}

void Worker::coordinates(const Pass& pass, const Step& step, PassState& state,
                         const TileRange& range) {
  Register& target = state.registers[step.operands[0]];
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

template <class T>
void gather_rectangle(T* out, const std::byte* memory, const Register& indices,
                      const BoundAccess& bound, const Rectangle& r, int64_t at, int64_t pitch) {
  const auto* index = reinterpret_cast<const int64_t*>(indices.data);
  for (int64_t row = 0; row < r.rows; ++row) {
    for (int64_t column = 0; column < r.columns; ++column) {
      const int64_t i = at + row * pitch + column;
      const int64_t entry =
          clamped_entry(index[static_cast<size_t>(i) & indices.mask], bound.index_extent);
      const int64_t offset =
          r.offset + row * r.row_stride + column * r.column_stride + entry * bound.index_stride;
      std::memcpy(&out[i], memory + offset * static_cast<int64_t>(sizeof(T)), sizeof(T));
    }
  }
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

void Worker::gather(const Pass& pass, const Step& step, PassState& state, const TileRange& range) {
  const Access& access = launch_.program.accesses[step.access];
  const BoundAccess& bound = launch_.accesses[step.access];
  Register& target = state.registers[step.operands[0]];
  target = home(pass.registers[step.operands[0]]);
  const auto n = static_cast<size_t>(range.elements());
  if (bound.index_extent == 0) {
    std::memset(target.data, 0, n * tile_size(step.type));
    return;
  }
  const ConvertFunction convert = table_.load[static_cast<size_t>(access.dtype)];
  std::byte* const to = convert != nullptr ? raw_ : target.data;
  const Register& indices = state.registers[step.operands[1]];
  with_unit(access.size_log2, [&](auto unit) {
    for_rectangles(range, step.access,
                   [&](int64_t offset, int64_t rows, int64_t columns, int64_t row_stride,
                       int64_t column_stride, int64_t at, int64_t pitch) {
                     gather_rectangle(reinterpret_cast<decltype(unit)*>(to), bound.data, indices,
                                      bound, {offset, rows, columns, row_stride, column_stride}, at,
                                      pitch);
                   });
  });
  if (convert != nullptr) convert(target.data, raw_, n);
}

// ---- stores
const std::byte* Worker::side_by_side(const Register& value, Type type, int64_t n) {
  if (value.mask != 0) return value.data;
  spread_by_size(spread_, value.data, tile_size(type), n);
  return spread_;
}

void Worker::store(const Pass&, const Step& step, PassState& state, const TileRange& range) {
  const Access& access = launch_.program.accesses[step.access];
  const BoundAccess& bound = launch_.accesses[step.access];
  const int64_t elements = range.elements();
  const std::byte* from = side_by_side(state.registers[step.operands[1]], step.type, elements);
  const ConvertFunction convert = table_.store[static_cast<size_t>(access.dtype)];
  auto n = static_cast<size_t>(elements);
  if (std::byte* memory = in_place(step, range)) {
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
                   std::byte* const to = bound.data + (offset << access.size_log2);
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

void Worker::scatter(const Pass&, const Step& step, PassState& state, const TileRange& range) {
  const Access& access = launch_.program.accesses[step.access];
  const BoundAccess& bound = launch_.accesses[step.access];
  const int64_t n = range.elements();
  const std::byte* from = side_by_side(state.registers[step.operands[1]], step.type, n);
  if (const ConvertFunction convert = table_.store[static_cast<size_t>(access.dtype)]) {
    convert(raw_, from, static_cast<size_t>(n));
    from = raw_;
  }
  const Register& indices = state.registers[step.operands[2]];
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

// ---- rows
void Worker::set_row_values(size_t number, const RowState& rows, int64_t position) {
  const Pass& pass = launch_.program.passes[number];
  PassState& state = passes_[number];
  for (const Step& step : pass.steps) {
    if (step.kind != StepKind::row_value) continue;
    const uint64_t bits =
        tile_bits(step.type, rows.results[step.stage][static_cast<size_t>(position)]);
    std::byte* const place = splat_of(pass, state, step.operands[0]);
    splat(place, &bits, tile_size(step.type));
    state.registers[step.operands[0]] = {place, 0};
  }
}

void Worker::set_row_values(size_t number, const RowState& rows, int64_t begin, int64_t count,
                            int64_t pitch, int64_t tile_rows) {
  const Pass& pass = launch_.program.passes[number];
  PassState& state = passes_[number];
  for (const Step& step : pass.steps) {
    if (step.kind != StepKind::row_value) continue;
    Register& target = state.registers[step.operands[0]];
    target = home(pass.registers[step.operands[0]]);
    const size_t size = tile_size(step.type);
    const uint64_t* const results = rows.results[step.stage].data() + begin;
    const auto fill = [&](auto* out) {
      using Word = std::remove_pointer_t<decltype(out)>;
      for (int64_t i = 0; i < count; ++i) {
        out[i] = static_cast<Word>(tile_bits(step.type, results[i]));
      }
    };
    if (size == 8) {
      fill(reinterpret_cast<uint64_t*>(target.data));
    } else {
      fill(reinterpret_cast<uint32_t*>(target.data));
    }
    const size_t row_bytes = static_cast<size_t>(pitch) * size;
    for (int64_t r = 1; r < tile_rows; ++r) {
      std::memcpy(target.data + static_cast<size_t>(r) * row_bytes, target.data, row_bytes);
    }
  }
}

const std::byte* Worker::reduced_rows(size_t number, int64_t n) {
  const Pass& pass = launch_.program.passes[number];
  return side_by_side(passes_[number].registers[pass.value],
                      launch_.program.combinations[*pass.reduce]->type, n);
}

std::byte* Worker::reduced_value(size_t number, int64_t n, uint64_t absent) {
  const Pass& pass = launch_.program.passes[number];
  const PassState& state = passes_[number];
  const Type type = launch_.program.combinations[*pass.reduce]->type;
  const size_t size = tile_size(type);
  const Register& value = state.registers[pass.value];
  auto* const data = const_cast<std::byte*>(side_by_side(value, type, n));
  absent = tile_bits(type, absent);
  // A tile of whole groups may lie in the input; any other is a copy.
  for (int64_t i = n; i < whole_groups(n); ++i) {
    std::memcpy(data + static_cast<size_t>(i) * size, &absent, size);
  }
  return data;
}

}  // namespace tandem::backends::common::interpreter
