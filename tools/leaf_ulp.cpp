// Measures the leaf functions: every one of the 2^32 inputs of each unary float32 leaf, dense
// samples and special grids of the binary ones, against libm in double precision. The worst inputs
// are judged again in quadruple precision. float64 leaves are sampled against quadruple precision.
// With --write FILE both tables are written there (docs/leaf_accuracy.md).
//
//   leaf_ulp [--leaf NAME] [--width 32|64] [--threads N] [--samples N] [--samples64 N] [--stride N]
//            [--write FILE]
#include <fmt/format.h>
#include <quadmath.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tandem/op_table/scalar_math.h"
#include "tools/double_samples.h"
#include "tools/leaf_reference.h"
#include "tools/ulp_error.h"

namespace tandem::op_table {
namespace {

struct Options {
  std::string leaf, output;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  uint64_t stride = 1;  // between the inputs of unary leaves that are measured
  uint64_t samples = uint64_t{1} << 30;
  uint64_t samples64 = uint64_t{1} << 22;
  int width = 0;  // 32 or 64; 0: both
};

struct Worst {
  double error = -1;
  double x = 0, y = 0;
  uint64_t count = 0;
  void merge(const Worst& other) {
    const uint64_t total = count + other.count;
    if (other.error > error) *this = other;
    count = total;
  }
};

// ulp_error, quickly where the exact value is a normal float.
double quick_error(float value, double exact) {
  const uint64_t exponent = std::bit_cast<uint64_t>(exact) >> 52 & 0x7ff;
  if (exponent < 1023 - 126 || exponent >= 1023 + 127) return ulp_error(value, exact);
  const double per_place = std::bit_cast<double>((2 * 1023 + 23 - exponent) << 52);
  const double error = std::fabs(static_cast<double>(value) - exact) * per_place;
  return error <= 64 ? error : ulp_error(value, exact);  // NaN and zero too
}

// The result at -x, from that at x, for functions that are odd (-1) or even (1).
constexpr int symmetry(LeafId id) {
  switch (id) {
    case LeafId::sin:
    case LeafId::tan:
    case LeafId::tanh:
    case LeafId::sinh:
    case LeafId::erf:
    case LeafId::erfinv:
    case LeafId::asin:
    case LeafId::asinh:
    case LeafId::atanh:
    case LeafId::atan:
      return -1;
    case LeafId::cos:
    case LeafId::cosh:
      return 1;
    default:
      return 0;
  }
}

// Bit patterns from first to last, of positive floats; of the negative ones with the same magnitude
// too, where a function with a symmetry needs its reference but once.
template <LeafId id>
Worst measure_range(uint64_t first, uint64_t last, uint64_t stride) {
  Worst worst;
  const auto count = [&](float x, float value, double exact) {
    const double error = quick_error(value, exact);
    if (error > worst.error) worst = {error, x, 0, worst.count};
    ++worst.count;
  };
  for (uint64_t pattern = first; pattern < last; pattern += stride) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(pattern));
    const float value = Leaf<id>::text(F32{x}).v;
    const float mirrored = Leaf<id>::text(F32{-x}).v;
    const double exact = LeafReference<id>::f64(x);
    count(x, value, exact);
    if constexpr (symmetry(id) == 0) {
      count(-x, mirrored, LeafReference<id>::f64(-static_cast<double>(x)));
    } else {
      const float expected = symmetry(id) < 0 ? -value : value;
      const bool same = std::bit_cast<uint32_t>(mirrored) == std::bit_cast<uint32_t>(expected);
      if (same || (value != value && mirrored != mirrored)) {
        ++worst.count;
      } else {
        count(-x, mirrored, symmetry(id) < 0 ? -exact : exact);
      }
    }
  }
  return worst;
}

// Operands whose edges matter to two-operand leaves: all pairs of these are measured.
std::vector<float> edge_values() {
  std::vector<float> values;
  for (int exponent = -149; exponent <= 127; ++exponent) {
    for (float mantissa : {1.0f, 1.0f + 0x1p-23f, 1.25f, 1.5f, 2.0f - 0x1p-23f}) {
      const float x = std::ldexp(mantissa, exponent);
      values.push_back(x);
      values.push_back(-x);
    }
  }
  for (int i = 0; i <= 130; ++i) {
    values.push_back(static_cast<float>(i));
    values.push_back(static_cast<float>(-i));
    values.push_back(static_cast<float>(i) + 0.5f);
  }
  for (float x : {0.0f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    values.push_back(x);
    values.push_back(-x);
  }
  return values;
}

template <LeafId id>
void measure_pair(Worst& worst, float x, float y) {
  const float value = Leaf<id>::text(F32{x}, F32{y}).v;
  const double error = quick_error(value, LeafReference<id>::f64(x, y));
  if (error > worst.error) worst = {error, x, y, worst.count};
  ++worst.count;
}

// Half of the samples are random bits, half are near the range where results are finite.
template <LeafId id>
Worst measure_samples(uint64_t seed, uint64_t count) {
  Worst worst;
  uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  const auto next = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t word = next();
    float x = std::bit_cast<float>(static_cast<uint32_t>(word));
    float y = std::bit_cast<float>(static_cast<uint32_t>(word >> 32));
    if (i % 2 == 1) {
      const auto scaled = [](float value, uint64_t exponent) {
        return std::ldexp(std::copysign(1.0f + std::fabs(std::fmod(value, 1.0f)), value),
                          static_cast<int>(exponent));
      };
      const uint64_t choice = next();
      x = std::fabs(scaled(std::isfinite(x) ? x : 1.0f, (choice & 15) - 8));
      y = scaled(std::isfinite(y) ? y : 1.0f, ((choice >> 8) & 15) - 7);
      if (choice & 0x10000) y = std::log2(std::fabs(y) + 1) * 128 / std::log2(x);
    }
    measure_pair<id>(worst, x, y);
  }
  return worst;
}

