// Leaf functions: samples of every float32 leaf against the committed table of errors
// (docs/leaf_accuracy.md), edges, known answers of threefry, and integer powers.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "tandem/op_table/scalar_math.h"
#include "tests/op_table/carriers.h"
#include "tests/op_table/operands.h"
#include "tools/double_samples.h"
#include "tools/ulp_error.h"

namespace tandem::op_table {
namespace {

struct Measured {
  double error = 0, bound = 0;
  uint64_t inputs = 0;
};

// The rows "| leaf | largest error | bound | at | inputs |" of the committed table of a dtype.
std::map<std::string, Measured, std::less<>> committed_table(bool float64 = false) {
  std::map<std::string, Measured, std::less<>> table;
  std::ifstream file(TANDEM_SOURCE_DIR "/docs/leaf_accuracy.md");
  bool in_float64 = false;
  for (std::string line; std::getline(file, line);) {
    in_float64 = in_float64 || line == "## float64";
    if (in_float64 != float64) continue;
    std::istringstream columns(line);
    std::vector<std::string> cells;
    for (std::string cell; std::getline(columns, cell, '|');) cells.push_back(cell);
    if (cells.size() < 6 || cells[2].find_first_of("0123456789") == std::string::npos) continue;
    const std::string name = cells[1].substr(1, cells[1].size() - 2);
    table[name] = {std::stod(cells[2]), std::stod(cells[3]), std::stoull(cells[5])};
  }
  return table;
}

TEST(Leaf, CommittedTableCoversEveryLeafInsideItsBound) {
  const auto table = committed_table();
  const auto table64 = committed_table(true);
  for_each_leaf([&](auto leaf) {
    if (leaf.info.operands != LeafOperands::real) return;
    const auto found64 = table64.find(leaf.info.name);
    ASSERT_NE(found64, table64.end()) << leaf.info.name;
    EXPECT_DOUBLE_EQ(found64->second.bound, leaf.info.ulp_f64) << leaf.info.name;
    EXPECT_LE(found64->second.error, leaf.info.ulp_f64) << leaf.info.name;
    EXPECT_GE(found64->second.inputs, uint64_t{1} << 20);
    const auto found = table.find(leaf.info.name);
    ASSERT_NE(found, table.end()) << leaf.info.name;
    EXPECT_DOUBLE_EQ(found->second.bound, leaf.info.ulp) << leaf.info.name;
    EXPECT_LE(found->second.error, leaf.info.ulp) << leaf.info.name;
    EXPECT_GE(found->second.inputs, leaf.arity == 1 ? uint64_t{1} << 32 : uint64_t{1} << 30);
  });
}

template <class L>
double error_at(float x) {
  return ulp_error(L::text(F32{x}).v, testing_carrier::leaf_value<double>(L::id, x));
}
template <class L>
double error_at(float x, float y) {
  return ulp_error(L::text(F32{x}, F32{y}).v, testing_carrier::leaf_value<double>(L::id, x, y));
}
// In double precision, against the wider long double.
template <class L>
double error_at(double x) {
  return ulp_error(L::text(F64{x}).v, testing_carrier::leaf_value<long double>(L::id, x));
}
template <class L>
double error_at(double x, double y) {
  return ulp_error(L::text(F64{x}, F64{y}).v,
                   testing_carrier::leaf_value<long double>(L::id, x, y));
}

// The table was measured on every input, so no sample may exceed it by more than its rounding.
TEST(Leaf, SamplesOfOneOperandStayInsideTheTable) {
  const auto table = committed_table();
  for_each_leaf([&](auto leaf) {
    using L = decltype(leaf);
    if constexpr (L::info.operands == LeafOperands::real && L::arity == 1) {
      const double largest = table.find(leaf.info.name)->second.error + 1e-3;
      for (uint64_t pattern = 5; pattern < uint64_t{1} << 32; pattern += 4099) {
        const float x = std::bit_cast<float>(static_cast<uint32_t>(pattern));
        ASSERT_LE(error_at<L>(x), largest) << leaf.info.name << " at " << x;
      }
      for (float x : special_floats()) {
        ASSERT_LE(error_at<L>(x), largest) << leaf.info.name << " at " << x;
      }
    }
  });
}

TEST(Leaf, SamplesOfTwoOperandsStayInsideTheBound) {
  for_each_leaf([&](auto leaf) {
    using L = decltype(leaf);
    if constexpr (L::info.operands == LeafOperands::real && L::arity == 2) {
      std::mt19937_64 engine(13);
      std::uniform_real_distribution<float> exponent(-6, 6);
      for (int i = 0; i < 1 << 20; ++i) {
        const uint64_t word = engine();
        float x = std::bit_cast<float>(static_cast<uint32_t>(word));
        float y = std::bit_cast<float>(static_cast<uint32_t>(word >> 32));
        if (i % 2 == 0) {
          x = std::exp2(exponent(engine));
          y = std::copysign(std::exp2(exponent(engine)), y);
        }
        ASSERT_LE(error_at<L>(x, y), leaf.info.ulp) << leaf.info.name << "(" << x << ", " << y;
      }
      for (float x : special_floats()) {
        for (float y : special_floats()) {
          ASSERT_LE(error_at<L>(x, y), leaf.info.ulp) << leaf.info.name << "(" << x << ", " << y;
        }
      }
    }
  });
}

TEST(Leaf, Float64SamplesStayInsideTheBound) {
  if (std::numeric_limits<long double>::digits < 64) GTEST_SKIP() << "no wider reference";
  for_each_leaf([&](auto leaf) {
    using L = decltype(leaf);
    if constexpr (L::info.operands == LeafOperands::real) {
      // The reference itself may be off by 2^-11 units.
      const double bound = L::info.ulp_f64 == 0 ? 0 : L::info.ulp_f64 - 0x1p-11;
      DoubleSamples samples(17);
      for (int i = 0; i < 1 << 20; ++i) {
        const double x = samples.next();
        if constexpr (L::arity == 1) {
          ASSERT_LE(error_at<L>(x), bound) << leaf.info.name << " at " << x;
        } else {
          const double y = samples.beside(x);
          ASSERT_LE(error_at<L>(x, y), bound) << leaf.info.name << "(" << x << ", " << y;
        }
      }
      for (double x : special_doubles()) {
        if constexpr (L::arity == 1) {
          ASSERT_LE(error_at<L>(x), bound) << leaf.info.name << " at " << x;
        } else {
          for (double y : special_doubles()) {
            ASSERT_LE(error_at<L>(x, y), bound) << leaf.info.name << "(" << x << ", " << y;
          }
        }
      }
    }
  });
}

// The hardest arguments of the trigonometric functions: close to multiples of pi/2, huge.
TEST(Leaf, HardArgumentsOfTrigonometricFunctions) {
  for (float x : {0x1.921fb6p0f, 0x1.921fb6p1f, 0x1.6c6cbcp+45f, 0x1.f3a71ep+67f, 0x1.ddebdep+119f,
                  std::numeric_limits<float>::max(), 0x1p127f, 0x1.7b9b4p+126f, 0x1.b08c4ap+112f,
                  32768.0f, 32769.0f}) {
    EXPECT_LE(error_at<Leaf<LeafId::sin>>(x), info(LeafId::sin).ulp) << x;
    EXPECT_LE(error_at<Leaf<LeafId::cos>>(x), info(LeafId::cos).ulp) << x;
    EXPECT_LE(error_at<Leaf<LeafId::tan>>(x), info(LeafId::tan).ulp) << x;
  }
}

TEST(Leaf, SubnormalResultsAreKept) {
  EXPECT_EQ(Leaf<LeafId::exp>::text(F32{-103.0f}).v, 0x1p-149f);
  EXPECT_EQ(Leaf<LeafId::exp>::text(F32{-104.0f}).v, 0.0f);
  EXPECT_EQ(Leaf<LeafId::sigmoid>::text(F32{-103.0f}).v, 0x1p-149f);
  EXPECT_EQ(Leaf<LeafId::sin>::text(F32{0x1p-149f}).v, 0x1p-149f);
  EXPECT_EQ(Leaf<LeafId::expm1>::text(F32{-0x1p-149f}).v, -0x1p-149f);
  EXPECT_EQ(Leaf<LeafId::pow>::text(F32{2}, F32{-149}).v, 0x1p-149f);
  EXPECT_EQ(Leaf<LeafId::log2>::text(F32{0x1p-149f}).v, -149.0f);
  EXPECT_EQ(Leaf<LeafId::fmod>::text(F32{0x1p127f}, F32{0x1.8p-148f}).v,
            std::fmod(0x1p127f, 0x1.8p-148f));
}

// The known answers that the authors of the generator publish.
TEST(Leaf, ThreefryKnownAnswers) {
  struct Answer {
    std::array<uint32_t, 4> in;
    std::array<uint32_t, 2> out;
  };
  const Answer answers[] = {
      {{0, 0, 0, 0}, {0x6b200159u, 0x99ba4efeu}},
      {{~0u, ~0u, ~0u, ~0u}, {0x1cb996fcu, 0xbb002be7u}},
      {{0x13198a2eu, 0x03707344u, 0x243f6a88u, 0x85a308d3u}, {0xc4923a9cu, 0x483df7a0u}},
  };
  const auto as = [](uint32_t word) { return U32{word}; };
  const auto as_signed = [](uint32_t word) { return I32{static_cast<int32_t>(word)}; };
  for (const Answer& a : answers) {
    const auto first = Leaf<LeafId::threefry_0>::text;
    const auto second = Leaf<LeafId::threefry_1>::text;
    EXPECT_EQ(first(as(a.in[0]), as(a.in[1]), as(a.in[2]), as(a.in[3])).v, a.out[0]);
    EXPECT_EQ(second(as(a.in[0]), as(a.in[1]), as(a.in[2]), as(a.in[3])).v, a.out[1]);
    // Signless: the bits are the same on signed words.
    EXPECT_EQ(static_cast<uint32_t>(first(as_signed(a.in[0]), as_signed(a.in[1]),
                                          as_signed(a.in[2]), as_signed(a.in[3]))
                                        .v),
              a.out[0]);
  }
}

TEST(Leaf, VisitFindsTheLeafByNumber) {
  for (int i = 0; i < kLeafCount; ++i) {
    const auto id = static_cast<LeafId>(i);
    EXPECT_EQ(visit_leaf(id, [](auto leaf) { return leaf.id; }), id);
    EXPECT_EQ(visit_leaf(id, [](auto leaf) { return leaf.info.name; }), name_of(id));
    EXPECT_EQ(visit_leaf(id, [](auto leaf) { return leaf.arity; }), info(id).arity);
  }
}

}  // namespace
}  // namespace tandem::op_table
