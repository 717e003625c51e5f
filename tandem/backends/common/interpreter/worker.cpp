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
  if (size == 8) {
    spread<uint64_t>(to, static_cast<const std::byte*>(element), 8);
  } else {
    spread<uint32_t>(to, static_cast<const std::byte*>(element), 16);
  }
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

void Worker::bind_outputs(const Pass& pass, PassState& state, const TileRange& range) {
  const bool whole = range.elements() % kGroup == 0;
  for (const uint16_t number : pass.direct_stores) {
    const Step& step = pass.steps[number];
    std::byte* memory = nullptr;
    const BoundAccess& bound = launch_.accesses[step.access];
    if (whole && !bound.streams && !bound.aliased) memory = in_place(step, range, 0);
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
  const bool one_row = range.one_row();
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
      return scatter(step, state, range);
    case StepKind::scan:
      return scan(step, state, range);
    case StepKind::kept_value: {
      const Kept& kept = kept_[step.stage];
      const size_t size = tile_size(step.type);
      state.registers[step.operands[0]].data = kept.row + static_cast<size_t>(kept.position) * size;
      return;
    }
    case StepKind::store:
      if (state.bound[number] == 0) store(step, state, range, 0);
      return;
    case StepKind::row_value:
    case StepKind::compute:
      return;
  }
}

const std::byte* Worker::side_by_side(const Register& value, Type type, int64_t n) {
  if (value.mask != 0) return value.data;
  spread_by_size(spread_, value.data, tile_size(type), n);
  return spread_;
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
