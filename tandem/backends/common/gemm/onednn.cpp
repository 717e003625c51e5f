// float32 and bfloat16 through oneDNN, one thread per slab: its own threads are never used. The cut
// into slabs follows from the shape, so bits do not depend on the number of threads.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <dnnl.hpp>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "tandem/backends/common/gemm/implementation.h"
#include "tandem/backends/common/gemm/scratch.h"
#include "tandem/backends/common/gemm/simd.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/error.h"
#include "tandem/kernel/float_environment.h"

// The OpenMP run time that oneDNN brings along.
extern "C" {
int omp_get_max_threads(void);
void omp_set_num_threads(int count);
}

namespace tandem::backends::common {
namespace {

constexpr int64_t kWorthACall = 2 * 48 * 48 * 48;
constexpr int64_t kMinFlops = 1 << 20;   // worth a second thread
constexpr int64_t kSlabFlops = 4 << 20;  // below it a slab is not cut further
constexpr int64_t kWantedSlabs = 32;
constexpr int64_t kDeepPiece = 4096;  // of k
constexpr size_t kCachedProducts = 512;

// oneDNN asks OpenMP how many threads there are: one, until the end of the scope.
class OneOpenMpThread {
 public:
  OneOpenMpThread() : previous_(omp_get_max_threads()) {
    if (previous_ != 1) omp_set_num_threads(1);
  }
  ~OneOpenMpThread() {
    if (previous_ != 1) omp_set_num_threads(previous_);
  }
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  int previous_;
};

dnnl::engine& engine() {
  static auto* instance = new dnnl::engine(dnnl::engine::kind::cpu, 0);  // lives to the end
  return *instance;
}

// Layout of one operand: leading dimension, and whether rows are the contiguous axis.
struct Layout {
  int64_t leading;
  bool row_major;
  auto operator<=>(const Layout&) const = default;
};

Layout layout_of(const MatrixView& view) {
  return view.row_major() ? Layout{view.row, true} : Layout{view.column, false};
}

struct ProductKey {
  Dtype dtype;
  Dtype result;
  int64_t m, n, k;
  Layout a, b;
  int64_t out_leading;
  auto operator<=>(const ProductKey&) const = default;
};

dnnl::memory::desc describe(int64_t rows, int64_t columns, Dtype dtype, Layout layout) {
  const auto type =
      dtype == Dtype::float32 ? dnnl::memory::data_type::f32 : dnnl::memory::data_type::bf16;
  const dnnl::memory::dims strides = layout.row_major ? dnnl::memory::dims{layout.leading, 1}
                                                      : dnnl::memory::dims{1, layout.leading};
  return {{rows, columns}, type, strides};
}

// The library's generated products keep data below the stack pointer, where the frame of a signal
// handler would overwrite it: signals wait until the end of the scope. Those that a thread raises
// itself still come.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
      sigdelset(&blocked, own);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &previous_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t previous_;
};

// A product of fixed shapes and layouts, ready to run on any thread.
class Product {
 public:
  explicit Product(const ProductKey& key)
      : a_(describe(key.m, key.k, key.dtype, key.a)),
        b_(describe(key.k, key.n, key.dtype, key.b)),
        out_(describe(key.m, key.n, key.result, {key.out_leading, true})) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const dnnl::matmul::primitive_desc description(dnnl::matmul::desc(a_, b_, out_), attributes,
                                                   engine());
    workspace_ = description.scratchpad_desc();
    matmul_ = dnnl::matmul(description);
  }

