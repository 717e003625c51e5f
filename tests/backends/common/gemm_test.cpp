#include "tandem/backends/common/gemm/gemm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "tandem/backends/common/gemm/scratch.h"
#include "tandem/backends/common/gemm/simd.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/error.h"
#include "tandem/base/settings.h"
#include "tests/backends/common/gemm_support.h"

extern "C" {
int omp_get_max_threads(void);
void omp_set_num_threads(int count);
}

namespace tandem::backends::common {
namespace {

using testing::Extents;
using testing::kOrders;
using testing::Launch;
using testing::name_of_order;
using testing::Operand;
using testing::Order;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<Dtype> number_dtypes() {
  std::vector<Dtype> dtypes;
  for (int i = 1; i < kDtypeCount; ++i) dtypes.push_back(static_cast<Dtype>(i));
  return dtypes;
}

// Unit roundoff of sums and of the stored result.
double sum_epsilon(Dtype dtype) { return dtype == Dtype::float64 ? 0x1p-53 : 0x1p-24; }
double result_epsilon(Dtype dtype) {
  if (dtype == Dtype::float16) return 0x1p-11;
  if (dtype == Dtype::bfloat16) return 0x1p-8;
  return sum_epsilon(dtype);
}

struct Scaling {
  const Operand* c = nullptr;
  float alpha = 1;
  float beta = 1;
};

// The matrix of one batch, row by row (or column by column when `turned`), as T.
template <class T>
std::vector<T> values_of(const Operand& operand, int64_t batch, bool turned = false) {
  std::vector<T> values;
  const int64_t outer = turned ? operand.columns() : operand.rows();
  const int64_t inner = turned ? operand.rows() : operand.columns();
  values.reserve(static_cast<size_t>(outer * inner));
  for (int64_t i = 0; i < outer; ++i) {
    for (int64_t j = 0; j < inner; ++j) {
      const int64_t row = turned ? j : i;
      const int64_t column = turned ? i : j;
      if constexpr (std::is_same_v<T, uint64_t>) {
        values.push_back(operand.integer(batch, row, column));
      } else if constexpr (std::is_same_v<T, double>) {
        values.push_back(operand.value(batch, row, column).real());
      } else {
        values.push_back(operand.value(batch, row, column));
      }
    }
  }
  return values;
}

// The sum of products in T and the sum of their absolutes.
template <class T>
struct Dot {
  T sum{};
  double size = 0;
};

template <class T>
Dot<T> dot(const T* x, const T* y, int64_t count) {
  Dot<T> result;
  for (int64_t k = 0; k < count; ++k) {
    result.sum += x[k] * y[k];
    if constexpr (!std::is_integral_v<T>) result.size += std::abs(x[k]) * std::abs(y[k]);
  }
  return result;
}

// Whether `value` is alpha * dot + beta * c within (k + 4) roundings of the absolutes and one
// rounding of the result.
bool close(const std::complex<double>& value, std::complex<double> sum, double size, Dtype dtype,
           int64_t depth, const Scaling& scaling, const std::complex<double>& c) {
  if (scaling.c != nullptr) {
    sum = double{scaling.alpha} * sum + double{scaling.beta} * c;
    size = std::abs(double{scaling.alpha}) * size + std::abs(double{scaling.beta} * c);
  }
  const double bound = size * static_cast<double>(depth + 4) * sum_epsilon(dtype) +
                       std::abs(sum) * 1.01 * result_epsilon(dtype) + 0x1p-25;
  return std::abs(value - sum) <= bound;
}

template <class T>
int64_t wrong_in_batch(const Operand& a, const Operand& b, const Operand& out, int64_t batch,
                       const Scaling& scaling) {
  const Dtype dtype = out.dtype();
  const int64_t depth = a.columns();
  const uint64_t mask = ~uint64_t{0} >> (64 - 8 * size_of(dtype));
  const std::vector<T> left = values_of<T>(a, batch);
  const std::vector<T> right = values_of<T>(b, batch, true);
  int64_t wrong = 0;
  for (int64_t i = 0; i < out.rows(); ++i) {
    for (int64_t j = 0; j < out.columns(); ++j) {
      const Dot<T> expected = dot(left.data() + i * depth, right.data() + j * depth, depth);
      if constexpr (std::is_integral_v<T>) {
        wrong += ((expected.sum ^ out.integer(batch, i, j)) & mask) != 0;
      } else {
        const std::complex<double> c = scaling.c == nullptr ? 0.0 : scaling.c->value(batch, i, j);
        wrong +=
            !close(out.value(batch, i, j), expected.sum, expected.size, dtype, depth, scaling, c);
      }
    }
  }
  return wrong;
}

// Number of elements of `out` that are not a @ b; integers must be equal modulo their width.
int64_t wrong_elements(const Operand& a, const Operand& b, const Operand& out, int64_t batches,
                       const Scaling& scaling = {}) {
  int64_t wrong = 0;
  for (int64_t batch = 0; batch < batches; ++batch) {
    if (is_integer(out.dtype())) {
      wrong += wrong_in_batch<uint64_t>(a, b, out, batch, scaling);
    } else if (is_complex(out.dtype())) {
      wrong += wrong_in_batch<std::complex<double>>(a, b, out, batch, scaling);
    } else {
      wrong += wrong_in_batch<double>(a, b, out, batch, scaling);
    }
  }
  return wrong;
}

// Runs every implementation that takes the problem and checks each one's result.
int check_all(Launch& launch, const Operand& a, const Operand& b, Operand& out, int64_t batches,
              const Scaling& scaling = {}) {
  int ran = 0;
  const Problem problem = launch.problem(out.dtype());
  for (const Implementation* implementation : implementations()) {
    if (!implementation->declines_dtype(out.dtype(), problem.scaled).empty()) continue;
    if (!implementation->declines(problem).empty()) continue;
    out.fill(99);
    implementation->run(problem);
    EXPECT_EQ(wrong_elements(a, b, out, batches, scaling), 0)
        << implementation->name << " " << name_of(out.dtype()) << " " << out.rows() << "x"
        << a.columns() << "x" << out.columns();
    ++ran;
  }
  return ran;
}

struct Shape {
  int64_t m, k, n;
};

TEST(Gemm, values_of_every_dtype_and_shape) {
  const Shape shapes[] = {{1, 1, 1},    {3, 5, 2},    {8, 33, 70},  {65, 17, 7},   {13, 300, 37},
                          {50, 64, 33}, {1, 700, 90}, {90, 513, 1}, {200, 31, 130}};
  for (const Dtype dtype : number_dtypes()) {
    for (const Shape& shape : shapes) {
      Operand a(dtype, {}, shape.m, shape.k, Order::rows);
      Operand b(dtype, {}, shape.k, shape.n, Order::rows);
      Operand out(dtype, {}, shape.m, shape.n, Order::rows);
      a.fill(1);
      b.fill(2);
      Launch launch({}, nullptr, a, b, out);
      EXPECT_GE(check_all(launch, a, b, out, 1), 2);
    }
  }
}

TEST(Gemm, long_sums_of_few_elements) {
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16, Dtype::float16}) {
    for (const Shape shape : {Shape{20, 9001, 14}, Shape{3, 20007, 5}, Shape{33, 8192, 9}}) {
      for (const Order order : {Order::rows, Order::columns}) {
        Operand a(dtype, {}, shape.m, shape.k, order);
        Operand b(dtype, {}, shape.k, shape.n, order);
        Operand c(dtype, {}, shape.m, shape.n, order);
        Operand out(dtype, {}, shape.m, shape.n, Order::rows);
        a.fill(1);
        b.fill(2);
        c.fill(3);
        Launch plain({}, nullptr, a, b, out);
        EXPECT_GE(check_all(plain, a, b, out, 1), 2);
        Launch scaled({}, &c, a, b, out, 0.5F, 2.0F);
        EXPECT_GE(check_all(scaled, a, b, out, 1, {&c, 0.5F, 2.0F}), 2);
      }
    }
  }
}

