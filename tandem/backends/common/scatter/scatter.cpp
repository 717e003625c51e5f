#include "tandem/backends/common/scatter/scatter.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tandem/backends/common/copy/strided_copy.h"
#include "tandem/backends/common/operands.h"
#include "tandem/backends/common/scatter/combine.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

constexpr int64_t kRangeElements = 1 << 14;  // worth handing to another thread

// One launch: sizes as in scatter.h, strides in elements.
template <class T>
struct Problem {
  int64_t p, n, m, q;
  const void* index;
  bool wide;  // int64, else int32
  const T* updates;
  T* out;
  int64_t index_p, index_m, index_q;
  int64_t updates_p, updates_m, updates_q;

  // The row that an index names, or -1.
  int64_t target(int64_t at_p, int64_t at_m, int64_t at_q) const {
    const int64_t offset = at_p * index_p + at_m * index_m + at_q * index_q;
    int64_t at = wide ? static_cast<const int64_t*>(index)[offset]
                      : static_cast<const int32_t*>(index)[offset];
    if (at < 0) at += n;
    return at >= 0 && at < n ? at : -1;
  }
  const T* update(int64_t at_p, int64_t at_m, int64_t at_q) const {
    return updates + at_p * updates_p + at_m * updates_m + at_q * updates_q;
  }
  T* row(int64_t at_p, int64_t at_n) const { return out + (at_p * n + at_n) * q; }
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
[[gnu::noinline]] void update_column(const Problem<T>& problem, int64_t p, int64_t q) {
  const auto* index =
      static_cast<const I*>(problem.index) + p * problem.index_p + q * problem.index_q;
  const T* update = problem.update(p, 0, q);
  T* const column = problem.row(p, 0) + q;
  const int64_t n = problem.n, width = problem.q;
  for (int64_t m = 0; m < problem.m; ++m) {
    auto at = static_cast<int64_t>(index[m * problem.index_m]);
    if (at < 0) at += n;
    if (at < 0 || at >= n) continue;
    column[at * width] = combine<how>(column[at * width], update[m * problem.updates_m]);
  }
}

// All updates of some columns, in order. Inlined, g++ 12 takes an element for uninitialised.
template <Update how, class T>
[[gnu::noinline]] void update_columns(const Problem<T>& problem, int64_t p, int64_t first,
                                      int64_t count) {
  if (count == 1) {
    return problem.wide ? update_column<how, T, int64_t>(problem, p, first)
                        : update_column<how, T, int32_t>(problem, p, first);
  }
  for (int64_t m = 0; m < problem.m; ++m) {
    if (problem.index_q == 0) {
      const int64_t target = problem.target(p, m, first);
      if (target < 0) continue;
      combine_row<how>(problem.row(p, target) + first, problem.update(p, m, first),
                       problem.updates_q, count);
      continue;
    }
    for (int64_t q = first; q < first + count; ++q) {
      const int64_t target = problem.target(p, m, q);
      if (target < 0) continue;
      T& element = problem.row(p, target)[q];
      element = combine<how>(element, *problem.update(p, m, q));
    }
  }
}

// Columns are apart from each other, so ranges of them run side by side.
template <Update how, class T>
void by_columns(const Problem<T>& problem, int64_t width) {
  const int64_t blocks = (problem.q + width - 1) / width;
  const int64_t work = std::max<int64_t>(1, problem.m * std::min(width, problem.q));
  parallel_for(problem.p * blocks, std::max<int64_t>(1, kRangeElements / work),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const int64_t first = i % blocks * width;
                   update_columns<how>(problem, i / blocks, first,
                                       std::min(width, problem.q - first));
                 }
               });
}

struct Item {
  uint32_t target, update;
};

