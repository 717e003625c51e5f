#include <array>
#include <utility>

#include "tandem/kernel/builder.h"
#include "tandem/kernel/fuzz/generator.h"
#include "tandem/kernel/fuzz/values.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/kernel/signatures.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::kernel::fuzz {

namespace {

constexpr int kTypes[] = {0, 1, 2, 3, 4};

// Values that nodes of the current stage may use, by type.
using Pool = std::array<std::vector<NodeId>, kTypeCount>;

class Generator {
 public:
  explicit Generator(Random& random)
      : random_(random),
        parallel_rank_(static_cast<int>(random.between(0, 3))),
        reduced_rank_(random.one_in(2) ? 0 : static_cast<int>(random.between(1, 2))),
        builder_(parallel_rank_, reduced_rank_) {}

  RandomKernel run() {
    const int64_t inputs = random_.between(1, 5);
    for (int64_t i = 0; i < inputs; ++i) add_input();
    const int64_t params = random_.below(4);
    for (int64_t i = 0; i < params; ++i) {
      params_.push_back(builder_.add_param(static_cast<Type>(random_.pick({0, 1, 2, 3, 3, 4}))));
    }
    const int64_t stages = reduced_rank_ == 0 ? random_.between(1, 2) : random_.between(1, 4);
    for (int64_t s = 0; s < stages; ++s) add_stage();
    // What the last reduction gives is stored, and something is stored.
    if (unread_ || outputs_ == 0) {
      begin_stage(reads_scan_ || reduced_rank_ == 0 || random_.one_in(2) ? Extent::element
                                                                         : Extent::row);
      add_store();
    }
    return {builder_.finish(), std::move(scatter_axis_)};
  }

 private:
  uint16_t add_buffer(Dtype dtype, bool written, int scatter_axis = -1) {
    scatter_axis_.push_back(scatter_axis);
    return written ? builder_.output(dtype) : builder_.input(dtype);
  }

  void add_input() {
    // float32 as often as all the others together.
    const Dtype dtype =
        random_.one_in(2) ? Dtype::float32 : static_cast<Dtype>(random_.below(kDtypeCount));
    inputs_.emplace_back(add_buffer(dtype, false), dtype);
  }

  void begin_stage(Extent extent) {
    builder_.begin_map(extent);
    extent_ = extent;
    Pool& pool = current();
    // Values of earlier stages with this extent stay visible.
    const int64_t sources = random_.between(1, 4);
    for (int64_t i = 0; i < sources; ++i) put(pool, random_source());
    const bool readable = unread_ && (!reads_scan_ || extent == Extent::element);
    if (readable && !random_.one_in(4)) {
      const NodeId result = builder_.stage_result(reads_scan_ ? scans_.back() : reduces_.back());
      put(pool, result);
      unread_ = false;
      if (extent == Extent::element && random_.one_in(4)) put_combined(result);
    }
  }

  // What was reduced or scanned, against the result: the pattern of softmax and the norms.
  void put_combined(NodeId result) {
    const Type type = builder_.type_of(result);
    if (builder_.type_of(combined_) != type || type == Type::b1) return;
    const Op op = is_float(type) ? random_.pick({Op::sub, Op::div, Op::mul})
                                 : random_.pick({Op::isub, Op::imul, Op::imin_s});
    put(current(), builder_.binary(op, combined_, result));
  }

  Pool& current() { return pools_[static_cast<size_t>(extent_)]; }
  void put(Pool& pool, NodeId node) {
    newest_ = builder_.type_of(node);
    pool[static_cast<size_t>(builder_.type_of(node))].push_back(node);
  }

  void add_stage() {
    const bool rows = reduced_rank_ > 0 && random_.one_in(4);
    begin_stage(rows ? Extent::row : Extent::element);
    const int64_t operations = random_.between(0, 12);
    for (int64_t i = 0; i < operations; ++i) put(current(), random_operation());
    const int64_t stores = random_.below(3);
    for (int64_t i = 0; i < stores; ++i) add_store();
    if (!rows && reduced_rank_ > 0 && !random_.one_in(3)) end_with_reduction();
  }

  void end_with_reduction() {
    const bool scan = random_.one_in(4);
    const bool logical = random_.one_in(8);
    const Type type =
        logical ? Type::b1 : random_.pick({Type::i32, Type::i64, Type::f32, Type::f32, Type::f64});
    // all and any of b1; sum, prod, min, max and, but for scans, the arg reductions of numbers.
    auto reduction = static_cast<Reduction>(random_.pick({0, 0, 1, 2, 3}));
    if (logical) reduction = random_.one_in(2) ? Reduction::all : Reduction::any;
    if (!logical && !scan && random_.one_in(4)) {
      reduction = random_.one_in(2) ? Reduction::argmin : Reduction::argmax;
    }
    const NodeId operand = value(type);
    combined_ = operand;
    const bool is_unsigned = random_.one_in(2);
    const uint16_t stage =
        scan ? builder_.scan(reduction, operand, is_unsigned, random_.one_in(2), random_.one_in(2))
             : builder_.reduce(reduction, operand, is_unsigned);
    (scan ? scans_ : reduces_).push_back(stage);
    unread_ = true;
    reads_scan_ = scan;
  }

