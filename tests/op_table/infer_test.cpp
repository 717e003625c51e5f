#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tandem/base/error.h"
#include "tandem/op_table/op.h"

namespace tandem::op_table {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

std::vector<Dtype> all_dtypes() {
  std::vector<Dtype> result;
  for (int i = 0; i < kDtypeCount; ++i) result.push_back(static_cast<Dtype>(i));
  return result;
}
Signature infer_same(RowId id, Dtype dtype) {
  std::vector<Dtype> inputs(static_cast<size_t>(row(id).arity), dtype);
  return infer(id, inputs);
}

TEST(Infer, NamesAndAliasesFindTheRow) {
  for_each_row([](auto r) {
    EXPECT_EQ(find_row(r.info.name), r.id);
    EXPECT_EQ(row(r.id).name, r.info.name);
    EXPECT_EQ(visit_row(r.id, [](auto same) { return same.id; }), r.id);
    EXPECT_FALSE(r.info.doc.empty());
  });
  EXPECT_EQ(find_row("conj"), RowId::conjugate);
  EXPECT_EQ(find_row("no_such_op"), std::nullopt);
}

// Every dtype of every row: the operand dtype has a text, or the row refuses with a DTypeError.
TEST(Infer, EveryDtypeHasATextOrIsRefused) {
  for_each_row([](auto r) {
    for (Dtype dtype : all_dtypes()) {
      if (r.info.rule(compute_class(dtype)) == ClassRule::absent) {
        EXPECT_THROW(infer_same(r.id, dtype), DTypeError) << r.info.name << name_of(dtype);
        continue;
      }
      const Signature s = infer_same(r.id, dtype);
      const Dtype operand = s.operands[r.arity - 1];
      EXPECT_EQ(r.info.rule(compute_class(operand)), ClassRule::present) << r.info.name;
      if (r.info.rule(compute_class(dtype)) == ClassRule::present) {
        EXPECT_EQ(operand, dtype);
      }
    }
  });
}

TEST(Infer, Rules) {
  using enum Dtype;
  const auto two = [](RowId id, Dtype a, Dtype b) { return infer(id, std::array{a, b}); };
  EXPECT_EQ(two(RowId::add, int32, float16).result, float16);
  EXPECT_EQ(two(RowId::add, bool_, bool_).result, bool_);
  EXPECT_EQ(two(RowId::divide, int32, int32).operands[1], float32);
  EXPECT_EQ(two(RowId::divide, int8, int8).result, float32);
  EXPECT_EQ(two(RowId::less, int8, uint8).operands[0], int16);
  EXPECT_EQ(two(RowId::less, int8, uint8).result, bool_);
  EXPECT_EQ(two(RowId::left_shift, bool_, bool_).result, uint8);
  EXPECT_EQ(infer_same(RowId::abs, complex64).result, float32);
  EXPECT_EQ(infer_same(RowId::exp, float64).result, float64);
  EXPECT_EQ(infer_same(RowId::exp, uint8).result, float32);
  const Signature where = infer(RowId::where, std::array{int32, int32, float16});
  EXPECT_EQ(where.operands, (std::array{bool_, float16, float16}));
  EXPECT_EQ(where.result, float16);
}

TEST(Infer, ErrorTexts) {
  using enum Dtype;
  EXPECT_THAT([] { infer_same(RowId::bitwise_and, float32); },
              ThrowsMessage<DTypeError>(
                  StrEq("[bitwise_and] expects integers or booleans: got float32 and float32")));
  EXPECT_THAT([] { infer_same(RowId::negative, bool_); },
              ThrowsMessage<DTypeError>(
                  StrEq("[negative] expects integers, floats or complex numbers: got bool")));
  EXPECT_THAT(
      [] { infer(RowId::add, std::array{int32}); },
      ThrowsMessage<ArgumentError>(StrEq("[add] wrong number of operands: got 1, expected 2")));
}

}  // namespace
}  // namespace tandem::op_table