TEST(Gemm, every_pair_of_layouts) {
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16, Dtype::float16, Dtype::int8,
                            Dtype::float64, Dtype::complex64}) {
    for (const Shape shape : {Shape{37, 45, 29}, Shape{4, 45, 29}, Shape{37, 45, 3}}) {
      for (const Order left : kOrders) {
        for (const Order right : kOrders) {
          SCOPED_TRACE(std::string(name_of_order(left)) + " x " + name_of_order(right));
          Operand a(dtype, {}, shape.m, shape.k, left);
          Operand b(dtype, {}, shape.k, shape.n, right);
          Operand out(dtype, {}, shape.m, shape.n, Order::rows);
          a.fill(3);
          b.fill(4);
          Launch launch({}, nullptr, a, b, out);
          EXPECT_GE(check_all(launch, a, b, out, 1), 2);
        }
      }
    }
  }
}

TEST(Gemm, results_of_every_layout_leave_their_gaps_alone) {
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16, Dtype::int32}) {
    for (const Order order : kOrders) {
      SCOPED_TRACE(name_of_order(order));
      Operand a(dtype, {}, 21, 40, Order::rows);
      Operand b(dtype, {}, 40, 35, Order::rows);
      Operand out(dtype, {}, 21, 35, order);
      a.fill(5);
      b.fill(6);
      Launch launch({}, nullptr, a, b, out);
      check_all(launch, a, b, out, 1);
      Operand untouched = out;
      untouched.fill(99);
      for (int64_t i = 0; i < 21; ++i) {
        for (int64_t j = 0; j < 35; ++j) {
          std::memcpy(untouched.address(0, i, j), out.address(0, i, j), size_of(dtype));
        }
      }
      EXPECT_EQ(out.bytes(), untouched.bytes());
    }
  }
}

