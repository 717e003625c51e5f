// Tile functions of the IR operations on integers and b1.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/integer_ops.cpp"
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

// Operations that read their operands as T.
template <class T>
struct IntegerAdder {
  static constexpr size_t W = sizeof(T);
  TileTable& table;
  Type type;

  template <class F>
  void binary(Op op, F f) const {
    table.set(op, type, type, tile_function<W, T, T>(f));
  }
  template <class F>
  void compare(Op op, F f) const {
    table.set(op, type, Type::b1, tile_function<W, T, T>(f));
  }
};

template <class T>
void add_logic(TileTable& table, Type type) {
  const IntegerAdder<T> add{table, type};
  add.binary(Op::and_, [](auto x, auto y) HWY_ATTR { return x & y; });
  add.binary(Op::or_, [](auto x, auto y) HWY_ATTR { return x | y; });
  add.binary(Op::xor_, [](auto x, auto y) HWY_ATTR { return x ^ y; });
  table.set(Op::not_, type, type, tile_function<sizeof(T), T>([](auto x) HWY_ATTR { return ~x; }));
  table.set(Op::select, type, type,
            tile_function<sizeof(T), bool, T, T>([](auto m, auto x, auto y)
                                                     HWY_ATTR { return select(m, x, y); }));
}

template <class T>
void add_signless(TileTable& table, Type type) {
  add_logic<T>(table, type);
  const IntegerAdder<T> add{table, type};
  add.binary(Op::iadd, [](auto x, auto y) HWY_ATTR { return x + y; });
  add.binary(Op::isub, [](auto x, auto y) HWY_ATTR { return x - y; });
  add.binary(Op::imul, [](auto x, auto y) HWY_ATTR { return x * y; });
  add.binary(Op::shl, [](auto x, auto y) HWY_ATTR { return x << y; });
  add.binary(Op::shr, [](auto x, auto y) HWY_ATTR { return shr(x, y); });
  add.binary(Op::sar, [](auto x, auto y) HWY_ATTR { return sar(x, y); });
  add.compare(Op::ieq, [](auto x, auto y) HWY_ATTR { return x == y; });
}

// The operations that come signed and unsigned, as T is.
template <class T>
void add_signed(TileTable& table, Type type) {
  constexpr bool s = std::is_signed_v<T>;
  const IntegerAdder<T> add{table, type};
  add.binary(s ? Op::imulhi_s : Op::imulhi_u, [](auto x, auto y) HWY_ATTR { return mulhi(x, y); });
  add.binary(s ? Op::idiv_s : Op::idiv_u, [](auto x, auto y) HWY_ATTR { return div(x, y); });
  add.binary(s ? Op::irem_s : Op::irem_u, [](auto x, auto y) HWY_ATTR { return rem(x, y); });
  add.binary(s ? Op::imin_s : Op::imin_u, [](auto x, auto y) HWY_ATTR { return min(x, y); });
  add.binary(s ? Op::imax_s : Op::imax_u, [](auto x, auto y) HWY_ATTR { return max(x, y); });
  add.compare(s ? Op::ilt_s : Op::ilt_u, [](auto x, auto y) HWY_ATTR { return x < y; });
  add.compare(s ? Op::ile_s : Op::ile_u, [](auto x, auto y) HWY_ATTR { return x <= y; });
}

void add_integer_operations(TileTable& table) {
  add_signless<int32_t>(table, Type::i32);
  add_signless<int64_t>(table, Type::i64);
  add_logic<int32_t>(table, Type::b1);
  add_signed<int32_t>(table, Type::i32);
  add_signed<uint32_t>(table, Type::i32);
  add_signed<int64_t>(table, Type::i64);
  add_signed<uint64_t>(table, Type::i64);
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common::interpreter
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE
namespace tandem::backends::common::interpreter {
TANDEM_EXPORT_TILES(add_integer_operations)
}  // namespace tandem::backends::common::interpreter
#endif
