// Tile functions that convert: IR operations, and stored elements to and from the compute type.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/conversions.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tandem/backends/common/interpreter/tiles/carrier_headers.h"
#include "tandem/backends/common/interpreter/tiles/targets-inl.h"

#if TANDEM_TILE_TARGET
HWY_BEFORE_NAMESPACE();
#include "tandem/backends/common/interpreter/tiles/carrier.inc"
#include "tandem/backends/common/interpreter/tiles/tile_loop.inc"

namespace tandem::backends::common::interpreter {
namespace HWY_NAMESPACE {

using kernel::Op;
using kernel::Type;

HWY_INLINE Vec<float> round_to_f16(Vec<float> x) {
  const Tag<float> d;
  const hn::Rebind<hwy::float16_t, Tag<float>> dh;
  return {hn::PromoteTo(d, hn::DemoteTo(dh, x.v))};
}
// The bf16 conversion instruction flushes subnormals, so this is integer arithmetic.
HWY_INLINE Vec<float> round_to_bf16(Vec<float> x) {
  const auto b = bits(x);
  const auto odd = shr(b, like(b, 16)) & like(b, 1);
  const auto rounded = (b + like(b, 0x7fff) + odd) & like(b, static_cast<int32_t>(0xffff0000u));
  const auto quiet = b | like(b, 0x400000);
  return from_bits(select(is_nan(x), quiet & like(b, static_cast<int32_t>(0xffff0000u)), rounded));
}

// Element by element; the compiler turns these loops into vectors.
template <class Out, class In, class F>
TileFunction scalar_function(F) {
  return [](const Register* registers, const uint16_t* operands, size_t n) HWY_ATTR {
    auto* const out = reinterpret_cast<Out*>(registers[operands[0]].data);
    const Register from = registers[operands[1]];
    const auto* const in = reinterpret_cast<const In*>(from.data);
    if (from.mask == 0) {
      const Out value = F{}(in[0]);
      for (size_t i = 0; i < n; ++i) out[i] = value;
    } else {
      for (size_t i = 0; i < n; ++i) out[i] = F{}(in[i]);
    }
  };
}
template <class Out, class In>
void add_cast(TileTable& table, Op op, Type from, Type to) {
  table.set(op, from, to,
            scalar_function<Out, In>([](In x) HWY_ATTR { return static_cast<Out>(x); }));
}
template <class Out, class In>
void add_saturating(TileTable& table, Op op, Type from, Type to) {
  table.set(op, from, to,
            scalar_function<Out, In>([](In x) HWY_ATTR { return op_table::saturate_to<Out>(x); }));
}

void add_float_conversions(TileTable& table) {
  const auto on_f32 = [&](Op op, auto f) {
    table.set(op, Type::f32, Type::f32, tile_function<4, float>(f));
  };
  on_f32(Op::round_f16, [](auto x) HWY_ATTR { return round_to_f16(x); });
  on_f32(Op::round_bf16, [](auto x) HWY_ATTR { return round_to_bf16(x); });
  table.set(Op::ftoi_s, Type::f32, Type::i32,
            tile_function<4, float>([](auto x) HWY_ATTR { return to_int(x); }));
  add_saturating<uint32_t, float>(table, Op::ftoi_u, Type::f32, Type::i32);
  add_saturating<int64_t, float>(table, Op::ftoi_s, Type::f32, Type::i64);
  add_saturating<uint64_t, float>(table, Op::ftoi_u, Type::f32, Type::i64);
  add_saturating<int32_t, double>(table, Op::ftoi_s, Type::f64, Type::i32);
  add_saturating<uint32_t, double>(table, Op::ftoi_u, Type::f64, Type::i32);
  add_saturating<int64_t, double>(table, Op::ftoi_s, Type::f64, Type::i64);
  add_saturating<uint64_t, double>(table, Op::ftoi_u, Type::f64, Type::i64);
  add_cast<double, float>(table, Op::f32_to_f64, Type::f32, Type::f64);
  add_cast<float, double>(table, Op::f64_to_f32, Type::f64, Type::f32);
}

void add_integer_conversions(TileTable& table) {
  add_cast<float, int32_t>(table, Op::itof_s, Type::i32, Type::f32);
  add_cast<float, uint32_t>(table, Op::itof_u, Type::i32, Type::f32);
  add_cast<double, int32_t>(table, Op::itof_s, Type::i32, Type::f64);
  add_cast<double, uint32_t>(table, Op::itof_u, Type::i32, Type::f64);
  add_cast<float, int64_t>(table, Op::itof_s, Type::i64, Type::f32);
  add_cast<float, uint64_t>(table, Op::itof_u, Type::i64, Type::f32);
  add_cast<double, int64_t>(table, Op::itof_s, Type::i64, Type::f64);
  add_cast<double, uint64_t>(table, Op::itof_u, Type::i64, Type::f64);
  add_cast<int64_t, int32_t>(table, Op::extend_s, Type::i32, Type::i64);
  add_cast<uint64_t, uint32_t>(table, Op::extend_u, Type::i32, Type::i64);
  add_cast<uint32_t, uint64_t>(table, Op::narrow, Type::i64, Type::i32);
  const auto wrap = [&](Op op, auto f) { table.set(op, Type::i32, Type::i32, f); };
  wrap(Op::wrap_s8, scalar_function<int32_t, int32_t>(
                        [](int32_t x) HWY_ATTR { return int32_t{static_cast<int8_t>(x)}; }));
  wrap(Op::wrap_u8, scalar_function<int32_t, int32_t>(
                        [](int32_t x) HWY_ATTR { return int32_t{static_cast<uint8_t>(x)}; }));
  wrap(Op::wrap_s16, scalar_function<int32_t, int32_t>(
                         [](int32_t x) HWY_ATTR { return int32_t{static_cast<int16_t>(x)}; }));
  wrap(Op::wrap_u16, scalar_function<int32_t, int32_t>(
                         [](int32_t x) HWY_ATTR { return int32_t{static_cast<uint16_t>(x)}; }));
}

template <class Out, class In, class F>
ConvertFunction convert_function(F) {
  return [](void* to, const void* from, size_t n) HWY_ATTR {
    auto* const out = static_cast<Out*>(to);
    const auto* const in = static_cast<const In*>(from);
    for (size_t i = 0; i < n; ++i) out[i] = F{}(in[i]);
  };
}

void load_f16(void* to, const void* from, size_t n) {
  const Tag<float> d;
  const hn::Rebind<hwy::float16_t, Tag<float>> dh;
  auto* const out = static_cast<float*>(to);
  const auto* const in = static_cast<const hwy::float16_t*>(from);
  size_t i = 0;
  for (; i + kLanes<float> <= n; i += kLanes<float>) {
    hn::StoreU(hn::PromoteTo(d, hn::LoadU(dh, in + i)), d, out + i);
  }
  for (; i < n; ++i) out[i] = half_bits_to_float(static_cast<const uint16_t*>(from)[i]);
}
void store_f16(void* to, const void* from, size_t n) {
  const Tag<float> d;
  const hn::Rebind<hwy::float16_t, Tag<float>> dh;
  auto* const out = static_cast<hwy::float16_t*>(to);
  const auto* const in = static_cast<const float*>(from);
  size_t i = 0;
  for (; i + kLanes<float> <= n; i += kLanes<float>) {
    hn::StoreU(hn::DemoteTo(dh, hn::LoadU(d, in + i)), dh, out + i);
  }
  for (; i < n; ++i) static_cast<uint16_t*>(to)[i] = float_to_half_bits(in[i]);
}

template <class T>
void add_narrow_integer(TileTable& table, Dtype dtype) {
  table.load[static_cast<size_t>(dtype)] =
      convert_function<int32_t, T>([](T x) HWY_ATTR { return int32_t{x}; });
  table.store[static_cast<size_t>(dtype)] =
      convert_function<T, int32_t>([](int32_t x) HWY_ATTR { return static_cast<T>(x); });
}

void add_storage(TileTable& table) {
  add_narrow_integer<uint8_t>(table, Dtype::uint8);
  add_narrow_integer<int8_t>(table, Dtype::int8);
  add_narrow_integer<uint16_t>(table, Dtype::uint16);
  add_narrow_integer<int16_t>(table, Dtype::int16);
  const auto boolean = static_cast<size_t>(Dtype::bool_);
  table.load[boolean] =
      convert_function<int32_t, uint8_t>([](uint8_t x) HWY_ATTR { return x != 0 ? -1 : 0; });
  table.store[boolean] = convert_function<uint8_t, int32_t>(
      [](int32_t x) HWY_ATTR { return static_cast<uint8_t>(x & 1); });
  const auto half = static_cast<size_t>(Dtype::float16);
  table.load[half] = load_f16;
  table.store[half] = store_f16;
  const auto brain = static_cast<size_t>(Dtype::bfloat16);
  table.load[brain] =
      convert_function<uint32_t, uint16_t>([](uint16_t x) HWY_ATTR { return uint32_t{x} << 16; });
  table.store[brain] = convert_function<uint16_t, uint32_t>([](uint32_t b) HWY_ATTR {
    const uint32_t rounded = (b + 0x7fff + ((b >> 16) & 1)) >> 16;
    return static_cast<uint16_t>((b & 0x7fffffff) > 0x7f800000 ? (b >> 16) | 0x40 : rounded);
  });
}

void add_conversions(TileTable& table) {
  add_float_conversions(table);
  add_integer_conversions(table);
  add_storage(table);
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common::interpreter
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common::interpreter {
TANDEM_EXPORT_TILES(add_conversions)
}  // namespace tandem::backends::common::interpreter
#endif