  void run(const void* a, const void* b, void* out) const {
    thread_local dnnl::stream stream(engine());
    const Scratch workspace(workspace_.get_size());
    Operands& operands = own_operands();
    operands.a.set_data_handle(const_cast<void*>(a));
    operands.b.set_data_handle(const_cast<void*>(b));
    operands.out.set_data_handle(out);
    operands.workspace.set_data_handle(workspace.as<void>());
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, operands.a.get()},
                                         {DNNL_ARG_WEIGHTS, operands.b.get()},
                                         {DNNL_ARG_DST, operands.out.get()},
                                         {DNNL_ARG_SCRATCHPAD, operands.workspace.get()}};
    dnnl::error::wrap_c_api(
        dnnl_primitive_execute(matmul_.get(), stream.get(), static_cast<int>(std::size(arguments)),
                               arguments),
        "could not execute a product");
  }

 private:
  // What the library knows operands by. Making these takes longer than a small product, so that a
  // thread keeps those of the product that it ran last.
  struct Operands {
    uint64_t product = 0;
    dnnl::memory a, b, out, workspace;
  };

  Operands& own_operands() const {
    thread_local Operands operands;
    if (operands.product == number_) return operands;
    operands = {};
    const auto without_data = [](const dnnl::memory::desc& desc) {
      return dnnl::memory(desc, engine(), DNNL_MEMORY_NONE);
    };
    operands.a = without_data(a_);
    operands.b = without_data(b_);
    operands.out = without_data(out_);
    operands.workspace = without_data(workspace_);
    operands.product = number_;
    return operands;
  }

  static uint64_t next_number() {
    static std::atomic<uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  uint64_t number_ = next_number();  // never that of another product, as an address could be
  dnnl::memory::desc a_;
  dnnl::memory::desc b_;
  dnnl::memory::desc out_;
  dnnl::memory::desc workspace_;
  dnnl::matmul matmul_;
};

// The products used last, so that repeated shapes are set up once. Thread-safe.
class ProductCache {
 public:
  std::shared_ptr<const Product> get(const ProductKey& key) {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->second;
    }
    const OneOpenMpThread one_thread;
    order_.emplace_front(key, std::make_shared<const Product>(key));
    index_.emplace(key, order_.begin());
    if (order_.size() > kCachedProducts) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    return order_.front().second;
  }

  // Around fork(), so that a child never finds a product half made, here or inside of the library.
  void before_fork() { mutex_.lock(); }
  void after_fork() { mutex_.unlock(); }

 private:
  using Order = std::list<std::pair<ProductKey, std::shared_ptr<const Product>>>;
  std::mutex mutex_;
  Order order_;  // the latest first
  std::map<ProductKey, Order::iterator> index_;
};