TEST(Gemm, batches_and_broadcasts) {
  for (const Dtype dtype : {Dtype::float32, Dtype::float16, Dtype::int64}) {
    for (const bool transposed : {false, true}) {
      for (const int mask : {0, 1, 2, 3}) {
        const Extents batch = {3, 1, 4};
        const Order order = transposed ? Order::columns : Order::rows;
        Operand a(dtype, batch, 10, 20, order, {mask == 1, false, mask == 1});
        Operand b(dtype, batch, 20, 15, order, {mask >= 2, false, mask == 3});
        Operand out(dtype, batch, 10, 15, Order::rows);
        a.fill(7);
        b.fill(8);
        Launch launch(batch, nullptr, a, b, out);
        EXPECT_GE(check_all(launch, a, b, out, 12), 2);
      }
    }
  }
}

TEST(Gemm, a_matrix_shared_by_a_batch_of_rows_is_one_product) {
  Operand a(Dtype::float32, {6, 5}, 4, 20, Order::rows);
  Operand b(Dtype::float32, {6, 5}, 20, 15, Order::rows, {true, true});
  Operand out(Dtype::float32, {6, 5}, 4, 15, Order::rows);
  a.fill(1);
  b.fill(2);
  Launch launch({6, 5}, nullptr, a, b, out);
  const Problem problem = launch.problem(Dtype::float32);
  EXPECT_EQ(problem.batch_count(), 1);
  EXPECT_EQ(problem.m, 120);
  check_all(launch, a, b, out, 30);
}

