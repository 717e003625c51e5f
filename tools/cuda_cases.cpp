#include "cuda_cases.h"

#include <fmt/format.h>

#include <array>
#include <optional>

#include "tandem/base/error.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/fuzz/generator.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/kernel/verify/verifier.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::tools {

using kernel::Access;
using kernel::Builder;
using kernel::EmittedValue;
using kernel::Extent;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Reduction;
using kernel::Type;
using op_table::RowId;

namespace {

std::optional<op_table::Signature> signature_of(RowId row, std::span<const Dtype> dtypes) {
  try {
    return op_table::infer(row, dtypes);
  } catch (const DTypeError&) {
    return std::nullopt;
  }
}

constexpr Dtype kReduced[] = {Dtype::bool_,   Dtype::int32,   Dtype::int64,
                              Dtype::float16, Dtype::float32, Dtype::float64};

bool takes(Reduction reduction, Dtype dtype) {
  const bool logical = reduction == Reduction::all || reduction == Reduction::any;
  return logical == (dtype == Dtype::bool_);
}

NodeId call(Builder& b, op_table::LeafId leaf, NodeId x) {
  return b.call(static_cast<uint16_t>(leaf), b.type_of(x), std::span(&x, 1));
}

Kernel scan_kernel(Dtype dtype, Reduction reduction, bool reverse, bool exclusive) {
  Builder b(1, 1);
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(dtype);
  const uint16_t scan = b.scan(reduction, b.load(in), false, reverse, exclusive);
  b.store(out, b.stage_result(scan));
  return b.finish();
}

// (x - mean) / sqrt(mean of squares of that + epsilon) * weight, the weight along the row.
Kernel norm_kernel() {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32, Access::contiguous);
  const uint16_t weight = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32, Access::contiguous);
  const uint16_t scale = b.add_param(Type::f32);
  const uint16_t total = b.reduce(Reduction::sum, b.load(in));
  b.begin_map(Extent::row);
  const NodeId mean = b.binary(Op::mul, b.stage_result(total), b.param(scale));
  const uint16_t means = b.output(Dtype::float32);
  b.store(means, mean);
  b.begin_map();
  const NodeId centred =
      b.binary(Op::sub, b.load(in), b.binary(Op::mul, b.stage_result(total), b.param(scale)));
  const uint16_t squares = b.reduce(Reduction::sum, b.binary(Op::mul, centred, centred));
  const NodeId variance = b.binary(Op::mul, b.stage_result(squares), b.param(scale));
  const NodeId deviation =
      b.unary(Op::sqrt, b.binary(Op::add, variance, b.float_constant(Type::f32, 1e-5)));
  b.store(out, b.binary(Op::mul, b.binary(Op::div, centred, deviation), b.load(weight)));
  return b.finish();
}

// Sum, extremes and their places in one kernel, with a map of the elements beside them.
Kernel statistics_kernel() {
  Builder b(2, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t doubled = b.output(Dtype::float32);
  b.store(doubled, b.binary(Op::add, b.load(in), b.load(in)));
  const uint16_t total = b.reduce(Reduction::sum, b.load(in));
  const uint16_t most = b.reduce(Reduction::max, b.load(in));
  const uint16_t place = b.reduce(Reduction::argmin, b.load(in));
  b.begin_map(Extent::row);
  b.store(b.output(Dtype::float32), b.binary(Op::sub, b.stage_result(most), b.stage_result(total)));
  b.store(b.output(Dtype::int64), b.stage_result(place));
  return b.finish();
}

// a * b + c, which must round twice, and its fused form, which rounds once.
Kernel contraction_kernel(Dtype dtype) {
  Builder b(1);
  std::array<NodeId, 3> in{};
  for (NodeId& node : in) node = b.load(b.input(dtype));
  const NodeId twice = b.binary(Op::add, b.binary(Op::mul, in[0], in[1]), in[2]);
  const NodeId once = b.ternary(Op::fma, in[0], in[1], in[2]);
  const NodeId less = b.binary(Op::sub, in[2], b.binary(Op::mul, in[0], in[1]));
  for (const NodeId node : {twice, once, less}) b.store(b.output(dtype), node);
  return b.finish();
}

// Each turn multiplies, adds and takes a leaf: a repeated piece of several nodes.
Kernel rounds_kernel(int rounds) {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32));
  const NodeId y = b.load(b.input(Dtype::float32));
  NodeId previous = y;
  for (int i = 0; i < rounds; ++i) {
    const NodeId next = call(b, op_table::LeafId::tanh, b.ternary(Op::fma, x, y, previous));
    previous = b.binary(Op::mul, x, b.float_constant(Type::f32, 0.75));
    x = next;
  }
  b.store(b.output(Dtype::float32), x);
  b.store(b.output(Dtype::float32), previous);
  return b.finish();
}

