// The kernel IR: what every backend executes. Its semantics are stated here once; the scalar
// reference (reference.h) is their executable form and every evaluator is tested against it.
//
// Kernel   buffers + scalar parameters + domain + ordered stages. Pure. Built once per structure;
//          extents, strides, base addresses and scalars are arguments of the launch (launch.h).
// domain   `parallel_rank` outer axes, then `reduced_rank` axes that form one logical reduced
// extent
//          R, row-major over them. A kernel without reductions has reduced_rank 0.
// stage    Map | Reduce(op) | Scan(op): straight-line SSA, a contiguous range of `nodes`.
//          Extent element: evaluated at every point of the domain. Extent row: evaluated once per
//          point of the parallel axes. A node may use nodes of its own stage, results of earlier
//          Reduce stages (stage_result, extent row) and element values of earlier stages with
//          the same extent: whether a value is kept in row scratch or recomputed is a schedule
//          decision, never semantics. The result of an earlier Scan stage is an element value,
//          read by stage_result too. Reduce and Scan stages have extent element; these and row
//          extents need reduced_rank > 0. In a row stage the reduced coordinates are 0, and
//          index() of a reduced axis is not allowed.
// types    b1 i32 i64 f32 f64. Integers are signless: signedness is in the op. Storage dtypes occur
// only
//          in load, store, round and wrap. u/int8-16 run in i32 with wrap; f16/bf16 in f32 with
//          round; complex64 is two f32 values (part 0 real, 1 imaginary); a stored bool reads as !=
//          0 and is written as 0 or 1. A store has the type of the value it stores. A value stored
//          to an 8- or 16-bit dtype must be *provably* one of that dtype: a Round or Wrap to it, a
//          load from a buffer of (a subset of) it, a constant of it, or one of the operations that
//          stay inside (select, min, max, neg, abs, copysign, rint, floor, ceil, trunc; on integers
//          imin, imax, and, or, xor, sar and unsigned shr): `representable` is the exact rule.
// floats   IEEE, nearest-even, subnormals kept, never contracted or reassociated. NaN payload and
//          sign unspecified. max(x, y) = select(x != x, x, select(x > y, x, y)), min likewise: NaN
//          propagates, ties give y, operand order is kept. ldexp(f, i32) rounds once. neg, abs and
//          copysign are bit operations. le, lt, eq are false on NaN; unord is true on any.
// ints     wrap; x/0 = x%0 = 0; MIN/-1 = MIN, MIN%-1 = 0; shifts by >= width give 0 (sar: the
//          sign), the amount read as unsigned. ftoi truncates, saturates, NaN -> 0: f32 or f64 to
//          the stated i32 or i64. itof rounds to nearest even. extend_s/u: i32 -> i64; narrow: i64
//          -> i32 by truncation. bitcast: i32 <-> f32, i64 <-> f64. round: f32 -> f32; wrap: i32 ->
//          i32, the low 8 or 16 bits sign- or zero-extended.
// memory   load(buf, part) and store(buf, part): the element at the point's affine position, given
// by the
//          launch's strides per axis; part selects a half of a complex64. load_at(buf, i64)
//          indexes the buffer's first dimension axis, from the point's affine position: a negative
//          index is wrapped once, then clamped; with no entries it reads 0. store_at(buf, i64
//          index, value) wraps a negative index once, then drops what is out of range; indices must
//          be unique. Offsets are i64. A written buffer is not loaded, and each of its parts is
//          stored once. Two buffers may be the same memory only as `verify_launch` allows.
// reduce   element j of R goes to chunk j/1024, accumulator j%64 in increasing j; then fold
//          a[i] op a[i+w] for w = 32, 16, .. 1 (absent accumulators are skipped, never identity);
//          chunks combine as a binary counter: chunk c is pushed, and while bit k of c is set the
//          top two entries combine as older op newer; at the end the stack folds from the top:
//          older op newer. R = 0 gives the identity of the op. f16/bf16 accumulate in f32 and round
//          once, at the store. argmin/argmax: the first NaN, else the extreme, lowest j; the result
//          is the i64 index j (0 if R = 0). sum and prod take any number; min, max, argmin, argmax
//          too; all, any take b1. Integer sums wrap.
// scan     sum, prod, min, max, all, any along R, in increasing j, or decreasing if reverse (then
//          j counts from the end). Blocks of 32: for w = 1, 2, 4, 8, 16: x[i] = x[i-w] op x[i]
//          where i >= w, all at once; blocks of a chunk of 1024 in order: x[i] = carry op x[i] but
//          for the first, the carry being the last x of the block before; chunks of R likewise.
//          exclusive: element j has the value of j-1, the first the identity.
// relax    per-kernel set of named relaxations, part of the key, empty by default.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tandem/base/dtype.h"
#include "tandem/kernel/types.h"
#include "tandem/op_table/reduction.h"