  // A value that has no operands, or a gathered one.
  NodeId random_source() {
    switch (random_.below(10)) {
      case 0:
        return constant(random_type());
      case 1:
        if (params_.empty()) break;
        return builder_.param(random_.pick(params_));
      case 2: {
        const int axes = parallel_rank_ + (extent_ == Extent::row ? 0 : reduced_rank_);
        if (axes == 0) break;
        return builder_.index(static_cast<int>(random_.below(axes)));
      }
      case 3:
        return gather();
      case 4:
      case 5:
        if (!reduces_.empty()) return builder_.stage_result(random_.pick(reduces_));
        break;
      case 6:
        if (!scans_.empty() && extent_ == Extent::element) {
          return builder_.stage_result(random_.pick(scans_));
        }
        break;
      default:
        break;
    }
    const auto [buffer, dtype] = random_.pick(inputs_);
    return builder_.load(buffer, part_of(dtype));
  }

  int part_of(Dtype dtype) { return is_complex(dtype) ? static_cast<int>(random_.below(2)) : 0; }

  NodeId gather() {
    const auto [buffer, dtype] = random_.pick(inputs_);
    return builder_.load_at(buffer, gathered_index(), part_of(dtype));
  }

  // Any value, or one that the outer axis alone decides: then lines of memory are gathered.
  NodeId gathered_index() {
    if (parallel_rank_ > 0 && random_.one_in(3)) {
      const NodeId start = builder_.int_constant(Type::i64, random_.between(-5, 5));
      return builder_.binary(Op::iadd, builder_.index(0), start);
    }
    return value(Type::i64);
  }

  NodeId constant(Type type) { return builder_.constant(type, random_value(random_, type)); }

  Type random_type() {
    return static_cast<Type>(random_.pick(std::vector<int>(kTypes, kTypes + 5)));
  }
  Type random_float_type() { return random_.one_in(4) ? Type::f64 : Type::f32; }
  Type random_int_type() { return random_.one_in(3) ? Type::i64 : Type::i32; }

  // A value of the type: mostly one there is, else a new source converted.
  NodeId value(Type type) {
    const auto& known = current()[static_cast<size_t>(type)];
    if (!known.empty() && !random_.one_in(10)) {
      if (!random_.one_in(3)) return known.back();
      return random_.pick(known);
    }
    if (random_.one_in(4)) return constant(type);
    const auto [buffer, dtype] = random_.pick(inputs_);
    const NodeId converted = to_type(builder_.load(buffer, part_of(dtype)), type);
    put(current(), converted);
    return converted;
  }

  NodeId to_type(NodeId node, Type type) {
    const Type from = builder_.type_of(node);
    if (from == type) return node;
    if (type == Type::b1) {
      return builder_.unary(
          Op::not_, builder_.binary(is_float(from) ? Op::eq : Op::ieq, node, constant_of(from, 0)));
    }
    if (from == Type::b1) return builder_.select(node, constant_of(type, 1), constant_of(type, 0));
    const bool is_signed = random_.one_in(2);
    if (is_float(from) && is_float(type)) {
      return builder_.unary(type == Type::f64 ? Op::f32_to_f64 : Op::f64_to_f32, node);
    }
    if (is_float(from)) return builder_.convert(is_signed ? Op::ftoi_s : Op::ftoi_u, type, node);
    if (is_float(type)) return builder_.convert(is_signed ? Op::itof_s : Op::itof_u, type, node);
    if (type == Type::i32) return builder_.unary(Op::narrow, node);
    return builder_.unary(is_signed ? Op::extend_s : Op::extend_u, node);
  }

  NodeId constant_of(Type type, int value) {
    return is_float(type) ? builder_.float_constant(type, value)
                          : builder_.int_constant(type, value);
  }

  // `node` with NaN, whose bits are not specified, replaced.
  NodeId without_nan(NodeId node) {
    const NodeId is_nan = builder_.binary(Op::unord, node, node);
    return builder_.select(is_nan, constant_of(builder_.type_of(node), 1), node);
  }