// Each turn makes `carried` values of those before, a constant and parameters of its own.
Kernel steps_kernel(Dtype dtype, int carried, int turns) {
  Builder b(1);
  const Type type = kernel::compute_type(dtype);
  std::vector<NodeId> values;
  for (int k = 0; k < carried; ++k) values.push_back(b.load(b.input(dtype)));
  for (int i = 0; i < turns; ++i) {
    const NodeId mine = b.param(b.add_param(type));
    std::vector<NodeId> next;
    for (size_t k = 0; k < values.size(); ++k) {
      const NodeId other = values[(k + 1) % values.size()];
      if (type == Type::f32 || type == Type::f64) {
        const NodeId moved = b.binary(Op::sub, b.binary(Op::mul, values[k], mine), other);
        next.push_back(b.binary(Op::max, b.binary(Op::min, moved, b.float_constant(type, 1.5)),
                                b.param(b.add_param(type))));
      } else {
        next.push_back(b.binary(Op::xor_, b.binary(Op::imul, values[k], b.int_constant(type, 77)),
                                b.binary(Op::iadd, other, mine)));
      }
    }
    values = std::move(next);
  }
  for (const NodeId value : values) b.store(b.output(dtype), value);
  return b.finish();
}

Kernel gather_kernel() {
  Builder b(2);
  const uint16_t table = b.input(Dtype::complex64);
  const uint16_t index = b.input(Dtype::int32);
  const NodeId at = b.unary(Op::extend_s, b.load(index));
  const EmittedValue found = emit_load_at(b, table, Dtype::complex64, at);
  emit_store(b, b.output(Dtype::complex64), found);
  return b.finish();
}

// Every leaf more than eight times in one text, so that each is a function out of line.
Kernel leaves_kernel() {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32));
  std::vector<NodeId> values = {x};
  for (int i = 0; i < 10; ++i) {
    for (const auto leaf : {op_table::LeafId::exp, op_table::LeafId::sin, op_table::LeafId::log}) {
      const NodeId shifted =
          b.binary(Op::add, x, b.float_constant(Type::f32, 0.125 * static_cast<double>(i)));
      values.push_back(call(b, leaf, shifted));
    }
  }
  NodeId total = values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    total = b.binary(i % 3 == 0 ? Op::max : Op::add, total, values[i]);
  }
  b.store(b.output(Dtype::float32), total);
  return b.finish();
}

}  // namespace

Kernel row_kernel(RowId row, Dtype dtype, Access access) {
  std::vector<Dtype> dtypes(static_cast<size_t>(op_table::row(row).arity), dtype);
  if (op_table::row(row).first_is_mask) dtypes[0] = Dtype::bool_;
  const auto signature = signature_of(row, dtypes);
  if (!signature) return {};
  Builder b(1);
  std::vector<EmittedValue> inputs;
  for (const Dtype each : dtypes) inputs.push_back(emit_load(b, b.input(each, access), each));
  const EmittedValue result = emit_row(b, row, inputs, *signature);
  emit_store(b, b.output(result.dtype, access), result);
  return b.finish();
}

Kernel reduction_kernel(Dtype dtype, Reduction reduction, bool is_unsigned, Access access) {
  Builder b(1, 1);
  const uint16_t in = b.input(dtype, access);
  const uint16_t out = b.output(op_table::gives_position(reduction) ? Dtype::int64 : dtype, access);
  const uint16_t stage = b.reduce(reduction, b.load(in), is_unsigned);
  b.begin_map(Extent::row);
  EmittedValue result{.dtype = b.kernel().buffers[out].dtype};
  result.nodes[0] = b.stage_result(stage);
  emit_store(b, out, result);
  return b.finish();
}

Kernel softmax_kernel(Dtype dtype, Access access) {
  Builder b(1, 1);
  const uint16_t in = b.input(dtype, access);
  const uint16_t out = b.output(dtype, access);
  const NodeId x = b.load(in);
  const uint16_t most = b.reduce(Reduction::max, x);
  const NodeId e = call(b, op_table::LeafId::exp, b.binary(Op::sub, x, b.stage_result(most)));
  const uint16_t total = b.reduce(Reduction::sum, e);
  EmittedValue result{.dtype = dtype};
  result.nodes[0] = b.binary(Op::div, e, b.stage_result(total));
  emit_store(b, out, result);
  return b.finish();
}

