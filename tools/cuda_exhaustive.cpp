// All inputs of the float32 leaf functions and all pairs of float16, in slices of 2^24.
#include <fmt/format.h>

#include <array>
#include <bit>

#include "cuda_sections.h"
#include "tandem/base/half.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/leaf.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::tools {

using backends::cuda::Schedule;
using kernel::Builder;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Type;

namespace {

constexpr int64_t kSlice = 1 << 24;
constexpr int64_t kAll = int64_t{1} << 32;

// The low 32 bits of a parameter plus the number of the point.
NodeId counted(Builder& b) {
  const uint16_t base = b.add_param(Type::i32);
  return b.binary(Op::iadd, b.param(base), b.unary(Op::narrow, b.index(0)));
}

Kernel leaf_kernel(op_table::LeafId leaf) {
  Builder b(1);
  const NodeId x = b.unary(Op::bitcast, counted(b));
  const NodeId y = b.call(static_cast<uint16_t>(leaf), Type::f32, std::span(&x, 1));
  b.store(b.output(Dtype::float32, kernel::Access::contiguous), y);
  return b.finish();
}

// Operands of a pair from a table of all 65,536 values.
Kernel pair_kernel(Op op) {
  Builder b(1);
  const uint16_t table = b.input(Dtype::float16);
  const NodeId pair = counted(b);
  const auto operand = [&](NodeId index) { return b.load_at(table, b.unary(Op::extend_u, index)); };
  const NodeId high = b.binary(Op::shr, pair, b.int_constant(Type::i32, 16));
  const NodeId low = b.binary(Op::and_, pair, b.int_constant(Type::i32, 0xffff));
  kernel::EmittedValue result{.dtype = Dtype::float16};
  result.nodes[0] = b.binary(op, operand(high), operand(low));
  emit_store(b, b.output(Dtype::float16, kernel::Access::contiguous), result);
  return b.finish();
}

// Runs the kernel slice by slice and hands each slice of T to `check(first number, values)`.
template <class T, class Check>
void all_slices(const HarnessContext& context, const Kernel& kernel, const void* table,
                const Check& check) {
  const CudaKernel compiled(context.compiler, context.device, kernel, {Schedule::map, true});
  void* target = context.device.allocate(kSlice * sizeof(T));
  std::vector<T> values(kSlice);
  const int64_t stride = 1, none = 0, extent = kSlice;
  for (int64_t first = 0; first < kAll; first += kSlice) {
    std::vector<device::BufferArgument> buffers(kernel.buffers.size());
    if (table != nullptr) {
      buffers.front().data = const_cast<void*>(table);
      buffers.front().strides = &none;
      buffers.front().index_extent = 65536;
      buffers.front().index_stride = 1;
    }
    buffers.back().data = target;
    buffers.back().strides = &stride;
    buffers.back().written = true;
    const auto base = static_cast<uint64_t>(first);
    CudaKernel::Launch(compiled, {std::span(&extent, 1), buffers, std::span(&base, 1)}).run();
    context.device.download(values.data(), target, values.size() * sizeof(T));
    check(first, values);
  }
  context.device.release(target);
}

constexpr Op kPairOps[] = {Op::add, Op::sub, Op::mul, Op::div};

float apply(Op op, float x, float y) {
  switch (op) {
    case Op::add:
      return x + y;
    case Op::sub:
      return x - y;
    case Op::mul:
      return x * y;
    default:
      return x / y;
  }
}

}  // namespace

void compare_leaves(const HarnessContext& context, Section& section) {
  for (const op_table::LeafInfo& leaf : op_table::kLeafInfo) {
    if (leaf.operands != op_table::LeafOperands::real || leaf.arity != 1) continue;
    const auto reference = kernel::leaf_function(static_cast<uint16_t>(leaf.id), Type::f32, false);
    std::atomic<int64_t> different{0}, first_input{-1};
    all_slices<float>(context, leaf_kernel(leaf.id), nullptr,
                      [&](int64_t first, const std::vector<float>& values) {
                        const int64_t parts = 4 * context.threads;
                        parallel_for(context, section, parts, [&](int64_t p) {
                          for (int64_t i = kSlice * p / parts; i < kSlice * (p + 1) / parts; ++i) {
                            const auto input = static_cast<uint64_t>(first + i);
                            const float expected =
                                std::bit_cast<float>(static_cast<uint32_t>(reference(&input)));
                            const float got = values[static_cast<size_t>(i)];
                            if (std::bit_cast<uint32_t>(got) == std::bit_cast<uint32_t>(expected))
                              continue;
                            if (got != got && expected != expected) continue;
                            ++different;
                            first_input = first + i;
                          }
                        });
                      });
    section.count(kAll);
    if (different > 0) {
      section.fail(fmt::format("{} differs for {} inputs, one is {:#x}", leaf.name,
                               different.load(), first_input.load()));
    }
  }
}

void compare_half_pairs(const HarnessContext& context, Section& section) {
  std::vector<uint16_t> halves(65536);
  std::vector<float> floats(65536);
  for (size_t i = 0; i < halves.size(); ++i) {
    halves[i] = static_cast<uint16_t>(i);
    floats[i] = half_bits_to_float(halves[i]);
  }
  void* table = context.device.allocate(2 * halves.size());
  context.device.upload(table, halves.data(), 2 * halves.size());
  for (const Op op : kPairOps) {
    std::atomic<int64_t> different{0};
    all_slices<uint16_t>(
        context, pair_kernel(op), table, [&](int64_t first, const std::vector<uint16_t>& values) {
          const int64_t parts = 4 * context.threads;
          parallel_for(context, section, parts, [&](int64_t p) {
            for (int64_t i = kSlice * p / parts; i < kSlice * (p + 1) / parts; ++i) {
              const int64_t pair = first + i;
              const uint16_t expected = float_to_half_bits(
                  apply(op, floats[static_cast<size_t>(pair >> 16)], floats[pair & 0xffff]));
              const uint16_t got = values[static_cast<size_t>(i)];
              if (got == expected) continue;
              if ((got & 0x7fff) > 0x7c00 && (expected & 0x7fff) > 0x7c00) continue;
              ++different;
            }
          });
        });
    section.count(kAll);
    if (different > 0) {
      section.fail(
          fmt::format("{} of float16 differs for {} pairs", name_of(op), different.load()));
    }
  }
  context.device.release(table);
}

}  // namespace tandem::tools