TEST(Gemm, empty_sizes) {
  for (const Dtype dtype : number_dtypes()) {
    for (const Shape shape : {Shape{0, 4, 5}, Shape{4, 4, 0}, Shape{0, 0, 0}, Shape{7, 0, 9}}) {
      Operand a(dtype, {}, shape.m, shape.k, Order::rows);
      Operand b(dtype, {}, shape.k, shape.n, Order::rows);
      Operand out(dtype, {}, shape.m, shape.n, Order::rows);
      out.fill(1);
      Launch launch({}, nullptr, a, b, out);
      run_gemm(*compile_gemm(launch.call(dtype)), launch.arguments());
      EXPECT_EQ(wrong_elements(a, b, out, 1), 0) << name_of(dtype);
    }
  }
  Operand a(Dtype::float32, {0}, 3, 4, Order::rows);
  Operand b(Dtype::float32, {0}, 4, 5, Order::rows);
  Operand out(Dtype::float32, {0}, 3, 5, Order::rows);
  Launch launch({0}, nullptr, a, b, out);
  const std::vector<std::byte> before = out.bytes();
  run_gemm(*compile_gemm(launch.call(Dtype::float32)), launch.arguments());
  EXPECT_EQ(out.bytes(), before);
}

TEST(Addmm, values_of_every_inexact_dtype) {
  for (const Dtype dtype : number_dtypes()) {
    if (!is_inexact(dtype)) continue;
    for (const Shape shape : {Shape{40, 50, 30}, Shape{3, 50, 70}, Shape{70, 50, 2}, Shape{9, 0, 9},
                              Shape{300, 20, 600}}) {
      for (const Order order : {Order::rows, Order::columns, Order::spaced}) {
        Operand a(dtype, {}, shape.m, shape.k, Order::rows);
        Operand b(dtype, {}, shape.k, shape.n, Order::rows);
        Operand c(dtype, {}, shape.m, shape.n, order);
        Operand out(dtype, {}, shape.m, shape.n, Order::rows);
        a.fill(1);
        b.fill(2);
        c.fill(3);
        Launch launch({}, &c, a, b, out, 0.75F, -2.5F);
        EXPECT_GE(check_all(launch, a, b, out, 1, {&c, 0.75F, -2.5F}), 2);
      }
    }
  }
}

TEST(Addmm, c_broadcast_over_rows_is_a_bias) {
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16, Dtype::float16}) {
    Operand a(dtype, {40}, 1, 50, Order::rows);
    Operand b(dtype, {40}, 50, 30, Order::columns, {true});
    Operand c(dtype, {40}, 1, 30, Order::rows, {true});
    Operand out(dtype, {40}, 1, 30, Order::rows);
    a.fill(1);
    b.fill(2);
    c.fill(3);
    Launch launch({40}, &c, a, b, out);
    EXPECT_EQ(launch.problem(dtype).m, 40);
    EXPECT_GE(check_all(launch, a, b, out, 40, {&c, 1, 1}), 2);
  }
}

TEST(Addmm, out_may_be_c) {
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16, Dtype::float64}) {
    for (const Shape shape : {Shape{300, 40, 600}, Shape{4, 40, 600}}) {
      Operand a(dtype, {}, shape.m, shape.k, Order::rows);
      Operand b(dtype, {}, shape.k, shape.n, Order::rows);
      Operand out(dtype, {}, shape.m, shape.n, Order::rows);
      a.fill(1);
      b.fill(2);
      out.fill(3);
      const Operand c = out;
      Launch launch({}, &out, a, b, out, 2, 3);
      run_gemm(*compile_gemm(launch.call(dtype)), launch.arguments());
      EXPECT_EQ(wrong_elements(a, b, out, 1, {&c, 2, 3}), 0);
    }
  }
}

TEST(Addmm, rounds_once) {
  // 1 + 2^-8 is a tie of bfloat16 that alone would round to 1; with c = 2^-12 the one rounding goes
  // up.
  Operand a(Dtype::bfloat16, {}, 32, 2, Order::rows);
  Operand b(Dtype::bfloat16, {}, 2, 32, Order::rows);
  Operand c(Dtype::bfloat16, {}, 32, 32, Order::rows);
  Operand out(Dtype::bfloat16, {}, 32, 32, Order::rows);
  for (int i = 0; i < 32; ++i) {
    a.set(i, 0, 1.0F);
    a.set(i, 1, 0x1p-8F);
    b.set(0, i, 1.0F);
    b.set(1, i, 1.0F);
    for (int j = 0; j < 32; ++j) c.set(i, j, 0x1p-12F);
  }
  Launch launch({}, &c, a, b, out);
  const Problem problem = launch.problem(Dtype::bfloat16);
  for (const Implementation* implementation : implementations()) {
    if (!implementation->declines(problem).empty()) continue;
    implementation->run(problem);
    EXPECT_EQ(out.value(0, 5, 6).real(), 1.0078125) << implementation->name;
  }
}