template <class Task>
Worst in_threads(unsigned threads, Task task) {
  std::vector<Worst> parts(threads);
  std::vector<std::thread> workers;
  workers.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] { parts[i] = task(i); });
  }
  for (std::thread& worker : workers) worker.join();
  Worst worst;
  for (const Worst& part : parts) worst.merge(part);
  return worst;
}

template <LeafId id>
Worst measure(const Options& options) {
  const unsigned threads = options.threads;
  if constexpr (Leaf<id>::arity == 1) {
    constexpr uint64_t kAll = uint64_t{1} << 31;  // of either sign
    return in_threads(threads, [&](unsigned i) {
      return measure_range<id>(kAll * i / threads, kAll * (i + 1) / threads, options.stride);
    });
  } else {
    const std::vector<float> edges = edge_values();
    return in_threads(threads, [&](unsigned i) {
      Worst worst = measure_samples<id>(i + 1, options.samples / threads);
      for (size_t row = i; row < edges.size(); row += threads) {
        for (float y : edges) measure_pair<id>(worst, edges[row], y);
      }
      return worst;
    });
  }
}

// The error in quadruple precision.
template <LeafId id, class T>
double exact_error(T x, T y) {
  if constexpr (Leaf<id>::arity == 1) {
    return ulp_error(Leaf<id>::text(Scalar<T>{x}).v, LeafReference<id>::quad(x));
  } else {
    return ulp_error(Leaf<id>::text(Scalar<T>{x}, Scalar<T>{y}).v, LeafReference<id>::quad(x, y));
  }
}

template <LeafId id>
Worst measure_float64(const Options& options) {
  const unsigned threads = options.threads;
  const auto count = [](Worst& worst, double x, double y) {
    const double error = exact_error<id>(x, y);
    if (error > worst.error) worst = {error, x, y, worst.count};
    ++worst.count;
  };
  return in_threads(threads, [&](unsigned i) {
    Worst worst;
    DoubleSamples samples(i + 1);
    for (uint64_t k = 0; k < options.samples64 / threads; ++k) {
      const double x = samples.next();
      count(worst, x, Leaf<id>::arity == 1 ? 0 : samples.beside(x));
    }
    const std::vector<double>& special = special_doubles();
    for (size_t row = i; row < special.size(); row += threads) {
      for (double y : special) count(worst, special[row], y);
    }
    return worst;
  });
}

// One line of the table of float32 (T float) or float64.
template <LeafId id, class T>
std::string report(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  Worst worst;
  if constexpr (sizeof(T) == 4) {
    worst = measure<id>(options);
    worst.error = exact_error<id>(static_cast<float>(worst.x), static_cast<float>(worst.y));
  } else {
    worst = measure_float64<id>(options);
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::string input = fmt::format("{:a}", worst.x);
  if constexpr (Leaf<id>::arity == 2) input += fmt::format(", {:a}", worst.y);
  const LeafInfo& leaf = Leaf<id>::info;
  const double bound = sizeof(T) == 4 ? leaf.ulp : leaf.ulp_f64;
  const std::string line = fmt::format("| {} | {:.4f} | {} | {} | {} |", leaf.name, worst.error,
                                       bound, input, worst.count);
  std::printf("float%d %s %.1f s\n", static_cast<int>(sizeof(T) * 8), line.c_str(),
              elapsed.count());
  std::fflush(stdout);
  return line + "\n";
}

int run(const Options& options) {
  std::string table, table64;
  for_each_leaf([&](auto leaf) {
    if constexpr (leaf.info.operands == LeafOperands::real) {
      if (!options.leaf.empty() && options.leaf != leaf.info.name) return;
      if (options.width != 64) table += report<leaf.id, float>(options);
      if (options.width != 32) table64 += report<leaf.id, double>(options);
    }
  });
  if (options.output.empty()) return 0;
  std::ofstream file(options.output);
  file << "# Accuracy of the leaf functions\n\n"
          "Written by `leaf_ulp --write docs/leaf_accuracy.md`. Errors are in units in the last "
          "place of float32\n(2^-149 for subnormal results), against the exact value. A leaf of "
          "one operand is measured on all 2^32\ninputs, one of two operands on random samples "
          "and on all pairs of about 3,200 special values. NaN,\ninfinities, signs of zero, "
          "overflow and subnormal results count: a wrong one is an infinite error.\n\n"
          "| leaf | largest error | bound | at | inputs |\n| --- | --- | --- | --- | --- |\n"
       << table
       << "\n## float64\n\nRandom samples of the whole range and of the ranges that matter, and "
          "special values, against quadruple\nprecision; units in the last place of float64.\n\n"
          "| leaf | largest error | bound | at | inputs |\n| --- | --- | --- | --- | --- |\n"
       << table64;
  return file.good() ? 0 : 1;
}

}  // namespace
}  // namespace tandem::op_table

int main(int argc, char** argv) {
  tandem::op_table::Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--leaf") options.leaf = argv[i + 1];
    if (key == "--write") options.output = argv[i + 1];
    if (key == "--threads") options.threads = static_cast<unsigned>(std::atoi(argv[i + 1]));
    if (key == "--stride") options.stride = std::strtoull(argv[i + 1], nullptr, 10);
    if (key == "--width") options.width = std::atoi(argv[i + 1]);
    if (key == "--samples64") options.samples64 = std::strtoull(argv[i + 1], nullptr, 10);
    if (key == "--samples") options.samples = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return tandem::op_table::run(options);
}