  NodeId random_operation() {
    if (random_.one_in(6)) return random_source();
    while (true) {
      const Op op = static_cast<Op>(random_.below(kOpCount));
      switch (signature_of(op)) {
        case OpSignature::floating:
          return same_typed(op, random_float_type());
        case OpSignature::fcompare:
          return same_typed(op, random_float_type());
        case OpSignature::integer:
        case OpSignature::icompare:
          return same_typed(op, random_int_type());
        case OpSignature::logic:
          return same_typed(op, random_.one_in(3) ? Type::b1 : random_int_type());
        case OpSignature::select: {
          const Type type = random_type();
          const NodeId mask = value(Type::b1);
          const NodeId a = value(type);
          return builder_.select(mask, a, value(type));
        }
        case OpSignature::other:
          if (op != Op::load_at) return other_operation(op);
          break;
        default:
          break;  // sources and stores have their own places
      }
    }
  }

  NodeId same_typed(Op op, Type type) {
    const NodeId a = value(type);
    if (arity_of(op) == 1) return builder_.unary(op, a);
    NodeId b = value(type);
    if (op == Op::copysign) b = without_nan(b);
    if (arity_of(op) == 2) return builder_.binary(op, a, b);
    return builder_.ternary(op, a, b, value(type));
  }

  NodeId other_operation(Op op) {
    switch (op) {
      case Op::ldexp: {
        const NodeId x = value(random_float_type());
        return builder_.binary(op, x, value(Type::i32));
      }
      case Op::ftoi_s:
      case Op::ftoi_u:
        return builder_.convert(op, random_int_type(), value(random_float_type()));
      case Op::itof_s:
      case Op::itof_u:
        return builder_.convert(op, random_float_type(), value(random_int_type()));
      case Op::bitcast: {
        if (random_.one_in(2)) return builder_.unary(op, value(random_int_type()));
        return builder_.unary(op, without_nan(value(random_float_type())));
      }
      case Op::call:
        return random_call();
      case Op::round_f16:
      case Op::round_bf16:
      case Op::f32_to_f64:
        return builder_.unary(op, value(Type::f32));
      case Op::f64_to_f32:
        return builder_.unary(op, value(Type::f64));
      case Op::narrow:
        return builder_.unary(op, value(Type::i64));
      default:
        return builder_.unary(op, value(Type::i32));  // wrap, extend
    }
  }

  NodeId random_call() {
    const auto leaf = static_cast<uint16_t>(random_.below(op_table::kLeafCount));
    const op_table::LeafInfo& info = op_table::info(static_cast<op_table::LeafId>(leaf));
    Type type = random_float_type();
    if (info.operands == op_table::LeafOperands::word) type = Type::i32;
    if (info.operands == op_table::LeafOperands::integer) type = random_int_type();
    std::vector<NodeId> inputs;
    for (int i = 0; i < info.arity; ++i) inputs.push_back(value(type));
    const bool is_unsigned = !is_float(type) && random_.one_in(2);
    return builder_.call(leaf, type, inputs, is_unsigned);
  }

  void add_store() {
    // Mostly a value of the type computed last, so that little of what is computed is dead.
    Dtype dtype;
    do {
      dtype = static_cast<Dtype>(random_.below(kDtypeCount));
    } while (compute_type(dtype) != newest_ && !random_.one_in(8));
    const Type type = compute_type(dtype);
    EmittedValue stored{.dtype = dtype};
    stored.nodes[0] = value(type);
    if (is_complex(dtype)) stored.nodes[1] = value(type);
    ++outputs_;
    if (random_.one_in(6)) return add_scatter(stored);
    emit_store(builder_, add_buffer(dtype, true), stored);
  }

  // The index runs along one axis, forwards or backwards, from a start that may leave the buffer.
  void add_scatter(const EmittedValue& stored) {
    const int axes = parallel_rank_ + (extent_ == Extent::row ? 0 : reduced_rank_);
    const int axis = axes == 0 ? -1 : static_cast<int>(random_.below(axes));
    const uint16_t buffer = add_buffer(stored.dtype, true, axis);
    NodeId index = builder_.int_constant(Type::i64, random_.between(-9, 9));
    if (axis >= 0) {
      index = builder_.binary(random_.one_in(2) ? Op::iadd : Op::isub, index, builder_.index(axis));
    }
    emit_store_at(builder_, buffer, index, stored);
  }

  Random& random_;
  int parallel_rank_, reduced_rank_;
  Builder builder_;
  Extent extent_ = Extent::element;
  std::array<Pool, 2> pools_;
  std::vector<std::pair<uint16_t, Dtype>> inputs_;
  std::vector<uint16_t> params_, reduces_, scans_;
  std::vector<int> scatter_axis_;
  int outputs_ = 0;
  NodeId combined_ = kNoNode;  // the operand of the last Reduce or Scan stage
  Type newest_ = Type::f32;    // of the value that became known last
  // Whether the last Reduce, or Scan, stage has no reader yet.
  bool unread_ = false, reads_scan_ = false;
};

}  // namespace

RandomKernel random_kernel(Random& random) { return Generator(random).run(); }

Case random_case(uint64_t seed) {
  Random random(seed);
  return random_launch(random, random_kernel(random));
}

}  // namespace tandem::kernel::fuzz
