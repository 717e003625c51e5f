#include "tandem/backends/common/scatter/scatter.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "tandem/backends/common/copy/strided_copy.h"
#include "tandem/backends/common/operands.h"
#include "tandem/backends/common/scatter/combine.h"
#include "tandem/backends/common/scatter/problem.h"
#include "tandem/backends/common/scatter/row_ranges.h"
#include "tandem/backends/common/scatter/select_rows.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

constexpr int64_t kRangeElements = 1 << 14;  // worth handing to another thread

// What is written: columns first..first+count of the slice p.
struct Columns {
  int64_t p, first, count;
};

template <Update how, class T>
void combine_row(T* row, const T* update, int64_t step, int64_t count) {
  if (step == 1) {
    for (int64_t i = 0; i < count; ++i) row[i] = combine<how>(row[i], update[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) row[i] = combine<how>(row[i], update[i * step]);
  }
}

// All updates of one column, in order.
template <Update how, class T, class I>
[[gnu::noinline]] void update_column(const ScatterProblem& problem, int64_t p, int64_t q) {
  const I* const index = problem.indices<I>(p, 0, q);
  const T* const update = problem.update<T>(p, 0, q);
  T* const column = problem.row<T>(p, 0) + q;
  const int64_t n = problem.n, width = problem.q;
  for (int64_t m = 0; m < problem.m; ++m) {
    auto at = static_cast<int64_t>(index[m * problem.index_m]);
    if (at < 0) at += n;
    if (at < 0 || at >= n) continue;
    take_in<how>(column[at * width], update[m * problem.updates_m]);
  }
}

// All updates of some columns, in order. Inlined, g++ 12 takes an element for uninitialised.
template <Update how, class T, class I>
[[gnu::noinline]] void update_columns(const ScatterProblem& problem, Columns columns) {
  const auto [p, first, count] = columns;
  if (count == 1) return update_column<how, T, I>(problem, p, first);
  for (int64_t m = 0; m < problem.m; ++m) {
    const I* const index = problem.indices<I>(p, m, first);
    if (problem.whole_rows()) {
      const int64_t at = problem.wrapped(static_cast<int64_t>(*index));
      if (at < 0) continue;
      combine_row<how>(problem.row<T>(p, at) + first, problem.update<T>(p, m, first),
                       problem.updates_q, count);
      continue;
    }
    for (int64_t i = 0; i < count; ++i) {
      const int64_t at = problem.wrapped(static_cast<int64_t>(index[i * problem.index_q]));
      if (at < 0) continue;
      take_in<how>(problem.row<T>(p, at)[first + i], *problem.update<T>(p, m, first + i));
    }
  }
}

// Columns are apart from each other: about two ranges of them for each thread run side by side, of
// whole cache lines.
template <Update how, class T>
void by_columns(const ScatterProblem& problem, int64_t first_p, int64_t slices) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  const int64_t lines = (problem.q + kLine - 1) / kLine;
  const int64_t wanted = (int64_t{2} * thread_count() + slices - 1) / slices;
  const int64_t width = (lines + wanted - 1) / wanted * kLine;
  const int64_t pieces = (problem.q + width - 1) / width;
  const int64_t work = std::max<int64_t>(1, problem.m * std::min(width, problem.q));
  parallel_for(slices * pieces, std::max<int64_t>(1, kRangeElements / work),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t first = i % pieces * width;
                   const Columns columns{first_p + i / pieces, first,
                                         std::min(width, problem.q - first)};
                   problem.with_index(
                       [&](auto tag) { update_columns<how, T, decltype(tag)>(problem, columns); });
                 }
               });
}

// The indices of one slice, some at a time, and which of them name a row of a range.
class Picker {
 public:
  Picker(const ScatterProblem& problem, int64_t p, RowRange range)
      : problem_(problem), p_(p), range_(range) {}