// Updates sorted by ranges of rows, in their order within a range.
class SortedUpdates {
 public:
  template <class T>
  SortedUpdates(const Problem<T>& problem, int64_t p)
      : buckets_(std::min<int64_t>(problem.n, thread_count() * 2)), chunks_(thread_count() * 2) {
    const int64_t rows_each = (problem.n + buckets_ - 1) / buckets_;
    const int64_t chunk = (problem.m + chunks_ - 1) / chunks_;
    std::vector<int64_t> places(static_cast<size_t>(chunks_ * buckets_), 0);
    // Calls f(place, target, update) for the updates of chunk c.
    const auto for_chunk = [&](int64_t c, auto&& f) {
      const int64_t last = std::min(problem.m, (c + 1) * chunk);
      for (int64_t m = c * chunk; m < last; ++m) {
        const int64_t target = problem.target(p, m, 0);
        if (target < 0) continue;
        f(places[static_cast<size_t>(target / rows_each * chunks_ + c)], target, m);
      }
    };
    parallel_for(chunks_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        for_chunk(c, [](int64_t& count, int64_t, int64_t) { ++count; });
      }
    });
    lay_out(places);
    parallel_for(chunks_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; ++c) {
        for_chunk(c, [&](int64_t& place, int64_t target, int64_t m) {
          items_[static_cast<size_t>(place++)] = {static_cast<uint32_t>(target),
                                                  static_cast<uint32_t>(m)};
        });
      }
    });
  }

  int64_t buckets() const { return buckets_; }
  std::span<const Item> bucket(int64_t i) const {
    const auto at = static_cast<size_t>(i);
    return {items_.get() + first_[at], items_.get() + first_[at + 1]};
  }

 private:
  // Counts by bucket and chunk become the places where each begins.
  void lay_out(std::vector<int64_t>& places) {
    int64_t total = 0;
    for (size_t i = 0; i < places.size(); ++i) {
      if (i % static_cast<size_t>(chunks_) == 0) first_.push_back(total);
      total += std::exchange(places[i], total);
    }
    first_.push_back(total);
    items_.reset(new Item[static_cast<size_t>(total) + 1]);
  }

  int64_t buckets_, chunks_;
  std::vector<int64_t> first_;
  std::unique_ptr<Item[]> items_;
};

// Few columns and many updates: ranges of rows run side by side.
template <Update how, class T>
void by_rows(const Problem<T>& problem, int64_t p) {
  const SortedUpdates sorted(problem, p);
  parallel_for(sorted.buckets(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (const Item& item : sorted.bucket(i)) {
        combine_row<how>(problem.row(p, item.target), problem.update(p, item.update, 0),
                         problem.updates_q, problem.q);
      }
    }
  });
}

template <Update how, class T>
void scatter(const Problem<T>& problem) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
  const int64_t threads = thread_count();
  const int64_t columns = (problem.q + kLine - 1) / kLine;
  const bool few_columns = problem.p * columns < threads;
  const bool many_updates = problem.m * problem.q > 4 * kRangeElements;
  const bool whole_rows = problem.index_q == 0 || problem.q == 1;
  if (few_columns && many_updates && whole_rows && threads > 1 && problem.n > 1 &&
      problem.n <= kMost && problem.m <= kMost) {
    for (int64_t p = 0; p < problem.p; ++p) by_rows<how>(problem, p);
    return;
  }
  // About two ranges for each thread, of whole cache lines.
  const int64_t ranges = std::max<int64_t>(1, (2 * threads + problem.p - 1) / problem.p);
  by_columns<how>(problem, std::max<int64_t>(1, (columns + ranges - 1) / ranges) * kLine);
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
    if (how_ == Update::set) return set_elements(operands);
    visit(dtype_, [&](auto tag) {
      const auto problem = bind<typename decltype(tag)::type>(operands);
      with_update(how_, [&](auto how) { scatter<how()>(problem); });
    });
  }

 private:
  using Operands = std::span<const StridedOperand>;

  void set_elements(Operands operands) const {
    switch (size_of(dtype_)) {
      case 1:
        return scatter<Update::set>(bind<uint8_t>(operands));
      case 2:
        return scatter<Update::set>(bind<uint16_t>(operands));
      case 4:
        return scatter<Update::set>(bind<uint32_t>(operands));
      default:
        return scatter<Update::set>(bind<uint64_t>(operands));
    }
  }

  template <class T>
  Problem<T> bind(Operands operands) const {
    const StridedOperand &index = operands[1], &updates = operands[2], &out = operands[3];
    Problem<T> problem{};
    problem.p = out.shape[0], problem.n = out.shape[1], problem.q = out.shape[2];
    problem.m = updates.shape[1];
    problem.index = index.data;
    problem.wide = wide_;
    problem.updates = reinterpret_cast<const T*>(updates.data);
    problem.out = reinterpret_cast<T*>(out.data);
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
