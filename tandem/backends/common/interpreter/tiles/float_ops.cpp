// Tile functions of the IR operations on floats.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/float_ops.cpp"
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

template <class T>
void add_float_type(TileTable& table, Type type) {
  constexpr size_t W = sizeof(T);
  const auto unary = [&](Op op, auto f) { table.set(op, type, type, tile_function<W, T>(f)); };
  const auto binary = [&](Op op, auto f) { table.set(op, type, type, tile_function<W, T, T>(f)); };
  const auto compare = [&](Op op, auto f) {
    table.set(op, type, Type::b1, tile_function<W, T, T>(f));
  };
  binary(Op::add, [](auto x, auto y) HWY_ATTR { return x + y; });
  binary(Op::sub, [](auto x, auto y) HWY_ATTR { return x - y; });
  binary(Op::mul, [](auto x, auto y) HWY_ATTR { return x * y; });
  binary(Op::div, [](auto x, auto y) HWY_ATTR { return x / y; });
  binary(Op::min, [](auto x, auto y) HWY_ATTR { return min(x, y); });
  binary(Op::max, [](auto x, auto y) HWY_ATTR { return max(x, y); });
  binary(Op::copysign, [](auto x, auto y) HWY_ATTR { return copysign(x, y); });
  table.set(Op::fma, type, type, tile_function<W, T, T, T>([](auto x, auto y, auto z) HWY_ATTR {
              return fma(x, y, z);
            }));
  table.set(Op::select, type, type,
            tile_function<W, bool, T, T>([](auto m, auto x, auto y)
                                             HWY_ATTR { return select(m, x, y); }));
  table.set(Op::ldexp, Type::i32, type,
            tile_function<W, T, int32_t>([](auto x, auto n) HWY_ATTR { return ldexp(x, n); }));
  unary(Op::sqrt, [](auto x) HWY_ATTR { return sqrt(x); });
  unary(Op::rint, [](auto x) HWY_ATTR { return rint(x); });
  unary(Op::floor, [](auto x) HWY_ATTR { return floor(x); });
  unary(Op::ceil, [](auto x) HWY_ATTR { return ceil(x); });
  unary(Op::trunc, [](auto x) HWY_ATTR { return trunc(x); });
  unary(Op::neg, [](auto x) HWY_ATTR { return -x; });
  unary(Op::abs, [](auto x) HWY_ATTR { return abs(x); });
  compare(Op::lt, [](auto x, auto y) HWY_ATTR { return x < y; });
  compare(Op::le, [](auto x, auto y) HWY_ATTR { return x <= y; });
  compare(Op::eq, [](auto x, auto y) HWY_ATTR { return x == y; });
  compare(Op::unord, [](auto x, auto y) HWY_ATTR { return is_nan(x) | is_nan(y); });
}

void add_float_operations(TileTable& table) {
  add_float_type<float>(table, Type::f32);
  add_float_type<double>(table, Type::f64);
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common::interpreter
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common::interpreter {
TANDEM_EXPORT_TILES(add_float_operations)
}  // namespace tandem::backends::common::interpreter
#endif
