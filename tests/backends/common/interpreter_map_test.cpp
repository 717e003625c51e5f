// Kernels without rows: the interpreter has the bits of the scalar reference.
#include <bit>
#include <cstring>

#include "launch_case.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/error.h"
#include "tandem/base/settings.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/op_table/op.h"

namespace tandem::backends::common {
namespace {

using kernel::Builder;
using kernel::EmittedValue;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Type;

constexpr int64_t kSizes[] = {0, 1, 63, 64, 65, 1023, 1024, 1025, 5000};

// out = x + x of a dtype (or, of bool) with emit_row's rounding, over `rank` axes.
Kernel doubled(Dtype dtype, int rank) {
  Builder b(rank);
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(dtype);
  const EmittedValue x = kernel::emit_load(b, in, dtype);
  const std::array<Dtype, 2> dtypes = {dtype, dtype};
  const auto signature = op_table::infer(op_table::RowId::add, dtypes);
  const std::array<EmittedValue, 2> inputs = {x, x};
  kernel::emit_store(b, out, kernel::emit_row(b, op_table::RowId::add, inputs, signature));
  return b.finish();
}

Kernel copied(Dtype from, Dtype to, int rank) {
  Builder b(rank);
  const uint16_t in = b.input(from);
  const uint16_t out = b.output(to);
  kernel::emit_store(b, out, kernel::emit_cast(b, kernel::emit_load(b, in, from), to));
  return b.finish();
}

TEST(InterpreterMap, EveryDtypeAndLayout) {
  for (int d = 0; d < kDtypeCount; ++d) {
    const auto dtype = static_cast<Dtype>(d);
    for (const Layout in : kLayouts) {
      for (const Layout out : kOutputLayouts) {
        for (const std::vector<int64_t>& extents :
             {std::vector<int64_t>{37, 41}, {3, 700}, {700, 3}, {5, 33, 34}, {2, 2, 2, 65}}) {
          LaunchCase launch(doubled(dtype, static_cast<int>(extents.size())), extents);
          launch.add(in).add(out);
          ASSERT_TRUE(launch.agrees()) << tandem::name_of(dtype) << " from " << name_of(in)
                                       << " to " << name_of(out) << ", rank " << extents.size();
        }
      }
    }
  }
}

TEST(InterpreterMap, EverySize) {
  for (const int64_t size : kSizes) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float16, Dtype::int8, Dtype::float64}) {
      for (const Layout in : {Layout::contiguous, Layout::offset, Layout::gaps}) {
        LaunchCase launch(doubled(dtype, 1), {size});
        launch.add(in).add(Layout::offset);
        ASSERT_TRUE(launch.agrees()) << tandem::name_of(dtype) << " " << size;
      }
    }
  }
}

TEST(InterpreterMap, EveryCast) {
  for (int from = 0; from < kDtypeCount; ++from) {
    for (int to = 0; to < kDtypeCount; ++to) {
      LaunchCase launch(copied(static_cast<Dtype>(from), static_cast<Dtype>(to), 1), {3001}, 7);
      launch.add(Layout::contiguous).add(Layout::contiguous);
      ASSERT_TRUE(launch.agrees()) << tandem::name_of(static_cast<Dtype>(from)) << " to "
                                   << tandem::name_of(static_cast<Dtype>(to));
    }
  }
}

TEST(InterpreterMap, NoRankAtAll) {
  LaunchCase launch(doubled(Dtype::float32, 0), {});
  launch.add(Layout::contiguous).add(Layout::contiguous);
  EXPECT_TRUE(launch.agrees());
}

// Every operation of the IR on every type it takes, against the reference.
TEST(InterpreterMap, EveryRow) {
  op_table::for_each_row([](auto row_type) {
    const op_table::RowId row = decltype(row_type)::id;
    const int arity = op_table::row(row).arity;
    for (int d = 0; d < kDtypeCount; ++d) {
      std::vector<Dtype> dtypes(static_cast<size_t>(arity), static_cast<Dtype>(d));
      if (row == op_table::RowId::where) dtypes[0] = Dtype::bool_;
      op_table::Signature signature;
      try {
        signature = op_table::infer(row, dtypes);
      } catch (const DTypeError&) {
        continue;
      }
      Builder b(1);
      std::vector<EmittedValue> inputs;
      for (const Dtype dtype : dtypes) {
        inputs.push_back(kernel::emit_load(b, b.input(dtype), dtype));
      }
      const uint16_t out = b.output(signature.result);
      kernel::emit_store(b, out, kernel::emit_row(b, row, inputs, signature));
      LaunchCase launch(b.finish(), {4099}, 11);
      for (size_t i = 0; i <= dtypes.size(); ++i) launch.add(Layout::contiguous);
      EXPECT_TRUE(launch.agrees())
          << op_table::row(row).name << " of " << tandem::name_of(static_cast<Dtype>(d));
    }
  });
}