TEST(Gemm, nan_and_infinity_reach_exactly_their_row_and_column) {
  for (const Dtype dtype : {Dtype::float16, Dtype::bfloat16, Dtype::float32, Dtype::float64}) {
    for (const Shape shape : {Shape{20, 33, 19}, Shape{3, 33, 40}, Shape{40, 33, 3}}) {
      Operand a(dtype, {}, shape.m, shape.k, Order::rows);
      Operand b(dtype, {}, shape.k, shape.n, Order::rows);
      Operand out(dtype, {}, shape.m, shape.n, Order::rows);
      a.fill(1);
      b.fill(2);
      a.set(1, 32, kNan);
      a.set(2, 5, kInf);
      b.set(5, 1, 0.0F);
      Launch launch({}, nullptr, a, b, out);
      const Problem problem = launch.problem(dtype);
      for (const Implementation* implementation : implementations()) {
        if (!implementation->declines_dtype(dtype, false).empty()) continue;
        if (!implementation->declines(problem).empty()) continue;
        implementation->run(problem);
        SCOPED_TRACE(implementation->name);
        for (int64_t i = 0; i < shape.m; ++i) {
          for (int64_t j = 0; j < shape.n; ++j) {
            const double value = out.value(0, i, j).real();
            EXPECT_EQ(std::isnan(value), i == 1 || (i == 2 && j == 1)) << i << ", " << j;
            EXPECT_EQ(std::isinf(value), i == 2 && j != 1) << i << ", " << j;
          }
        }
      }
    }
  }
}

TEST(Gemm, overflow_of_a_half_is_infinite_only_after_the_sum) {
  Operand a(Dtype::float16, {}, 16, 2, Order::rows);
  Operand b(Dtype::float16, {}, 2, 16, Order::rows);
  Operand out(Dtype::float16, {}, 16, 16, Order::rows);
  for (int i = 0; i < 16; ++i) {
    a.set(i, 0, 300.0F);
    a.set(i, 1, i == 3 ? 300.0F : -300.0F);
    b.set(0, i, 300.0F);
    b.set(1, i, 299.0F);
  }
  Launch launch({}, nullptr, a, b, out);
  run_gemm(*compile_gemm(launch.call(Dtype::float16)), launch.arguments());
  EXPECT_EQ(out.value(0, 0, 0).real(), 300.0);
  EXPECT_TRUE(std::isinf(out.value(0, 3, 0).real()));
}

// A product whose operands are made once; run() gives the bytes of its result.
class RepeatedProduct {
 public:
  RepeatedProduct(Dtype dtype, const Shape& shape, Order order)
      : a_(dtype, {}, shape.m, shape.k, order),
        b_(dtype, {}, shape.k, shape.n, order),
        out_(dtype, {}, shape.m, shape.n, Order::rows),
        launch_({}, nullptr, a_, b_, out_),
        executable_(compile_gemm(launch_.call(dtype))) {
    a_.fill(1);
    b_.fill(2);
  }

  std::vector<std::byte> run(int threads) {
    const ScopedThreadCount count(threads);
    out_.fill(99);
    run_gemm(*executable_, launch_.arguments());
    return out_.bytes();
  }

  void run_in_place() const { run_gemm(*executable_, launch_.arguments()); }
  const std::vector<std::byte>& bytes() const { return out_.bytes(); }

 private:
  Operand a_;
  Operand b_;
  Operand out_;
  Launch launch_;
  std::shared_ptr<device::Executable> executable_;
};