  // Calls f(count) for every batch; `rows` and `numbers` are then those that were picked.
  template <class F>
  void for_batches(F&& f) {
    problem_.with_index([&](auto tag) {
      using I = decltype(tag);
      for (int64_t i = 0; i < problem_.index_count(); i += kBatch) {
        const int64_t count = std::min(kBatch, problem_.index_count() - i);
        f(i, pick<I>(i, count));
      }
    });
  }

  uint32_t row(size_t i) const { return rows_[i]; }
  uint32_t place(size_t i) const { return places_[i]; }

 private:
  static constexpr int64_t kBatch = 2048;

  template <class I>
  size_t pick(int64_t first, int64_t count) {
    const auto size = static_cast<size_t>(count);
    constexpr int64_t kNarrow = std::numeric_limits<int32_t>::max();
    if (problem_.index_is_dense() && (problem_.wide || problem_.n <= kNarrow)) {
      return select_rows(problem_.index_number<I>(p_, first), size, problem_.n, range_, rows_,
                         places_);
    }
    for (int64_t i = 0; i < count; ++i) copied_[i] = *problem_.index_number<I>(p_, first + i);
    return select_rows(copied_, size, problem_.n, range_, rows_, places_);
  }

  const ScatterProblem& problem_;
  int64_t p_;
  RowRange range_;
  int64_t copied_[kBatch];
  uint32_t rows_[kBatch + kSelectSlack], places_[kBatch + kSelectSlack];
};

// All updates of a range of rows, in order.
template <Update how, class T>
[[gnu::noinline]] void update_rows(const ScatterProblem& problem, int64_t p, RowRange range) {
  Picker picker(problem, p, range);
  const int64_t q = problem.q;
  picker.for_batches([&](int64_t first, size_t count) {
    T* const rows = problem.row<T>(p, range.first);
    if (q == 1) {
      const T* const updates = problem.update<T>(p, first, 0);
      for (size_t i = 0; i < count; ++i) {
        take_in<how>(rows[picker.row(i)], updates[picker.place(i) * problem.updates_m]);
      }
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      const int64_t number = first + picker.place(i);
      T* const row = rows + picker.row(i) * q;
      if (problem.whole_rows()) {
        combine_row<how>(row, problem.update<T>(p, number, 0), problem.updates_q, q);
      } else {
        take_in<how>(row[number % q], *problem.update<T>(p, number / q, number % q));
      }
    }
  });
}

// Ranges of rows run side by side. Each thread looks at all indices, which takes a tenth of the time
// of an update or less; so few ranges where rows are short.
template <Update how, class T>
void by_rows(const ScatterProblem& problem, int64_t p, bool many_columns) {
  constexpr int64_t kMostRanges = 16;
  const int64_t threads = thread_count();
  const int64_t wanted = many_columns ? 4 * threads : std::min(threads, kMostRanges);
  const RowRanges rows = row_ranges(problem, p, wanted);
  // What goes to one row is the work of one thread, unless columns are split.
  if (rows.hottest * static_cast<double>(threads) > 1.5 && (many_columns || rows.hottest > 0.75)) {
    return by_columns<how, T>(problem, p, 1);
  }
  parallel_for(static_cast<int64_t>(rows.ranges.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      update_rows<how, T>(problem, p, rows.ranges[static_cast<size_t>(i)]);
    }
  });
}

template <Update how, class T>
void scatter(const ScatterProblem& problem) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  if (problem.p * problem.n * problem.q == 0 || problem.m == 0) return;
  const int64_t threads = thread_count();
  const int64_t lines = (problem.q + kLine - 1) / kLine;
  const bool many_updates = problem.m * problem.q > 2 * kRangeElements;
  const bool many_columns = lines >= threads;
  // Rows are better written whole, if there are enough of them.
  const bool few_pieces = problem.p * lines < threads;
  const bool many_rows = problem.whole_rows() && problem.p < threads && problem.m >= 16 * threads;
  if (threads == 1 || problem.n == 1 || !many_updates || !(few_pieces || many_rows)) {
    return by_columns<how, T>(problem, 0, problem.p);
  }
  for (int64_t p = 0; p < problem.p; ++p) by_rows<how, T>(problem, p, many_columns);
}