namespace tandem::kernel {

enum class Op : uint8_t {
#define TANDEM_IR_OP(name, arity, signature) name,
#include "tandem/kernel/ir_ops.def"
#undef TANDEM_IR_OP
};
#define TANDEM_IR_OP(name, arity, signature) +1
inline constexpr int kOpCount = 0
#include "tandem/kernel/ir_ops.def"
    ;
#undef TANDEM_IR_OP

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};
inline constexpr int kMaxInputs = 4;

// One SSA value or store. `slot` is the buffer of load/store, the parameter, the axis of index, the
// stage of stage_result, the leaf (op_table::LeafId) of call. `part` selects a half of a complex64;
// on call, 1 says that the leaf's integer operands are unsigned.
struct Node {
  Op op = Op::constant;
  Type type = Type::f32;
  uint8_t part = 0;
  uint8_t input_count = 0;
  uint16_t slot = 0;
  std::array<NodeId, kMaxInputs> in = {kNoNode, kNoNode, kNoNode, kNoNode};
  uint64_t bits = 0;  // value of a constant: the low bits of its type
  bool operator==(const Node&) const = default;
};

// What is known of a buffer's strides when the kernel is built.
enum class Access : uint8_t { general, contiguous, scalar };

struct BufferParam {
  Dtype dtype = Dtype::float32;
  Access access = Access::general;
  bool written = false;  // the target of a store; otherwise only loaded
  bool operator==(const BufferParam&) const = default;
};

enum class StageKind : uint8_t { map, reduce, scan };
enum class Extent : uint8_t { element, row };
using op_table::Reduction;

struct Stage {
  StageKind kind = StageKind::map;
  Extent extent = Extent::element;
  NodeId begin = 0, end = 0;  // range of Kernel::nodes
  // Reduce and Scan:
  Reduction reduction = Reduction::sum;
  bool is_unsigned = false;  // order of min, max, argmin, argmax on integers, else false
  bool reverse = false, exclusive = false;  // Scan
  NodeId value = kNoNode;                   // reduced node of this stage
  bool operator==(const Stage&) const = default;
};

enum Relaxation : uint32_t {
  kExcessPrecision = 1,
  kContract = 2,
  kNativeLeaves = 4,
  kReassociate = 8,
  kTf32 = 16,
};

struct Kernel {
  std::vector<BufferParam> buffers;
  std::vector<Type> params;
  uint8_t parallel_rank = 0;
  uint8_t reduced_rank = 0;
  std::vector<Node> nodes;
  std::vector<Stage> stages;
  uint32_t relax = 0;
  bool operator==(const Kernel&) const = default;
};

// Arity and name as ir_ops.def has them; the arity of call is that of its leaf.
int arity_of(Op op);
std::string_view name_of(Op op);

// The type of a Reduce stage's result: i64 for argmin and argmax, else that of the reduced value.
Type result_type(const Kernel& kernel, const Stage& stage);

}  // namespace tandem::kernel