TEST(InterpreterMap, ConstantsParamsAndCoordinates) {
  Builder b(2);
  const uint16_t out = b.output(Dtype::float32);
  const uint16_t filled = b.output(Dtype::float16);
  const uint16_t scale = b.add_param(Type::f32);
  const NodeId two = b.float_constant(Type::f32, 2);
  const NodeId twice = b.binary(Op::mul, b.param(scale), two);
  const NodeId i = b.convert(Op::itof_s, Type::f32, b.index(0));
  const NodeId j = b.convert(Op::itof_s, Type::f32, b.index(1));
  b.store(out, b.ternary(Op::fma, i, twice, j));
  b.store(filled, b.convert(Op::round_f16, Type::f32, twice));
  const Kernel kernel = b.finish();
  for (const Layout layout : kOutputLayouts) {
    LaunchCase launch(kernel, {45, 77});
    launch.add(layout).add(layout).param(std::bit_cast<uint32_t>(0.3f));
    EXPECT_TRUE(launch.agrees()) << name_of(layout);
  }
}

TEST(InterpreterMap, LongChainOfCalls) {
  Builder b(2);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  NodeId x = b.load(in);
  for (int i = 0; i < 500; ++i) {
    const NodeId negated = b.unary(Op::neg, x);
    const NodeId inputs[] = {negated};
    x = b.call(static_cast<uint16_t>(op_table::LeafId::exp), Type::f32, inputs);
  }
  b.store(out, x);
  LaunchCase launch(b.finish(), {512, 4});
  launch.add(Layout::contiguous).add(Layout::contiguous);
  EXPECT_TRUE(launch.agrees());
}