TEST(Gemm, thread_count_bits) {
  const Shape shapes[] = {{257, 131, 513}, {1000, 77, 65}, {67, 1030, 311}, {5, 3000, 700},
                          {700, 3000, 1},  {2, 40000, 3},  {20, 20011, 24}, {129, 999, 250}};
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16, Dtype::float16, Dtype::float64}) {
    for (const Shape& shape : shapes) {
      for (const Order order : {Order::rows, Order::columns, Order::spaced}) {
        if (order == Order::spaced && dtype != Dtype::float32) continue;
        RepeatedProduct product(dtype, shape, order);
        const std::vector<std::byte> expected = product.run(1);
        for (const int threads : {1, 2, 3, 7, 64}) {  // 1: the same bits from run to run
          EXPECT_TRUE(product.run(threads) == expected)
              << name_of(dtype) << " " << shape.m << "x" << shape.k << "x" << shape.n << " "
              << name_of_order(order) << " on " << threads;
        }
      }
    }
  }
}

#if defined(__x86_64__)
TEST(Gemm, the_callers_float_mode_changes_nothing_and_is_kept) {
  for (const Shape shape : {Shape{64, 64, 64}, Shape{4, 64, 64}}) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::float16}) {
      RepeatedProduct product(dtype, shape, Order::rows);
      const std::vector<std::byte> expected = product.run(2);
      const unsigned before = __builtin_ia32_stmxcsr();
      const unsigned odd = before | 0x8040 | 0x2000;  // flush and treat subnormals as 0, round down
      __builtin_ia32_ldmxcsr(odd);
      product.run_in_place();
      const unsigned after = __builtin_ia32_stmxcsr();
      __builtin_ia32_ldmxcsr(before);
      EXPECT_EQ(after & 0xffc0, odd & 0xffc0);
      EXPECT_TRUE(product.bytes() == expected);
    }
  }
}
#endif

TEST(Gemm, starts_no_threads_of_the_library_and_leaves_openmp_alone) {
  const int allowed = omp_get_max_threads();
  omp_set_num_threads(3);
  RepeatedProduct product(Dtype::float32, {256, 256, 256}, Order::rows);
  product.run(1);
  EXPECT_EQ(omp_get_max_threads(), 3);
  omp_set_num_threads(allowed);
  const auto count = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"),
                         std::filesystem::directory_iterator());
  };
  const auto before = count();
  for (const Dtype dtype : {Dtype::float32, Dtype::bfloat16}) {
    RepeatedProduct large(dtype, {513, 515, 517}, Order::rows);
    large.run(1);
  }
  EXPECT_EQ(count(), before);
}

TEST(Gemm, subnormal_float32_products_are_kept) {
  Operand a(Dtype::float32, {}, 32, 1, Order::rows);
  Operand b(Dtype::float32, {}, 1, 32, Order::rows);
  Operand out(Dtype::float32, {}, 32, 32, Order::rows);
  for (int i = 0; i < 32; ++i) {
    a.set(i, 0, 0x1p-100F);
    b.set(0, i, 0x1p-40F);
  }
  Launch launch({}, nullptr, a, b, out);
  run_gemm(*compile_gemm(launch.call(Dtype::float32)), launch.arguments());
  EXPECT_EQ(out.value(0, 31, 31).real(), 0x1p-140);
}

TEST(Gemm, every_instruction_set_gives_right_values) {
  for (const char* isa : {"scalar", "avx2", "avx512"}) {
    const ScopedSetting setting("isa", isa);
    SCOPED_TRACE(isa);
    for (const Dtype dtype : number_dtypes()) {
      for (const Shape shape : {Shape{29, 70, 41}, Shape{5, 70, 41}, Shape{41, 70, 5}}) {
        for (const Order order : {Order::rows, Order::columns}) {
          Operand a(dtype, {}, shape.m, shape.k, order);
          Operand b(dtype, {}, shape.k, shape.n, order);
          Operand out(dtype, {}, shape.m, shape.n, Order::rows);
          a.fill(1);
          b.fill(2);
          Launch launch({}, nullptr, a, b, out);
          EXPECT_GE(check_all(launch, a, b, out, 1), 1);
          run_gemm(*compile_gemm(launch.call(dtype)), launch.arguments());
          EXPECT_EQ(wrong_elements(a, b, out, 1), 0);
        }
      }
    }
  }
}