Kernel chain_kernel(int length) {
  Builder b(1);
  NodeId x = b.load(b.input(Dtype::float32, Access::contiguous));
  for (int i = 0; i < length; ++i) x = call(b, op_table::LeafId::exp, x);
  b.store(b.output(Dtype::float32, Access::contiguous), x);
  return b.finish();
}

std::vector<CudaCase> row_cases() {
  std::vector<CudaCase> cases;
  for (int row = 0; row < op_table::kRowCount; ++row) {
    for (int dtype = 0; dtype < kDtypeCount; ++dtype) {
      const auto id = static_cast<RowId>(row);
      Kernel kernel = row_kernel(id, Dtype(dtype), Access::general);
      if (kernel.nodes.empty()) continue;
      cases.push_back({fmt::format("row_{}_{}", op_table::name_of(id), name_of(Dtype(dtype))),
                       std::move(kernel)});
    }
  }
  return cases;
}

std::vector<CudaCase> cast_cases() {
  std::vector<CudaCase> cases;
  for (int from = 0; from < kDtypeCount; ++from) {
    Builder b(1);
    const EmittedValue value = emit_load(b, b.input(Dtype(from)), Dtype(from));
    for (int to = 0; to < kDtypeCount; ++to) {
      emit_store(b, b.output(Dtype(to)), emit_cast(b, value, Dtype(to)));
    }
    cases.push_back({fmt::format("cast_{}", name_of(Dtype(from))), b.finish()});
  }
  return cases;
}

std::vector<CudaCase> reduction_cases() {
  std::vector<CudaCase> cases;
  for (const Dtype dtype : kReduced) {
    for (const Reduction reduction :
         {Reduction::sum, Reduction::prod, Reduction::min, Reduction::max, Reduction::all,
          Reduction::any, Reduction::argmin, Reduction::argmax}) {
      if (!takes(reduction, dtype)) continue;
      for (const bool is_unsigned : {false, true}) {
        const bool has_order = reduction >= Reduction::min && is_integer(dtype);
        if (is_unsigned && !has_order) continue;
        cases.push_back({fmt::format("reduce_{}_{}{}", op_table::name_of(reduction), name_of(dtype),
                                     is_unsigned ? "_unsigned" : ""),
                         reduction_kernel(dtype, reduction, is_unsigned)});
      }
    }
  }
  for (const Dtype dtype : {Dtype::float32, Dtype::int64, Dtype::float64}) {
    for (const bool reverse : {false, true}) {
      for (const bool exclusive : {false, true}) {
        cases.push_back({fmt::format("scan_sum_{}{}{}", name_of(dtype), reverse ? "_reverse" : "",
                                     exclusive ? "_exclusive" : ""),
                         scan_kernel(dtype, Reduction::sum, reverse, exclusive)});
      }
    }
  }
  cases.push_back({"scan_max_int32", scan_kernel(Dtype::int32, Reduction::max, false, false)});
  cases.push_back({"scan_any_bool", scan_kernel(Dtype::bool_, Reduction::any, true, false)});
  return cases;
}

std::vector<CudaCase> composed_cases() {
  return {{"softmax_float32", softmax_kernel(Dtype::float32)},
          {"softmax_bfloat16", softmax_kernel(Dtype::bfloat16, Access::contiguous)},
          {"norm", norm_kernel()},
          {"statistics", statistics_kernel()},
          {"contraction_float32", contraction_kernel(Dtype::float32)},
          {"contraction_float64", contraction_kernel(Dtype::float64)},
          {"chain_500_exp", chain_kernel(500)},
          {"rounds_40", rounds_kernel(40)},
          {"steps_1_float32", steps_kernel(Dtype::float32, 1, 60)},
          {"steps_2_float64", steps_kernel(Dtype::float64, 2, 30)},
          {"steps_3_int32", steps_kernel(Dtype::int32, 3, 20)},
          {"steps_4_int64", steps_kernel(Dtype::int64, 4, 9)},
          {"steps_5_float32", steps_kernel(Dtype::float32, 5, 100)},
          {"gather", gather_kernel()},
          {"leaves", leaves_kernel()}};
}

CudaCase random_case(uint64_t seed) {
  kernel::fuzz::Random random(seed);
  return {fmt::format("random_{}", seed), kernel::fuzz::random_kernel(random).kernel};
}

}  // namespace tandem::tools
