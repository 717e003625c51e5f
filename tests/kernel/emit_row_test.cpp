#include "tandem/kernel/rows/emit_row.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "launch_helper.h"
#include "tandem/base/error.h"
#include "tandem/kernel/reference/memory_access.h"
#include "tandem/kernel/scalar_bits.h"
#include "tandem/kernel/verify/representable.h"
#include "tandem/op_table/op.h"

namespace tandem::kernel {
namespace {

using op_table::RowId;

// A kernel of one row: inputs of `dtypes`, the result stored as the signature says.
Kernel row_kernel(RowId row, std::span<const Dtype> dtypes, bool expand = false) {
  const op_table::Signature signature = op_table::infer(row, dtypes);
  Builder b(1);
  b.expand_leaves = expand;
  std::vector<EmittedValue> inputs;
  for (Dtype dtype : dtypes) inputs.push_back(emit_load(b, b.input(dtype), dtype));
  const EmittedValue result = emit_row(b, row, inputs, signature);
  EXPECT_EQ(result.dtype, signature.result);
  emit_store(b, b.output(signature.result), result);
  return b.finish();
}

Kernel cast_kernel(Dtype from, Dtype to) {
  Builder b(1);
  const EmittedValue value = emit_load(b, b.input(from), from);
  emit_store(b, b.output(to), emit_cast(b, value, to));
  return b.finish();
}

template <class To, class From>
std::vector<To> cast(Dtype from, Dtype to, std::vector<From> values) {
  std::vector<To> result(values.size());
  TestLaunch({static_cast<int64_t>(values.size())})
      .buffer(values, {1})
      .buffer(result, {1})
      .run(cast_kernel(from, to));
  return result;
}

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Cast, floats_to_narrow_integers_go_through_int32) {
  EXPECT_EQ((cast<int8_t>(Dtype::float32, Dtype::int8,
                          std::vector<float>{-5.9f, 200, 300, kNan, kInf, -kInf})),
            (std::vector<int8_t>{-5, -56, 44, 0, -1, 0}));
  EXPECT_EQ((cast<uint8_t>(Dtype::float32, Dtype::uint8, std::vector<float>{-5, 256, 3e9f})),
            (std::vector<uint8_t>{251, 0, 255}));
}

TEST(Cast, floats_to_wide_integers_saturate) {
  EXPECT_EQ(
      (cast<int32_t>(Dtype::float32, Dtype::int32, std::vector<float>{3e9f, -3e9f, kNan, -2.9f})),
      (std::vector<int32_t>{INT32_MAX, INT32_MIN, 0, -2}));
  EXPECT_EQ((cast<uint32_t>(Dtype::float32, Dtype::uint32, std::vector<float>{3e9f, -1, 5e9f})),
            (std::vector<uint32_t>{3000000000u, 0, UINT32_MAX}));
  EXPECT_EQ((cast<uint64_t>(Dtype::float64, Dtype::uint64, std::vector<double>{1e19, 1e20, -1})),
            (std::vector<uint64_t>{10000000000000000000u, UINT64_MAX, 0}));
}

TEST(Cast, integers_extend_by_their_own_sign_and_truncate) {
  EXPECT_EQ((cast<int64_t>(Dtype::uint32, Dtype::int64, std::vector<uint32_t>{UINT32_MAX})),
            (std::vector<int64_t>{UINT32_MAX}));
  EXPECT_EQ((cast<uint64_t>(Dtype::int8, Dtype::uint64, std::vector<int8_t>{-1})),
            (std::vector<uint64_t>{UINT64_MAX}));
  EXPECT_EQ((cast<int16_t>(Dtype::int64, Dtype::int16, std::vector<int64_t>{0x1'0001'8000})),
            (std::vector<int16_t>{INT16_MIN}));
  EXPECT_EQ((cast<float>(Dtype::uint64, Dtype::float32, std::vector<uint64_t>{UINT64_MAX})),
            (std::vector<float>{0x1p64f}));
}

TEST(Cast, bool_is_not_zero_and_one) {
  EXPECT_EQ(
      (cast<uint8_t>(Dtype::float32, Dtype::bool_, std::vector<float>{0, -0.0f, kNan, 0x1p-149f})),
      (std::vector<uint8_t>{0, 0, 1, 1}));
  EXPECT_EQ((cast<float>(Dtype::bool_, Dtype::float32, std::vector<uint8_t>{0, 1, 7})),
            (std::vector<float>{0, 1, 1}));
}

TEST(Cast, complex_takes_and_gives_the_real_part) {
  EXPECT_EQ(
      (cast<float>(Dtype::complex64, Dtype::float32, std::vector<std::complex<float>>{{3, 4}})),
      (std::vector<float>{3}));
  EXPECT_EQ((cast<std::complex<float>>(Dtype::int16, Dtype::complex64, std::vector<int16_t>{-3})),
            (std::vector<std::complex<float>>{{-3, 0}}));
  EXPECT_EQ((cast<uint8_t>(Dtype::complex64, Dtype::bool_,
                           std::vector<std::complex<float>>{{0, 4}, {0, 0}})),
            (std::vector<uint8_t>{1, 0}));
}

TEST(Cast, every_pair_makes_a_kernel_that_runs) {
  for (int from = 0; from < kDtypeCount; ++from) {
    for (int to = 0; to < kDtypeCount; ++to) {
      const Kernel kernel = cast_kernel(Dtype(from), Dtype(to));
      std::vector<uint64_t> values = {0, 0}, result = {~0ull, ~0ull};
      TestLaunch({1}).buffer(values, {1}).buffer(result, {1}).run(kernel);
      uint64_t zero = 0;
      EXPECT_EQ(std::memcmp(result.data(), &zero, size_of(Dtype(to))), 0) << from << " " << to;
    }
  }
}

bool same_bits(Dtype dtype, uint64_t a, uint64_t b) {
  if (a == b) return true;
  if (dtype == Dtype::float64) {
    return std::isnan(std::bit_cast<double>(a)) && std::isnan(std::bit_cast<double>(b));
  }
  if (!is_inexact(dtype)) return false;
  return std::isnan(std::bit_cast<float>(static_cast<uint32_t>(a))) &&
         std::isnan(std::bit_cast<float>(static_cast<uint32_t>(b)));
}

// All 65,536 inputs of each unary row: the emitted kernel against the text on the scalar carrier,
// rounded once.
TEST(EmitRow, every_16_bit_float_through_every_unary_row) {
  for (const Dtype dtype : {Dtype::float16, Dtype::bfloat16}) {
    std::vector<uint16_t> inputs(65536);
    for (size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<uint16_t>(i);
    op_table::for_each_row([&](auto row) {
      using R = decltype(row);
      constexpr auto kText = R::real_text;
      if constexpr (R::arity == 1 && op_table::kIsText<std::remove_const_t<decltype(kText)>>) {
        const Kernel kernel = row_kernel(R::id, std::span(&dtype, 1));
        const Dtype result_dtype = kernel.buffers[1].dtype;
        std::vector<std::byte> result(65536 * size_of(result_dtype));
        TestLaunch({65536}).buffer(inputs, {1}).buffer(std::span(result), {1}).run(kernel);
        for (size_t i = 0; i < inputs.size(); ++i) {
          const auto* in = reinterpret_cast<const std::byte*>(&inputs[i]);
          const op_table::F32 x = from_bits_as<op_table::F32>(load_element(dtype, in));
          const uint64_t direct = to_bits(kText(x));
          std::byte expected[8];
          store_element(result_dtype, expected, direct);
          const std::byte* got = result.data() + i * size_of(result_dtype);
          ASSERT_TRUE(same_bits(result_dtype, load_element(result_dtype, got),
                                load_element(result_dtype, expected)))
              << R::info.name << " of " << name_of(dtype) << " bits " << i;
        }
      }
    });
  }
}

TEST(EmitRow, exact_rows_need_no_rounding_and_bounded_rows_no_wrap) {
  op_table::for_each_row([](auto row) {
    using R = decltype(row);
    for (int d = 0; d < kDtypeCount; ++d) {
      const Dtype dtype = Dtype(d);
      // Unsigned `sign` has an unreachable -1 in its text, which the rule cannot see.
      if (size_of(dtype) > 2 || !info(dtype).is_signed) continue;
      const bool exact =
          is_floating(dtype) ? R::info.has(op_table::kExact) : R::info.has(op_table::kBounded);
      if (!exact || R::info.rule(compute_class(dtype)) != op_table::ClassRule::present) continue;
      std::vector<Dtype> dtypes(R::arity, dtype);
      if (R::info.first_is_mask) dtypes[0] = Dtype::bool_;
      for (const Node& node : row_kernel(R::id, dtypes).nodes) {
        EXPECT_FALSE(node.op >= Op::round_f16 && node.op <= Op::wrap_u16)
            << R::info.name << " of " << name_of(dtype);
      }
    }
  });
}

TEST(EmitRow, every_row_takes_every_dtype_that_infer_accepts) {
  op_table::for_each_row([](auto row) {
    using R = decltype(row);
    for (int d = 0; d < kDtypeCount; ++d) {
      std::vector<Dtype> dtypes(R::arity, Dtype(d));
      if (R::info.first_is_mask) dtypes[0] = Dtype::bool_;
      try {
        (void)op_table::infer(R::id, dtypes);
      } catch (const DTypeError&) {
        continue;
      }
      const Kernel kernel = row_kernel(R::id, dtypes);
      EXPECT_TRUE(is_complex(Dtype(d)) || !kernel.nodes.empty());
    }
  });
}

// Every unary row that calls leaves, on all `inputs` of one dtype.
template <class Word>
void check_expanded(Dtype dtype, std::vector<Word> inputs) {
  const auto n = static_cast<int64_t>(inputs.size());
  op_table::for_each_row([&](auto row) {
    using R = decltype(row);
    if (R::arity != 1 || !R::info.has(op_table::kLeaf)) return;
    std::vector<Word> called(inputs.size()), expanded(inputs.size());
    TestLaunch({n})
        .buffer(inputs, {1})
        .buffer(called, {1})
        .run(row_kernel(R::id, std::span(&dtype, 1)));
    TestLaunch({n})
        .buffer(inputs, {1})
        .buffer(expanded, {1})
        .run(row_kernel(R::id, std::span(&dtype, 1), true));
    for (size_t i = 0; i < inputs.size(); ++i) {
      ASSERT_TRUE(same_bits(dtype, called[i], expanded[i])) << R::info.name << " of " << inputs[i];
    }
  });
}

TEST(EmitRow, expanded_leaves_have_the_bits_of_calls) {
  std::vector<uint32_t> singles;
  std::vector<uint64_t> doubles;
  for (uint32_t i = 0; i < 4096; ++i) singles.push_back(i * 0x00100421u);
  for (uint64_t i = 0; i < 2048; ++i) doubles.push_back(i * 0x0020084210842109u);
  check_expanded(Dtype::float32, singles);
  check_expanded(Dtype::float64, doubles);
}

TEST(EmitRow, integer_texts_wrap_and_are_total) {
  const auto run = [](RowId row, Dtype dtype, auto values) {
    const Dtype dtypes[] = {dtype, dtype};
    const Kernel kernel = row_kernel(row, dtypes);
    std::vector<typename decltype(values)::value_type> x, y, result(values.size() / 2);
    for (size_t i = 0; i < values.size(); i += 2) {
      x.push_back(values[i]);
      y.push_back(values[i + 1]);
    }
    TestLaunch({static_cast<int64_t>(x.size())})
        .buffer(x, {1})
        .buffer(y, {1})
        .buffer(result, {1})
        .run(kernel);
    return result;
  };
  EXPECT_EQ(run(RowId::add, Dtype::int8, std::vector<int8_t>{127, 1, -128, -1}),
            (std::vector<int8_t>{-128, 127}));
  EXPECT_EQ(run(RowId::multiply, Dtype::uint16, std::vector<uint16_t>{65535, 65535}),
            (std::vector<uint16_t>{1}));
  EXPECT_EQ(
      run(RowId::floor_divide, Dtype::int32, std::vector<int32_t>{-7, 2, INT32_MIN, -1, 5, 0}),
      (std::vector<int32_t>{-4, INT32_MIN, 0}));
  EXPECT_EQ(run(RowId::left_shift, Dtype::int8, std::vector<int8_t>{1, 7, 1, 8}),
            (std::vector<int8_t>{-128, 0}));
  EXPECT_EQ(run(RowId::maximum, Dtype::uint32, std::vector<uint32_t>{1, UINT32_MAX}),
            (std::vector<uint32_t>{UINT32_MAX}));
}

TEST(EmitRow, where_keeps_nan_of_the_other_branch_out) {
  const Dtype dtypes[] = {Dtype::bool_, Dtype::float16, Dtype::int32};
  const Kernel kernel = row_kernel(RowId::where, dtypes);
  std::vector<uint8_t> mask = {1, 0};
  std::vector<float16_t> x = {float16_t(1.5f), float16_t(kNan)};
  std::vector<int32_t> y = {7, 1 << 20};
  std::vector<float16_t> result(2);
  TestLaunch({2}).buffer(mask, {1}).buffer(x, {1}).buffer(y, {1}).buffer(result, {1}).run(kernel);
  EXPECT_EQ(float(result[0]), 1.5f);
  EXPECT_EQ(float(result[1]), kInf);
}

}  // namespace
}  // namespace tandem::kernel