// A store may lie on a load: what reads the loaded value later must not see the stored one.
TEST(InterpreterMap, OutputInPlaceOfAnInput) {
  Builder b(1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t other = b.output(Dtype::float32);
  const uint16_t same = b.output(Dtype::float32);
  const NodeId x = b.load(in);
  const NodeId early = b.binary(Op::add, x, b.float_constant(Type::f32, 1));
  b.store(other, b.binary(Op::mul, x, early));
  b.store(same, early);
  const Kernel kernel = b.finish();
  for (const int64_t size : {64, 1000, 1024, 4096}) {
    std::vector<float> memory(static_cast<size_t>(size));
    std::vector<float> products(memory.size());
    for (size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i % 7);
    const int64_t stride = 1;
    device::BufferArgument arguments[3];
    for (auto& argument : arguments) {
      argument.data = memory.data();
      argument.strides = &stride;
    }
    arguments[1].data = products.data();
    run_interpreted(*compile_interpreted(kernel), {{&size, 1}, arguments, {}});
    for (size_t i = 0; i < memory.size(); ++i) {
      const auto x0 = static_cast<float>(i % 7);
      ASSERT_EQ(memory[i], x0 + 1);
      ASSERT_EQ(products[i], x0 * (x0 + 1));
    }
  }
}

// The value stored on an input is computed before that input is loaded.
TEST(InterpreterMap, OutputInPlaceOfALaterInput) {
  Builder b(1);
  const uint16_t first = b.input(Dtype::float32);
  const uint16_t second = b.input(Dtype::float32);
  const uint16_t sum = b.output(Dtype::float32);
  const uint16_t doubled_first = b.output(Dtype::float32);
  const NodeId x = b.load(first);
  const NodeId twice = b.binary(Op::add, x, x);
  const NodeId y = b.load(second);
  b.store(sum, b.binary(Op::add, x, y));
  b.store(doubled_first, twice);
  const Kernel kernel = b.finish();
  const int64_t size = 2048;
  std::vector<float> xs(size, 3);
  std::vector<float> ys(size, 5);
  std::vector<float> sums(size);
  const int64_t stride = 1;
  device::BufferArgument arguments[4];
  for (auto& argument : arguments) argument.strides = &stride;
  arguments[0].data = xs.data();
  arguments[1].data = arguments[3].data = ys.data();
  arguments[2].data = sums.data();
  run_interpreted(*compile_interpreted(kernel), {{&size, 1}, arguments, {}});
  EXPECT_EQ(sums, std::vector<float>(size, 8));
  EXPECT_EQ(ys, std::vector<float>(size, 6));
}

TEST(InterpreterMap, GatherWrapsOnceAndClampsScatterDrops) {
  Builder b(2);
  const uint16_t indices = b.input(Dtype::int64);
  const uint16_t table = b.input(Dtype::float16);
  const uint16_t gathered = b.output(Dtype::float16);
  b.store(gathered, b.load_at(table, b.load(indices)));
  LaunchCase gather(b.finish(), {9, 130});
  gather.add(Layout::contiguous).add_indexed({0, 1}, 6, 130, 6 * 130).add(Layout::contiguous);
  auto* const index = reinterpret_cast<int64_t*>(gather.buffers()[0].memory.data());
  constexpr int64_t kIndices[] = {0, 5, -1, -6, -7, 6, INT64_MIN, INT64_MAX, 3};
  for (int64_t i = 0; i < 9 * 130; ++i) index[i] = kIndices[i % 9];
  EXPECT_TRUE(gather.agrees());

  Builder s(1);
  const uint16_t where = s.input(Dtype::int64);
  const uint16_t value = s.input(Dtype::int16);
  const uint16_t target = s.output(Dtype::int16);
  const NodeId at = s.load(where);
  s.store_at(target, at, s.load(value));
  LaunchCase scatter(s.finish(), {1500});
  scatter.add(Layout::contiguous).add(Layout::contiguous).add_indexed({0}, 1000, 1, 1000);
  auto* const to = reinterpret_cast<int64_t*>(scatter.buffers()[0].memory.data());
  for (int64_t i = 0; i < 1500; ++i) to[i] = i % 3 == 0 ? INT64_MIN + i : (i * 7) % 1500 - 250;
  for (int64_t i = 0; i < 1500; ++i) {
    if (to[i] >= -1000 && to[i] < 0) to[i] = 5000;  // each entry once
  }
  EXPECT_TRUE(scatter.agrees());
}

TEST(InterpreterMap, GatherFromNothingIsZero) {
  Builder b(1);
  const uint16_t indices = b.input(Dtype::int64);
  const uint16_t table = b.input(Dtype::int32);
  const uint16_t gathered = b.output(Dtype::int32);
  b.store(gathered, b.load_at(table, b.load(indices)));
  LaunchCase gather(b.finish(), {100});
  gather.add(Layout::contiguous).add_indexed({0}, 0, 1, 0).add(Layout::contiguous);
  EXPECT_TRUE(gather.agrees());
}

// Copies between layouts that lie along different axes, of every element size, large enough to pass
// the caches once.
// out[i, j] = table[ids[i], j] + shift[i] + i, and the same scattered: blocks of memory where the
// index is one for a line.
TEST(InterpreterMap, GathersAndScattersOfLines) {
  for (const Dtype dtype : {Dtype::float32, Dtype::float16, Dtype::int64, Dtype::uint8}) {
    Builder b(2);
    const uint16_t table = b.input(dtype);
    const uint16_t ids = b.input(Dtype::int32);
    const uint16_t shift = b.input(Dtype::float32);
    const uint16_t copied = b.output(dtype);
    const uint16_t sums = b.output(Dtype::float32);
    const uint16_t scattered = b.output(dtype);
    const NodeId index = b.unary(Op::extend_s, b.load(ids));
    const NodeId entry = b.load_at(table, index);
    b.store(copied, entry);
    const NodeId number = b.convert(Op::itof_s, Type::f32, b.index(0));
    NodeId value = entry;
    if (dtype != Dtype::float32 && dtype != Dtype::float16) {
      value = b.convert(Op::itof_s, Type::f32, entry);
    }
    b.store(sums, b.binary(Op::add, value, b.binary(Op::add, b.load(shift), number)));
    const NodeId offset = b.binary(Op::iadd, b.index(0), b.int_constant(Type::i64, -2));
    b.store_at(scattered, offset, entry);
    const Kernel kernel = b.finish();
    for (const int64_t line : {1, 31, 32, 64, 100, 1024, 2050}) {
      for (const int64_t lines : {1, 7, 90}) {
        for (const bool gaps : {false, true}) {
          const int64_t step = gaps ? 2 : 1;
          LaunchCase launch(kernel, {lines, line});
          launch.add_indexed({0, step}, 5, step * line, 5 * step * line)
              .add_indexed({1, 0}, 0, 0, lines)
              .add(Layout::column)
              .add(Layout::contiguous)
              .add(Layout::contiguous)
              .add_indexed({0, step}, lines + 1, step * line, (lines + 1) * step * line);
          CaseBuffer& numbers = launch.buffers()[1];
          for (int64_t i = 0; i < lines; ++i) {
            const auto id = static_cast<int32_t>(i * 5 % 17 - 8);
            std::memcpy(numbers.memory.data() + 4 * (numbers.offset + i), &id, 4);
          }
          EXPECT_TRUE(launch.agrees())
              << tandem::name_of(dtype) << " " << lines << " x " << line << (gaps ? " gaps" : "");
        }
      }
    }
  }
}

TEST(InterpreterMap, TransposedCopies) {
  for (const Dtype dtype : {Dtype::int8, Dtype::bool_, Dtype::bfloat16, Dtype::int16,
                            Dtype::float32, Dtype::complex64, Dtype::int64}) {
    Builder b(3);
    const uint16_t in = b.input(dtype);
    const uint16_t out = b.output(dtype);
    kernel::emit_store(b, out, kernel::emit_load(b, in, dtype));
    const Kernel kernel = b.finish();
    for (const std::vector<int64_t>& extents :
         {std::vector<int64_t>{3, 64, 128}, {2, 65, 63}, {1, 17, 33}, {5, 4, 300}, {1, 7, 5}}) {
      for (const char* isa : {"avx2", "auto"}) {
        const ScopedSetting setting("isa", isa);
        LaunchCase launch(kernel, extents);
        launch.add(Layout::transposed).add(Layout::contiguous);
        EXPECT_TRUE(launch.agrees()) << tandem::name_of(dtype) << " " << extents[1];
        LaunchCase back(kernel, extents);
        back.add(Layout::contiguous).add(Layout::transposed);
        EXPECT_TRUE(back.agrees()) << tandem::name_of(dtype) << " " << extents[1];
      }
    }
  }
}

TEST(InterpreterMap, TransposedCopyOfALargeMatrix) {
  constexpr int64_t kSide = 2304;
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16}) {
    Builder b(2);
    const uint16_t in = b.input(dtype);
    const uint16_t out = b.output(dtype);
    b.store(out, b.load(in));
    const auto executable = compile_interpreted(b.finish());
    std::vector<uint32_t> from(kSide * kSide);
    std::vector<uint32_t> to(kSide * kSide + 16);
    for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<uint32_t>(i) & 0x3fff3fff;
    const size_t size = size_of(dtype);
    const auto address = (reinterpret_cast<uintptr_t>(to.data()) + 63) / 64 * 64;
    const int64_t along[] = {1, kSide};
    const int64_t across[] = {kSide, 1};
    device::BufferArgument arguments[2];
    arguments[0].data = from.data();
    arguments[0].strides = along;
    arguments[1].data = reinterpret_cast<void*>(address);
    arguments[1].strides = across;
    const int64_t extents[] = {kSide, kSide};
    run_interpreted(*executable, {extents, arguments, {}});
    const auto* const source = reinterpret_cast<const std::byte*>(from.data());
    const auto* const target = reinterpret_cast<const std::byte*>(address);
    int64_t wrong = 0;
    for (int64_t r = 0; r < kSide; ++r) {
      for (int64_t c = 0; c < kSide; ++c) {
        const std::byte* const a = source + static_cast<size_t>(c * kSide + r) * size;
        const std::byte* const z = target + static_cast<size_t>(r * kSide + c) * size;
        wrong += !std::equal(a, a + size, z);
      }
    }
    EXPECT_EQ(wrong, 0) << tandem::name_of(dtype);
  }
}

TEST(InterpreterMap, ThreadsAndInstructionSetsKeepTheBits) {
  Builder b(2);
  const uint16_t x = b.input(Dtype::float32);
  const uint16_t y = b.input(Dtype::bfloat16);
  const uint16_t out = b.output(Dtype::float32);
  const NodeId product = b.binary(Op::mul, b.load(x), b.load(y));
  const NodeId inputs[] = {product};
  const NodeId e = b.call(static_cast<uint16_t>(op_table::LeafId::exp), Type::f32, inputs);
  b.store(out, b.binary(Op::sub, e, b.load(x)));
  LaunchCase launch(b.finish(), {400, 501});
  launch.add(Layout::contiguous).add(Layout::transposed).add(Layout::contiguous);
  const auto expected = launch.run_reference();
  for (const char* isa : {"scalar", "avx2", "avx512", "auto"}) {
    const ScopedSetting setting("isa", isa);
    for (const int threads : {1, 2, 3, 7, 64}) {
      const ScopedThreadCount scope(threads);
      EXPECT_TRUE(same_bits(expected, launch.run_interpreter())) << isa << " " << threads;
    }
  }
}

}  // namespace
}  // namespace tandem::backends::common
