// Plain loops: what a matrix product means, and what runs where no vector unit is known.
#include <complex>
#include <type_traits>

#include "tandem/backends/common/gemm/implementation.h"
#include "tandem/backends/common/gemm/simd.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/kernel/float_environment.h"

namespace tandem::backends::common {
namespace {

// Integers wrap, so they are summed unsigned; halves are summed in float.
template <class S>
using Sum = std::conditional_t<
    std::is_integral_v<S>, uint64_t,
    std::conditional_t<std::is_same_v<S, float16_t> || std::is_same_v<S, bfloat16_t>, float, S>>;

template <class S>
struct Matrices {
  const S* a;
  const S* b;
  const S* c;
  S* out;
};

template <class S>
S element(const Problem& problem, const Matrices<S>& at, int64_t i, int64_t j) {
  using T = Sum<S>;
  T sum{};
  for (int64_t k = 0; k < problem.k; ++k) {
    const T x = static_cast<T>(at.a[i * problem.a.row + k * problem.a.column]);
    const T y = static_cast<T>(at.b[k * problem.b.row + j * problem.b.column]);
    if constexpr (std::is_same_v<S, std::complex<float>>) {
      sum +=
          T(x.real() * y.real() - x.imag() * y.imag(), x.real() * y.imag() + x.imag() * y.real());
    } else {
      sum += x * y;
    }
  }
  if constexpr (!std::is_integral_v<S>) {
    if (problem.scaled) {
      const T other = static_cast<T>(at.c[i * problem.c.row + j * problem.c.column]);
      if constexpr (std::is_same_v<S, std::complex<float>>) {
        sum = problem.alpha * sum + problem.beta * other;
      } else {
        sum = static_cast<T>(problem.alpha) * sum + static_cast<T>(problem.beta) * other;
      }
    }
  }
  return static_cast<S>(sum);
}

template <class S>
void run_rows(const Problem& problem) {
  parallel_for(problem.batch_count() * problem.m, 1, [&](int64_t begin, int64_t end) {
    const kernel::FloatEnvironment floats;
    for (int64_t row = begin; row < end; ++row) {
      const int64_t index = row / problem.m;
      const int64_t i = row % problem.m;
      Matrices<S> at = {};
      at.a = reinterpret_cast<const S*>(problem.at(problem.a, index));
      at.b = reinterpret_cast<const S*>(problem.at(problem.b, index));
      at.out = reinterpret_cast<S*>(problem.at(problem.out, index));
      if (problem.scaled) at.c = reinterpret_cast<const S*>(problem.at(problem.c, index));
      for (int64_t j = 0; j < problem.n; ++j) {
        at.out[i * problem.out.row + j * problem.out.column] = element(problem, at, i, j);
      }
    }
  });
}

std::string declines_dtype(Dtype dtype, bool scaled) {
  if (dtype == Dtype::bool_) return "bool has no sum of products";
  if (scaled && is_integer(dtype)) return "alpha and beta are not integers";
  return "";
}

std::string_view declines(const Problem&) { return ""; }

void run(const Problem& problem) {
  visit(problem.dtype, [&](auto tag) {
    using S = typename decltype(tag)::type;
    if constexpr (!std::is_same_v<S, bool>) run_rows<S>(problem);
  });
}

}  // namespace

const Implementation kReferenceImplementation = {"reference", declines_dtype, declines, run};

}  // namespace tandem::backends::common