ProductCache& product_cache() {
  static auto* instance = new ProductCache;
  [[maybe_unused]] static const bool registered =
      pthread_atfork([] { product_cache().before_fork(); }, [] { product_cache().after_fork(); },
                     [] { product_cache().after_fork(); }) == 0;
  return *instance;
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Rows and columns of a slab, from the shape alone. float32 runs best on squarish slabs; bfloat16
// on whole rows, whose columns the library packs together.
struct Slab {
  int64_t rows;
  int64_t columns;
};

Slab choose_slab(const Problem& problem) {
  const bool whole_rows = problem.dtype == Dtype::bfloat16 && problem.n <= 4096 && problem.m >= 256;
  Slab slab = whole_rows ? Slab{128, problem.n} : Slab{256, 512};
  slab.rows = std::min(slab.rows, problem.m);
  slab.columns = std::min(slab.columns, problem.n);
  if (problem.scaled) slab.columns = std::min<int64_t>(slab.columns, 1024);
  for (;;) {
    const int64_t slabs =
        problem.batch_count() * ceil_div(problem.m, slab.rows) * ceil_div(problem.n, slab.columns);
    const int64_t flops = 2 * slab.rows * slab.columns * problem.k;
    if (slabs >= kWantedSlabs || flops < 2 * kSlabFlops) return slab;
    if (slab.columns >= 2 * slab.rows && slab.columns >= 128) {
      slab.columns = ceil_div(slab.columns / 2, 64) * 64;
    } else if (slab.rows >= 64) {
      slab.rows = ceil_div(slab.rows / 2, 32) * 32;
    } else {
      return slab;
    }
  }
}

// All slabs of one problem, whose results are of dtype `result`.
class SlabProduct {
 public:
  SlabProduct(const Problem& problem, const RunKernels& runs, Dtype result)
      : problem_(problem),
        runs_(runs),
        result_(result),
        slab_(choose_slab(problem)),
        row_slabs_(ceil_div(problem.m, slab_.rows)),
        column_slabs_(ceil_div(problem.n, slab_.columns)),
        element_(static_cast<int64_t>(size_of(problem.dtype))) {
    // Inner and edge slabs: [last row slab][last column slab].
    for (const bool last_row : {false, true}) {
      for (const bool last_column : {false, true}) {
        const int64_t rows = rows_of(last_row ? row_slabs_ - 1 : 0);
        const int64_t columns = columns_of(last_column ? column_slabs_ - 1 : 0);
        auto& product = products_[last_row][last_column];
        if (last_row && rows == rows_of(0)) {
          product = products_[0][last_column];
        } else if (last_column && columns == columns_of(0)) {
          product = products_[last_row][0];
        } else {
          product = product_cache().get(key_of(rows, columns));
        }
      }
    }
  }

  void run() {
    const int64_t count = problem_.batch_count() * row_slabs_ * column_slabs_;
    const int64_t flops = 2 * slab_.rows * slab_.columns * problem_.k;
    parallel_for(count, std::max<int64_t>(1, kMinFlops / std::max<int64_t>(flops, 1)),
                 [&](int64_t begin, int64_t end) {
                   const kernel::FloatEnvironment floats;
                   const OneOpenMpThread one_thread;
                   const BlockedSignals no_signals;
                   for (int64_t slab = begin; slab < end; ++slab) run_slab(slab);
                 });
  }

 private:
  int64_t rows_of(int64_t slab) const {
    return std::min(slab_.rows, problem_.m - slab * slab_.rows);
  }
  int64_t columns_of(int64_t slab) const {
    return std::min(slab_.columns, problem_.n - slab * slab_.columns);
  }

  ProductKey key_of(int64_t rows, int64_t columns) const {
    ProductKey key = {};
    key.dtype = problem_.dtype;
    key.result = problem_.scaled ? Dtype::float32 : result_;
    key.m = rows;
    key.n = columns;
    key.k = problem_.k;
    key.a = layout_of(problem_.a);
    key.b = layout_of(problem_.b);
    key.out_leading = problem_.scaled ? columns : problem_.out.row;
    return key;
  }

  void run_slab(int64_t slab) {
    const int64_t row_slab = slab % row_slabs_;
    const int64_t column_slab = slab / row_slabs_ % column_slabs_;
    const int64_t index = slab / (row_slabs_ * column_slabs_);
    const int64_t row = row_slab * slab_.rows;
    const int64_t column = column_slab * slab_.columns;
    const Product& product =
        *products_[row_slab == row_slabs_ - 1][column_slab == column_slabs_ - 1];
    const std::byte* a = problem_.at(problem_.a, index) + row * problem_.a.row * element_;
    const std::byte* b = problem_.at(problem_.b, index) + column * problem_.b.column * element_;
    if (!problem_.scaled) {
      product.run(a, b, address(problem_.out, index, row, column, result_));
      return;
    }
    const int64_t rows = rows_of(row_slab);
    const int64_t columns = columns_of(column_slab);
    const Scratch sums(static_cast<size_t>(rows * columns) * sizeof(float));
    product.run(a, b, sums.as<float>());
    for (int64_t i = 0; i < rows; ++i) {
      runs_.store(sums.as<float>() + i * columns, nullptr, columns,
                  store_target(problem_, index, row + i, column));
    }
  }

  std::byte* address(const MatrixView& view, int64_t index, int64_t row, int64_t column) const {
    return address(view, index, row, column, problem_.dtype);
  }
  std::byte* address(const MatrixView& view, int64_t index, int64_t row, int64_t column,
                     Dtype dtype) const {
    return view.data + (problem_.offset(view, index) + row * view.row + column * view.column) *
                           static_cast<int64_t>(size_of(dtype));
  }

  const Problem& problem_;
  const RunKernels& runs_;
  Dtype result_;
  Slab slab_;
  int64_t row_slabs_;
  int64_t column_slabs_;
  int64_t element_;
  std::shared_ptr<const Product> products_[2][2];
};

// Elements of k in one piece when a long k with few slabs is worth cutting, by shape alone; else 0.
int64_t deep_cut(const Problem& problem) {
  const int64_t slabs = ceil_div(problem.m, 128) * ceil_div(problem.n, 128);
  if (!problem.batch.empty() || slabs > 4 || problem.k < 2 * kDeepPiece) return 0;
  return std::max(kDeepPiece, ceil_div(ceil_div(problem.k, kWantedSlabs), 64) * 64);
}

// Pieces of k as a batch of float32 products, added in order.
void run_deep(const Problem& problem, const RunKernels& runs, int64_t depth) {
  const int64_t whole = problem.k / depth;
  const int64_t rest = problem.k % depth;
  const int64_t size = problem.m * problem.n;
  const Scratch scratch(static_cast<size_t>(size * (whole + 1)) * sizeof(float));
  auto* sums = scratch.as<float>();
  Problem part = problem;
  part.scaled = false;
  part.k = depth;
  part.batch = {whole};
  part.a.batch = {depth * problem.a.column};
  part.b.batch = {depth * problem.b.row};
  part.out = {scratch.as<std::byte>(), problem.n, 1, {size}};
  SlabProduct(part, runs, Dtype::float32).run();
  if (rest > 0) {
    Problem last = part;
    last.k = rest;
    last.batch = {1};
    last.a.data = problem.at(part.a, 0) +
                  whole * part.a.batch[0] * static_cast<int64_t>(size_of(problem.dtype));
    last.b.data = problem.at(part.b, 0) +
                  whole * part.b.batch[0] * static_cast<int64_t>(size_of(problem.dtype));
    last.out.data = reinterpret_cast<std::byte*>(sums + whole * size);
    SlabProduct(last, runs, Dtype::float32).run();
  }
  const int64_t pieces = whole + (rest > 0 ? 1 : 0);
  const kernel::FloatEnvironment floats;
  for (int64_t piece = 1; piece < pieces; ++piece) {
    for (int64_t i = 0; i < size; ++i) sums[i] += sums[piece * size + i];
  }
  for (int64_t i = 0; i < problem.m; ++i) {
    runs.store(sums + i * problem.n, nullptr, problem.n, store_target(problem, 0, i, 0));
  }
}

// The library makes most of its state with its first product. Here, before any work is queued, so
// that a process which ends at once still waits for the work before that state is taken down.
void make_library_state() {
  [[maybe_unused]] static const bool made = [] {
    constexpr int64_t n = 32;
    std::array<float, n * n> a{}, out;
    const ProductKey key{Dtype::float32, Dtype::float32, n, n, n, {n, true}, {n, true}, n};
    const BlockedSignals blocked;
    product_cache().get(key)->run(a.data(), a.data(), out.data());
    dnnl::sgemm('N', 'N', n, n, n, 1.0f, a.data(), n, a.data(), n, 0.0f, out.data(), n);
    library_state_made();
    return true;
  }();
}

std::string declines_dtype(Dtype dtype, bool) {
  if (dtype != Dtype::float32 && dtype != Dtype::bfloat16) return "only float32 and bfloat16";
  if (find_simd() == nullptr) return kNoSimd;
  make_library_state();
  return "";
}

bool library_layout(const MatrixView& view, int64_t rows, int64_t columns) {
  return (view.row_major() && view.row >= columns) || (view.column_major() && view.column >= rows);
}

std::string_view declines(const Problem& problem) {
  if (find_simd() == nullptr) return kNoSimd;
  if (is_ending()) return "its static objects may be gone";
  if (2 * problem.m * problem.n * problem.k < kWorthACall) return "too small to be worth a call";
  if (!library_layout(problem.a, problem.m, problem.k)) return "a has no contiguous axis";
  if (!library_layout(problem.b, problem.k, problem.n)) return "b has no contiguous axis";
  if (problem.scaled) return "";
  if (!problem.out.row_major() || problem.out.row < problem.n) return "out is not row-major";
  return "";
}

void run(const Problem& problem) {
  const Simd& simd = *find_simd();
  const RunKernels& runs = simd.runs[static_cast<size_t>(problem.dtype)];
  try {
    if (const int64_t depth = deep_cut(problem); depth > 0) return run_deep(problem, runs, depth);
    SlabProduct(problem, runs, problem.dtype).run();
  } catch (const dnnl::error& error) {
    raise<InternalError>("matmul", "oneDNN failed on {}x{}x{}: {}", problem.m, problem.k, problem.n,
                         error.what());
  }
}

}  // namespace

const Implementation kOneDnnImplementation = {"onednn", declines_dtype, declines, run};

}  // namespace tandem::backends::common
