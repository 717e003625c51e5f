#include "tandem/backends/cuda/text/stage_text.h"

#include <fmt/format.h>

#include "tandem/kernel/fold.h"
#include "tandem/kernel/signatures.h"

namespace tandem::backends::cuda {

using kernel::Kernel;
using kernel::Stage;
using kernel::StageKind;
using kernel::Type;
using op_table::Reduction;

namespace {

// What combined with x gives x, to the bit: the place of an element that is not there.
uint64_t absent_bits(const Stage& stage, Type type) {
  if (stage.reduction == Reduction::sum && type == Type::f32) return 0x80000000u;
  if (stage.reduction == Reduction::sum && type == Type::f64) return uint64_t{1} << 63;
  return kernel::identity_bits(stage.reduction, type, stage.is_unsigned);
}

std::string shuffle(std::string_view function, Type type, std::string_view x, std::string_view w) {
  return fmt::format("({}){}(0xffffffffu, {}{}, {})", cuda_type(type), function,
                     type == Type::b1 ? "(int)" : "", x, w);
}

std::string flag(std::string_view name, bool value) {
  return fmt::format("  static const bool {} = {};\n", name, value);
}

// The element at j: computed, then stored and taken as a partial result.
std::string element(size_t k, bool writes, std::string_view result) {
  return fmt::format(
      "  typedef Out{0} Out;\n"
      "  static __device__ __forceinline__ Out compute(const Arguments& a, const Row& row, const "
      "Index j) {{ return compute{0}(a, row, j); }}\n"
      "  static __device__ __forceinline__ T taken(const Arguments& a, const Row& row, const Index "
      "j, const Out& out) {{ {1}return {2}; }}\n"
      "  static __device__ __forceinline__ T element(const Arguments& a, const Row& row, const "
      "Index j) {{ return taken(a, row, j, compute(a, row, j)); }}\n",
      k, writes ? fmt::format("write{0}(a, row, j, out); ", k) : "", result);
}

std::string plain_stage(SweepPrinter& sweeps, const Stage& stage, Type type) {
  const std::string names[] = {"x", "y"};
  const kernel::Op op = kernel::combining_op(stage.reduction, type, stage.is_unsigned);
  return fmt::format(
      "  typedef {0} T;\n"
      "  static __device__ __forceinline__ T absent() {{ return {1}; }}\n"
      "  static __device__ __forceinline__ T identity() {{ return {2}; }}\n"
      "  static __device__ __forceinline__ T combine(T x, T y) {{ return {3}; }}\n"
      "  static __device__ __forceinline__ T extend(T x, T y) {{ return combine(x, y); }}\n"
      "  static __device__ __forceinline__ T shifted(T x, int w) {{ return {4}; }}\n"
      "  static __device__ __forceinline__ T shifted_up(T x, int w) {{ return {5}; }}\n"
      "  static __device__ __forceinline__ T first_lane(T x) {{ return {6}; }}\n"
      "  static __device__ __forceinline__ T result(T x) {{ return x; }}\n",
      cuda_type(type), constant_text(type, absent_bits(stage, type)),
      constant_text(type, kernel::identity_bits(stage.reduction, type, stage.is_unsigned)),
      operation_text(sweeps.library().helpers, op, type, type, names),
      shuffle("__shfl_down_sync", type, "x", "w"), shuffle("__shfl_up_sync", type, "x", "w"),
      shuffle("__shfl_sync", type, "x", "0"));
}

// The better of two candidates does not depend on the order in which they meet.
std::string arg_stage(SweepPrinter& sweeps, const Stage& stage, Type type) {
  const bool floating = kernel::is_float(type);
  const kernel::Op less =
      floating ? kernel::Op::lt : (stage.is_unsigned ? kernel::Op::ilt_u : kernel::Op::ilt_s);
  const std::string forward[] = {"x.value", "y.value"};
  const std::string backward[] = {"y.value", "x.value"};
  const bool is_min = stage.reduction == Reduction::argmin;
  auto& helpers = sweeps.library().helpers;
  const std::string x_wins =
      operation_text(helpers, less, Type::b1, type, is_min ? forward : backward);
  const std::string y_wins =
      operation_text(helpers, less, Type::b1, type, is_min ? backward : forward);
  const std::string nan =
      floating ? "    const bool nan_x = x.value != x.value, nan_y = y.value != y.value;\n"
                 "    if (nan_x != nan_y) return nan_x ? x : y;\n"
               : "";
  // y comes later in the row: it wins only if it is better, or the first NaN.
  const std::string later =
      floating ? fmt::format(" || (x.value == x.value && ({} || y.value != y.value))", y_wins)
               : fmt::format(" || {}", y_wins);
  return fmt::format(
      "  struct T {{ {0} value; Index j; }};\n"
      "  static __device__ __forceinline__ T absent() {{ T x; x.value = {1}; x.j = -1; return x; "
      "}}\n"
      "  static __device__ __forceinline__ T identity() {{ return absent(); }}\n"
      "  static __device__ __forceinline__ T combine(T x, T y) {{\n"
      "    if (x.j < 0) return y;\n    if (y.j < 0) return x;\n{2}"
      "    if ({3}) return x;\n    if ({4}) return y;\n    return x.j < y.j ? x : y;\n  }}\n"
      "  static __device__ __forceinline__ T extend(T x, T y) {{ return x.j < 0{7} ? y : x; }}\n"
      "  static __device__ __forceinline__ T shifted(T x, int w) {{ T y; y.value = {5}; y.j = "
      "__shfl_down_sync(0xffffffffu, x.j, w); return y; }}\n"
      "  static __device__ __forceinline__ T first_lane(T x) {{ T y; y.value = {6}; y.j = "
      "__shfl_sync(0xffffffffu, x.j, 0); return y; }}\n"
      "  static __device__ __forceinline__ u64 result(T x) {{ return x.j < 0 ? 0 : (u64)x.j; }}\n",
      cuda_type(type), constant_text(type, 0), nan, x_wins, y_wins,
      shuffle("__shfl_down_sync", type, "x.value", "w"),
      shuffle("__shfl_sync", type, "x.value", "0"), later);
}

}  // namespace

int part_words(const Stage& stage) { return op_table::gives_position(stage.reduction) ? 2 : 1; }

std::string stage_text(SweepPrinter& sweeps, const Kernel& kernel, size_t k, bool light,
                       int width) {
  const int number = sweeps.sweeps()[k].result;
  const Stage& stage = kernel.stages[number];
  const Type type = kernel.nodes[stage.value].type;
  const bool is_arg = op_table::gives_position(stage.reduction);
  std::string text = fmt::format("struct Stage{} {{\n", number);
  text += is_arg ? arg_stage(sweeps, stage, type) : plain_stage(sweeps, stage, type);
  text += flag("light", light);
  text += fmt::format("  static const int width = {};\n", width);
  if (stage.kind == StageKind::scan) {
    text += flag("reverse", stage.reverse);
    text += flag("exclusive", stage.exclusive);
  }
  text += element(k, sweeps.stores(k), is_arg ? "T{out.value, j}" : "out.value");
  return text + "};\n";
}

}  // namespace tandem::backends::cuda