TEST(Gemm, the_list_is_tried_in_order) {
  const auto taken_by = [](Dtype dtype, const Shape& shape, Order order) {
    Operand a(dtype, {}, shape.m, shape.k, order);
    Operand b(dtype, {}, shape.k, shape.n, Order::rows);
    Operand out(dtype, {}, shape.m, shape.n, Order::rows);
    Launch launch({}, nullptr, a, b, out);
    const Problem problem = launch.problem(dtype);
    for (const Implementation* implementation : implementations()) {
      if (!implementation->declines_dtype(dtype, false).empty()) continue;
      if (implementation->declines(problem).empty()) return implementation->name;
    }
    return std::string_view();
  };
  if (find_simd() == nullptr) GTEST_SKIP() << kNoSimd;
  EXPECT_EQ(taken_by(Dtype::float32, {64, 64, 64}, Order::rows), "onednn");
  EXPECT_EQ(taken_by(Dtype::bfloat16, {64, 64, 64}, Order::columns), "onednn");
  EXPECT_EQ(taken_by(Dtype::float32, {64, 64, 64}, Order::spaced), "blocked");
  EXPECT_EQ(taken_by(Dtype::float16, {64, 64, 64}, Order::rows), "blocked");
  EXPECT_EQ(taken_by(Dtype::float16, {64, 64, 8}, Order::rows), "stream");
  EXPECT_EQ(taken_by(Dtype::int8, {1, 64, 8}, Order::rows), "blocked");
  const ScopedSetting scalar("isa", "scalar");
  EXPECT_EQ(taken_by(Dtype::float32, {64, 64, 64}, Order::rows), "reference");
}

template <class E>
std::string message_of(const kernel::LibraryCall& call) {
  try {
    compile_gemm(call);
  } catch (const E& error) {
    return error.what();
  }
  return "no exception";
}

TEST(Gemm, names_every_reason_when_all_decline) {
  const std::vector<Dtype> bools(3, Dtype::bool_);
  EXPECT_EQ(message_of<DeviceError>({"matmul", bools, 3}),
            "[matmul] no implementation for bool: stream: only float16, bfloat16 and float32; "
            "onednn: only float32 and bfloat16; blocked: bool has no sum of products; reference: "
            "bool has no sum of products");
  const std::vector<Dtype> ints(4, Dtype::int32);
  EXPECT_THAT(message_of<DeviceError>({"addmm", ints, 3}),
              ::testing::HasSubstr("blocked: alpha and beta are not integers"));
  const std::vector<Dtype> mixed = {Dtype::float32, Dtype::float16, Dtype::float32};
  EXPECT_EQ(message_of<DeviceError>({"matmul", mixed, 3}),
            "[matmul] operands of different dtypes: got float16 and float32, expected one dtype");
  EXPECT_EQ(message_of<DeviceError>({"sort", bools, 3}),
            "[sort] not a matrix product: expected matmul or addmm");
}

TEST(Scratch, is_reused_up_to_a_cap) {
  const std::byte* first = nullptr;
  {
    const Scratch scratch(100000);
    first = scratch.as<std::byte>();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0U);
  }
  {
    const Scratch again(90000);
    EXPECT_EQ(again.as<std::byte>(), first);
  }
  {
    const Scratch large(kScratchCacheBytes + 1);
  }
  EXPECT_LE(scratch_cached_bytes(), kScratchCacheBytes);
  EXPECT_THROW(Scratch(~size_t{0}), OutOfMemory);
}

TEST(Scratch, moves_with_its_block) {
  Scratch from(1000);
  const std::byte* const block = from.as<std::byte>();
  const Scratch to(std::move(from));
  EXPECT_EQ(to.as<std::byte>(), block);
  const Scratch other(1000);
  EXPECT_NE(other.as<std::byte>(), block);
}

}  // namespace
}  // namespace tandem::backends::common