template <class F>
void with_update(Update how, F&& f) {
  switch (how) {
    case Update::set:  // by the size of elements alone
      break;
    case Update::add:
      return f(std::integral_constant<Update, Update::add>{});
    case Update::subtract:
      return f(std::integral_constant<Update, Update::subtract>{});
    case Update::multiply:
      return f(std::integral_constant<Update, Update::multiply>{});
    case Update::divide:
      return f(std::integral_constant<Update, Update::divide>{});
    case Update::maximum:
      return f(std::integral_constant<Update, Update::maximum>{});
    case Update::minimum:
      return f(std::integral_constant<Update, Update::minimum>{});
  }
}

class Scatter final : public device::Executable {
 public:
  explicit Scatter(const kernel::LibraryCall& call) : ranks_(call.ranks) {
    TANDEM_CHECK(ranks_ == std::vector<uint8_t>(4, 3) && call.attributes.size() == 1,
                 "scatter of {} operands and rank {}", ranks_.size(), call.rank);
    wide_ = call.operands[1] == Dtype::int64;
    TANDEM_CHECK(wide_ || call.operands[1] == Dtype::int32, "indices of {}",
                 name_of(call.operands[1]));
    dtype_ = call.operands[3];
    how_ = static_cast<Update>(call.attributes[0]);
  }

  void run(const device::LaunchArguments& arguments) const {
    const auto operands = operands_of(ranks_, arguments);
    const StridedOperand &base = operands[0], &out = operands[3];
    if (base.data != out.data) {
      copy_strided(size_of(dtype_), base.shape, base.data, base.strides, out.data, out.strides);
    }
    const ScatterProblem problem = bind(operands);
    if (how_ == Update::set) return set_elements(problem);
    visit(dtype_, [&](auto tag) {
      using T = typename decltype(tag)::type;
      with_update(how_, [&](auto how) { scatter<how(), T>(problem); });
    });
  }

 private:
  using Operands = std::span<const StridedOperand>;

  void set_elements(const ScatterProblem& problem) const {
    switch (size_of(dtype_)) {
      case 1:
        return scatter<Update::set, uint8_t>(problem);
      case 2:
        return scatter<Update::set, uint16_t>(problem);
      case 4:
        return scatter<Update::set, uint32_t>(problem);
      default:
        return scatter<Update::set, uint64_t>(problem);
    }
  }

  ScatterProblem bind(Operands operands) const {
    const StridedOperand &index = operands[1], &updates = operands[2], &out = operands[3];
    ScatterProblem problem{};
    problem.p = out.shape[0], problem.n = out.shape[1], problem.q = out.shape[2];
    problem.m = updates.shape[1];
    problem.index = index.data;
    problem.wide = wide_;
    problem.updates = updates.data;
    problem.out = out.data;
    // The index repeats along axes where its own extent is 1.
    problem.index_p = index.shape[0] == 1 ? 0 : index.strides[0];
    problem.index_m = index.strides[1];
    problem.index_q = index.shape[2] == 1 ? 0 : index.strides[2];
    problem.updates_p = updates.strides[0];
    problem.updates_m = updates.strides[1];
    problem.updates_q = updates.strides[2];
    return problem;
  }

  std::vector<uint8_t> ranks_;
  Dtype dtype_;
  Update how_;
  bool wide_ = false;
};

}  // namespace

std::shared_ptr<device::Executable> compile_scatter(const kernel::LibraryCall& call) {
  return std::make_shared<Scatter>(call);
}

void run_scatter(const device::Executable& executable, const device::LaunchArguments& arguments) {
  static_cast<const Scatter&>(executable).run(arguments);
}

double scatter_operations(const device::LaunchArguments& arguments) {
  return static_cast<double>(element_count(arguments.extents.subspan(6, 3)));
}

}  // namespace tandem::backends::common
