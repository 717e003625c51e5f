// Kernels with rows: reductions, scans and what follows them, bit for bit as the reference.
#include <sys/mman.h>

#include <bit>
#include <cstring>

#include "launch_case.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/settings.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/rows/emit_row.h"
#include "tandem/op_table/op.h"

namespace tandem::backends::common {
namespace {

using kernel::Builder;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Reduction;
using kernel::Type;

constexpr int64_t kRows[] = {0, 1, 63, 64, 65, 200, 1023, 1024, 1025, 3000};

bool takes(Reduction reduction, Type type) {
  const bool logical = reduction == Reduction::all || reduction == Reduction::any;
  return logical == (type == Type::b1);
}
constexpr Reduction kReductions[] = {Reduction::sum,    Reduction::prod,  Reduction::min,
                                     Reduction::max,    Reduction::all,   Reduction::any,
                                     Reduction::argmin, Reduction::argmax};
constexpr Dtype kTypes[] = {Dtype::bool_, Dtype::int32, Dtype::int64, Dtype::float32,
                            Dtype::float64};

// out[p] = the reduction over the last `reduced` axes of in.
Kernel reduction_of(Dtype dtype, Reduction reduction, bool is_unsigned, int parallel, int reduced) {
  Builder b(parallel, reduced);
  const bool is_arg = reduction == Reduction::argmin || reduction == Reduction::argmax;
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(is_arg ? Dtype::int64 : dtype);
  const uint16_t stage = b.reduce(reduction, b.load(in), is_unsigned);
  b.begin_map(kernel::Extent::row);
  b.store(out, b.stage_result(stage));
  return b.finish();
}

TEST(InterpreterRows, EveryReductionTypeAndLength) {
  for (const Dtype dtype : kTypes) {
    for (const Reduction reduction : kReductions) {
      if (!takes(reduction, kernel::compute_type(dtype))) continue;
      for (const bool is_unsigned : {false, true}) {
        const Kernel kernel = reduction_of(dtype, reduction, is_unsigned, 1, 1);
        for (const int64_t row : kRows) {
          for (const int64_t points : {1, 3, 40}) {
            for (const Layout in : {Layout::contiguous, Layout::transposed}) {
              if (points == 3 && in == Layout::transposed) continue;
              LaunchCase launch(kernel, {points, row}, static_cast<uint64_t>(row));
              launch.add(in).add(Layout::contiguous, true);
              ASSERT_TRUE(launch.agrees())
                  << tandem::name_of(dtype) << " reduction " << static_cast<int>(reduction)
                  << (is_unsigned ? " unsigned " : " ") << points << " x " << row << " "
                  << name_of(in);
            }
          }
        }
      }
    }
  }
}

TEST(InterpreterRows, EveryLayoutAndSplit) {
  const Kernel kernel = reduction_of(Dtype::float32, Reduction::sum, false, 2, 2);
  for (const Layout in : kLayouts) {
    for (const std::vector<int64_t>& extents :
         {std::vector<int64_t>{3, 5, 40, 70}, {40, 2, 3, 5}, {1, 1, 300, 300}, {7, 90, 1, 2}}) {
      LaunchCase launch(kernel, extents);
      launch.add(in).add(Layout::transposed, true);
      EXPECT_TRUE(launch.agrees()) << name_of(in);
    }
  }
}

TEST(InterpreterRows, LongRowsOnAnyNumberOfThreads) {
  for (const Reduction reduction : {Reduction::sum, Reduction::max, Reduction::argmin}) {
    const Kernel kernel = reduction_of(Dtype::float32, reduction, false, 1, 1);
    for (const std::vector<int64_t>& extents :
         {std::vector<int64_t>{1, 1'000'003}, {3, 250'000}, {50, 20'000}, {300, 5'000}}) {
      for (const Layout in : {Layout::contiguous, Layout::transposed}) {
        LaunchCase launch(kernel, extents);
        launch.add(in).add(Layout::contiguous, true);
        const auto expected = launch.run_reference();
        for (const int threads : {1, 2, 3, 7, 64}) {
          const ScopedThreadCount scope(threads);
          ASSERT_TRUE(same_bits(expected, launch.run_interpreter()))
              << threads << " threads, " << extents[0] << " x " << extents[1] << name_of(in);
        }
      }
    }
  }
}

// The same numbers as a row, a column, a transposed matrix and a slice.
TEST(InterpreterRows, RowColumnTransposedAndSlicedAgree) {
  const Kernel kernel = reduction_of(Dtype::float32, Reduction::sum, false, 1, 1);
  for (const int64_t row : {65, 1000, 4097}) {
    constexpr int64_t kPoints = 70;
    LaunchCase dense(kernel, {kPoints, row});
    dense.add(Layout::contiguous).add(Layout::contiguous, true);
    const auto expected = dense.run_interpreter()[1].memory;
    for (const Layout layout : {Layout::transposed, Layout::gaps, Layout::negative}) {
      LaunchCase other(kernel, {kPoints, row});
      other.add(layout).add(Layout::contiguous, true);
      CaseBuffer& to = other.buffers()[0];
      const CaseBuffer& from = dense.buffers()[0];
      for (int64_t p = 0; p < kPoints; ++p) {
        for (int64_t j = 0; j < row; ++j) {
          std::memcpy(to.memory.data() + 4 * (to.offset + p * to.strides[0] + j * to.strides[1]),
                      from.memory.data() + 4 * (p * row + j), 4);
        }
      }
      CaseBuffer got;
      got.memory = other.run_interpreter()[1].memory;
      CaseBuffer wanted;
      wanted.memory = expected;
      EXPECT_TRUE(same_bits({wanted}, {got})) << name_of(layout) << " " << row;
    }
  }
}

Kernel softmax(Dtype dtype) {
  Builder b(1, 1);
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(dtype);
  const NodeId x = b.load(in);
  const uint16_t largest = b.reduce(Reduction::max, x);
  const NodeId shifted[] = {b.binary(Op::sub, x, b.stage_result(largest))};
  const NodeId e = b.call(static_cast<uint16_t>(op_table::LeafId::exp), Type::f32, shifted);
  const uint16_t total = b.reduce(Reduction::sum, e);
  const NodeId y = b.binary(Op::div, e, b.stage_result(total));
  b.store(out, kernel::emit_rounding(b, y, dtype));
  return b.finish();
}

TEST(InterpreterRows, ElementStagesAfterReductions) {
  for (const Dtype dtype : {Dtype::float32, Dtype::float16}) {
    const Kernel kernel = softmax(dtype);
    for (const std::vector<int64_t>& extents :
         {std::vector<int64_t>{1, 100'000}, {5, 3000}, {100, 70}, {700, 1025}, {2000, 3}, {3, 0}}) {
      for (const Layout layout : kOutputLayouts) {
        LaunchCase launch(kernel, extents);
        launch.add(layout).add(layout);
        const auto expected = launch.run_reference();
        for (const int threads : {1, 3, 64}) {
          const ScopedThreadCount scope(threads);
          ASSERT_TRUE(same_bits(expected, launch.run_interpreter()))
              << name_of(layout) << " " << extents[0] << " x " << extents[1];
        }
      }
    }
  }
}

// Values of several types that later passes read: computed, gathered, scanned, and read in the
// order of a reverse scan.
Kernel kept_values() {
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t table = b.input(Dtype::float64);
  const uint16_t sums = b.output(Dtype::float64);
  const uint16_t out = b.output(Dtype::float32);
  const NodeId x[] = {b.load(in)};
  const NodeId e = b.call(static_cast<uint16_t>(op_table::LeafId::exp), Type::f32, x);
  const NodeId entry = b.load_at(table, b.convert(Op::ftoi_s, Type::i64, e));
  const uint16_t top = b.reduce(Reduction::max, e);
  const NodeId quotient = b.binary(Op::div, e, b.stage_result(top));
  const uint16_t total = b.reduce(Reduction::sum, b.binary(Op::add, entry, entry));
  const uint16_t scan = b.scan(Reduction::sum, quotient, false, true, false);
  b.store(sums, b.binary(Op::add, b.stage_result(total), entry));
  const uint16_t last = b.reduce(Reduction::min, b.binary(Op::sub, b.stage_result(scan), quotient));
  const NodeId scaled = b.binary(Op::mul, quotient, b.stage_result(last));
  b.store(out, b.binary(Op::add, scaled, b.binary(Op::add, e, b.stage_result(scan))));
  return b.finish();
}

TEST(InterpreterRows, ValuesAreKeptOrComputedAgain) {
  const Kernel kernel = kept_values();
  for (const std::vector<int64_t>& extents :
       {std::vector<int64_t>{1, 700'000}, {2, 9000}, {50, 2049}, {300, 1000}, {40, 33}}) {
    for (const Layout layout : {Layout::contiguous, Layout::transposed}) {
      if (extents[0] * extents[1] > 200'000 && layout == Layout::transposed) continue;
      LaunchCase launch(kernel, extents);
      launch.add(layout).add_indexed({0, 0}, 9, 1, 9).add(layout).add(layout);
      const auto expected = launch.run_reference();
      for (const int threads : {1, 3, 64}) {
        const ScopedThreadCount scope(threads);
        ASSERT_TRUE(same_bits(expected, launch.run_interpreter()))
            << name_of(layout) << " " << extents[0] << " x " << extents[1];
      }
    }
  }
}

TEST(InterpreterRows, RowStagesUseSeveralResults) {
  Builder b(2, 1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t mean = b.output(Dtype::float32);
  const uint16_t where = b.output(Dtype::int64);
  const NodeId x = b.load(in);
  const uint16_t total = b.reduce(Reduction::sum, x);
  const uint16_t top = b.reduce(Reduction::argmax, x);
  b.begin_map(kernel::Extent::row);
  b.store(mean, b.binary(Op::div, b.stage_result(total), b.float_constant(Type::f32, 77)));
  b.store(where, b.binary(Op::iadd, b.stage_result(top), b.index(1)));
  const Kernel kernel = b.finish();
  for (const Layout layout : kLayouts) {
    LaunchCase launch(kernel, {30, 9, 77});
    launch.add(layout).add(Layout::contiguous, true).add(Layout::contiguous, true);
    EXPECT_TRUE(launch.agrees()) << name_of(layout);
  }
}

TEST(InterpreterRows, ReductionOfAConstant) {
  Builder b(1, 1);
  const uint16_t out = b.output(Dtype::float32);
  const uint16_t stage = b.reduce(Reduction::sum, b.float_constant(Type::f32, 0.1));
  b.begin_map(kernel::Extent::row);
  b.store(out, b.stage_result(stage));
  const Kernel kernel = b.finish();
  for (const int64_t row : kRows) {
    for (const int64_t points : {2, 50}) {
      LaunchCase launch(kernel, {points, row});
      launch.add(Layout::contiguous, true);
      EXPECT_TRUE(launch.agrees()) << row;
    }
  }
}

Kernel scan_of(Dtype dtype, Reduction reduction, bool reverse, bool exclusive) {
  Builder b(1, 1);
  const uint16_t in = b.input(dtype);
  const uint16_t out = b.output(dtype);
  const uint16_t stage = b.scan(reduction, b.load(in), false, reverse, exclusive);
  b.store(out, b.stage_result(stage));
  return b.finish();
}

TEST(InterpreterRows, EveryScan) {
  for (const Dtype dtype : kTypes) {
    for (const Reduction reduction : {Reduction::sum, Reduction::prod, Reduction::min,
                                      Reduction::max, Reduction::all, Reduction::any}) {
      if (!takes(reduction, kernel::compute_type(dtype))) continue;
      for (const bool reverse : {false, true}) {
        for (const bool exclusive : {false, true}) {
          const Kernel kernel = scan_of(dtype, reduction, reverse, exclusive);
          for (const int64_t row : kRows) {
            for (const int64_t points : {3, 70}) {
              for (const Layout layout : {Layout::contiguous, Layout::transposed}) {
                if (points == 70 && row > 200 && (row != 1025 || layout == Layout::contiguous))
                  continue;
                LaunchCase launch(kernel, {points, row});
                launch.add(layout).add(layout);
                ASSERT_TRUE(launch.agrees())
                    << tandem::name_of(dtype) << " " << static_cast<int>(reduction) << " " << points
                    << " x " << row << (reverse ? " reverse" : "")
                    << (exclusive ? " exclusive" : "") << " " << name_of(layout);
              }
            }
          }
        }
      }
    }
  }
}

TEST(InterpreterRows, LongScansOnAnyNumberOfThreads) {
  for (const bool reverse : {false, true}) {
    for (const bool exclusive : {false, true}) {
      const Kernel kernel = scan_of(Dtype::float32, Reduction::sum, reverse, exclusive);
      for (const std::vector<int64_t>& extents :
           {std::vector<int64_t>{1, 200'003}, {3, 70'000}, {40, 5000}}) {
        LaunchCase launch(kernel, extents);
        launch.add(Layout::contiguous).add(Layout::contiguous);
        // Finite values, so that every carry shows.
        for (std::byte& byte : launch.buffers()[0].memory) byte &= std::byte{0x3f};
        const auto expected = launch.run_reference();
        for (const int threads : {1, 2, 7, 64}) {
          const ScopedThreadCount scope(threads);
          ASSERT_TRUE(same_bits(expected, launch.run_interpreter())) << threads << " threads";
        }
      }
    }
  }
}

// Longer than one wave of run_scan_waves: carries go from wave to wave, and a reduction of the
// scanned values gathers its parts across them.
TEST(InterpreterRows, ScansOfManyWaves) {
  for (const bool reverse : {false, true}) {
    Builder b(1, 1);
    const uint16_t in = b.input(Dtype::float64);
    const uint16_t out = b.output(Dtype::float64);
    const uint16_t sum = b.output(Dtype::float64);
    const uint16_t scan = b.scan(Reduction::sum, b.load(in), false, reverse, !reverse);
    const NodeId sums = b.stage_result(scan);
    b.store(out, sums);
    const uint16_t total = b.reduce(Reduction::sum, sums);
    b.begin_map(kernel::Extent::row);
    b.store(sum, b.stage_result(total));
    LaunchCase launch(b.finish(), {2, 1'700'011});
    launch.add(Layout::contiguous).add(Layout::contiguous).add(Layout::contiguous, true);
    // Finite values, so that every carry shows.
    std::vector<std::byte>& memory = launch.buffers()[0].memory;
    for (size_t i = 7; i < memory.size(); i += 8) {
      memory[i - 1] &= std::byte{0x0f};
      memory[i] = std::byte{0x3f};
    }
    const auto expected = launch.run_reference();
    for (const int threads : {2, 7}) {
      const ScopedThreadCount scope(threads);
      ASSERT_TRUE(same_bits(expected, launch.run_interpreter())) << threads << " threads";
    }
  }
}

// The scan is used by a later reduction, another scan and a store.
TEST(InterpreterRows, ScansAreKeptForLaterPasses) {
  for (const bool reverse : {false, true}) {
    Builder b(1, 1);
    const uint16_t in = b.input(Dtype::float32);
    const uint16_t out = b.output(Dtype::float32);
    const uint16_t first = b.scan(Reduction::sum, b.load(in), false, reverse, false);
    const NodeId sums = b.stage_result(first);
    const uint16_t top = b.reduce(Reduction::max, sums);
    const uint16_t second =
        b.scan(Reduction::max, b.binary(Op::sub, b.stage_result(first), b.stage_result(top)));
    b.store(out, b.binary(Op::add, b.stage_result(second), b.stage_result(first)));
    const Kernel kernel = b.finish();
    for (const std::vector<int64_t>& extents :
         {std::vector<int64_t>{1, 100'000}, {70, 300}, {3, 2049}}) {
      LaunchCase launch(kernel, extents);
      launch.add(Layout::contiguous).add(Layout::contiguous);
      for (const int threads : {1, 7}) {
        const ScopedThreadCount scope(threads);
        EXPECT_TRUE(launch.agrees()) << extents[0] << " x " << extents[1];
      }
    }
  }
}

// More than 2^31 elements of one value: positions and offsets need more than 32 bits.
TEST(InterpreterRows, MoreElementsThanThirtyTwoBitsCount) {
  constexpr int64_t kMany = 2'200'000'000;
  Builder b(1, 1);
  const uint16_t in = b.input(Dtype::int8);
  const uint16_t total = b.output(Dtype::int64);
  const uint16_t largest = b.output(Dtype::int64);
  const NodeId x = b.unary(Op::extend_s, b.load(in));
  const uint16_t sum = b.reduce(Reduction::sum, x);
  const uint16_t top = b.reduce(Reduction::argmax, b.index(1));
  b.begin_map(kernel::Extent::row);
  b.store(total, b.stage_result(sum));
  b.store(largest, b.stage_result(top));
  const auto executable = compile_interpreted(b.finish());
  const int8_t value = 3;
  int64_t sums = 0;
  int64_t last = 0;
  const int64_t strides[] = {0, 0};
  device::BufferArgument arguments[3];
  arguments[0].data = const_cast<int8_t*>(&value);
  arguments[1].data = &sums;
  arguments[2].data = &last;
  for (device::BufferArgument& argument : arguments) argument.strides = strides;
  const int64_t extents[] = {1, kMany};
  run_interpreted(*executable, {extents, arguments, {}});
  EXPECT_EQ(sums, kMany * 3);
  EXPECT_EQ(last, kMany - 1);
}

// Elements that lie more than 2^31 elements apart, in memory that is reserved but mostly untouched.
TEST(InterpreterRows, StridesBeyondThirtyTwoBits) {
  constexpr int64_t kStride = (int64_t{1} << 31) + 12345;
  const size_t bytes = static_cast<size_t>(kStride) * 2 + 64;
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) GTEST_SKIP() << "no address space of " << bytes << " bytes";
  auto* const elements = static_cast<int8_t*>(memory);
  for (int64_t i = 0; i < 3; ++i) elements[i * kStride] = static_cast<int8_t>(10 + i);
  Builder b(1);
  const uint16_t in = b.input(Dtype::int8);
  const uint16_t table = b.input(Dtype::int8);
  const uint16_t copied = b.output(Dtype::int8);
  const uint16_t gathered = b.output(Dtype::int8);
  b.store(copied, b.load(in));
  b.store(gathered, b.load_at(table, b.index(0)));
  const auto executable = compile_interpreted(b.finish());
  int8_t out[2][3] = {};
  const int64_t far[] = {kStride};
  const int64_t none[] = {0};
  const int64_t near[] = {1};
  device::BufferArgument arguments[4];
  arguments[0] = {.data = memory, .strides = far};
  arguments[1] = {.data = memory, .strides = none, .index_extent = 3, .index_stride = kStride};
  arguments[2] = {.data = out[0], .strides = near};
  arguments[3] = {.data = out[1], .strides = near};
  const int64_t extents[] = {3};
  run_interpreted(*executable, {extents, arguments, {}});
  munmap(memory, bytes);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(out[0][i], 10 + i);
    EXPECT_EQ(out[1][i], 10 + i);
  }
}

TEST(InterpreterRows, InstructionSetsKeepTheBits) {
  LaunchCase launch(softmax(Dtype::float32), {130, 1100});
  launch.add(Layout::contiguous).add(Layout::contiguous);
  LaunchCase sums(reduction_of(Dtype::float64, Reduction::sum, false, 1, 1), {50, 5000});
  sums.add(Layout::transposed).add(Layout::contiguous, true);
  const auto expected = launch.run_reference();
  const auto expected_sums = sums.run_reference();
  for (const char* isa : {"scalar", "avx2", "avx512", "auto"}) {
    const ScopedSetting setting("isa", isa);
    EXPECT_TRUE(same_bits(expected, launch.run_interpreter())) << isa;
    EXPECT_TRUE(same_bits(expected_sums, sums.run_interpreter())) << isa;
  }
}

}  // namespace
}  // namespace tandem::backends::common
