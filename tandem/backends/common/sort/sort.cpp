#include "tandem/backends/common/sort/sort.h"

#include <bit>
#include <utility>
#include <vector>

#include "tandem/backends/common/gemm/scratch.h"
#include "tandem/backends/common/operands.h"
#include "tandem/backends/common/sort/keys.h"
#include "tandem/backends/common/sort/merge.h"
#include "tandem/backends/common/sort/vector_sort.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/check.h"
#include "tandem/base/dtype.h"

namespace tandem::backends::common {
namespace {

constexpr int64_t kLongRow = 1 << 16;    // elements from which a row is worth several threads
constexpr int64_t kRunKeys = 1 << 14;    // fewest keys of a run that one thread sorts
constexpr int64_t kGrainKeys = 1 << 13;  // keys that are worth a thread
constexpr int64_t kBlockRows = 16;       // rows read at once where their elements lie apart

// The rows of a sort: its operands with the axes before the last one.
struct Rows {
  StridedOperand in;
  int64_t length = 0, count = 0, stride = 0;

  explicit Rows(const StridedOperand& operand)
      : in(operand), length(operand.shape.back()), stride(operand.strides.back()) {
    count = element_count(in.shape.first(in.shape.size() - 1));
  }
  template <class T>
  const T* row(int64_t number) const {
    const size_t outer = in.shape.size() - 1;
    return reinterpret_cast<const T*>(in.data) +
           offset_of(number, in.shape.first(outer), in.strides.first(outer));
  }
};

// What is sorted instead of elements of type T: their keys, which become the bits of elements.
template <class T>
struct Values {
  using Key = typename Keys<T>::Key;
  using Result = Key;
  static Key make(T value, int64_t) { return Keys<T>::encode(value); }
  static Result result(Key key) { return std::bit_cast<Result>(Keys<T>::decode(key)); }
};

// The same with the position below, which makes the order stable. `Pair` has room for both.
template <class T, class Pair>
struct Positions {
  using Key = Pair;
  using Result = uint32_t;
  static constexpr int kHalf = sizeof(Pair) * 4;
  static Key make(T value, int64_t position) {
    const auto key = Keys<T>::encode(value);
    if constexpr (std::is_same_v<Pair, WideKey>) {
      return {static_cast<uint64_t>(position), key};
    } else {
      return static_cast<Pair>(static_cast<Pair>(key) << kHalf | static_cast<Pair>(position));
    }
  }
  static uint32_t result(const Key& key) {
    if constexpr (std::is_same_v<Pair, WideKey>) {
      return static_cast<uint32_t>(key.low);
    } else {
      return static_cast<uint32_t>(key & ((Pair{1} << kHalf) - 1));
    }
  }
};

// Keys that take the place of their results are sorted there.
template <class What>
inline constexpr bool kInPlace = std::is_same_v<typename What::Key, typename What::Result>;

// Where keys are sorted: in the result when they fit there, else in scratch.
template <class What>
typename What::Key* keys_in(typename What::Result* out, const Scratch& scratch) {
  if constexpr (kInPlace<What>) {
    return out;
  } else {
    return scratch.as<typename What::Key>();
  }
}

template <class What>
void write_results(const typename What::Key* keys, int64_t count, typename What::Result* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = What::result(keys[i]);
}

// Rows [begin, end), each by itself, on this thread.
template <class What, class T>
void sort_short_rows(const Rows& rows, int64_t begin, int64_t end, typename What::Result* out) {
  using Key = typename What::Key;
  const int64_t length = rows.length;
  const Scratch scratch(kInPlace<What> ? 0
                                       : static_cast<size_t>(kBlockRows * length) * sizeof(Key));
  for (int64_t first = begin; first < end; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, end - first);
    Key* const keys = keys_in<What>(out + first * length, scratch);
    const T* sources[kBlockRows];
    for (int64_t r = 0; r < count; ++r) sources[r] = rows.row<T>(first + r);
    if (rows.stride == 1) {
      for (int64_t r = 0; r < count; ++r) {
        for (int64_t i = 0; i < length; ++i) keys[r * length + i] = What::make(sources[r][i], i);
      }
    } else {
      for (int64_t i = 0; i < length; ++i) {
        for (int64_t r = 0; r < count; ++r) {
          keys[r * length + i] = What::make(sources[r][i * rows.stride], i);
        }
      }
    }
    for (int64_t r = 0; r < count; ++r) {
      sort_keys(keys + r * length, static_cast<size_t>(length));
      write_results<What>(keys + r * length, length, out + (first + r) * length);
    }
  }
}

// One row on all threads: sorted runs, merged pair by pair between two buffers.
template <class What, class T>
void sort_long_row(const T* source, int64_t stride, int64_t length, typename What::Result* out) {
  using Key = typename What::Key;
  const int64_t most = std::bit_ceil(static_cast<uint64_t>(thread_count()));
  const int64_t runs = std::max<int64_t>(1, std::min(most, length / kRunKeys));
  std::vector<int64_t> bounds;
  for (int64_t run = 0; run <= runs; ++run) bounds.push_back(length * run / runs);
  const size_t bytes = static_cast<size_t>(length) * sizeof(Key);
  const Scratch first(kInPlace<What> ? 0 : bytes), second(runs > 1 ? bytes : 0);
  Key* keys = keys_in<What>(out, first);
  Key* other = second.as<Key>();
  parallel_for(runs, 1, [&](int64_t begin, int64_t end) {
    for (int64_t run = begin; run < end; ++run) {
      const int64_t from = bounds[static_cast<size_t>(run)];
      const int64_t to = bounds[static_cast<size_t>(run) + 1];
      for (int64_t i = from; i < to; ++i) keys[i] = What::make(source[i * stride], i);
      sort_keys(keys + from, static_cast<size_t>(to - from));
    }
  });
  while (bounds.size() > 2) {
    merge_runs(keys, other, bounds);
    std::swap(keys, other);
  }
  parallel_for(length, kGrainKeys, [&](int64_t begin, int64_t end) {
    write_results<What>(keys + begin, end - begin, out + begin);
  });
}

template <class What, class T>
void sort_rows(const Rows& rows, std::byte* target) {
  auto* const out = reinterpret_cast<typename What::Result*>(target);
  if (rows.length >= kLongRow && rows.count < 2 * thread_count()) {
    for (int64_t row = 0; row < rows.count; ++row) {
      sort_long_row<What, T>(rows.row<T>(row), rows.stride, rows.length, out + row * rows.length);
    }
    return;
  }
  const int64_t grain = rows.stride == 1 ? 1 : kBlockRows;
  const int64_t several = std::max<int64_t>(1, kGrainKeys / (grain * rows.length));
  parallel_for(rows.count, grain * several, [&](int64_t begin, int64_t end) {
    sort_short_rows<What, T>(rows, begin, end, out);
  });
}

template <class T>
void sort_positions(const Rows& rows, std::byte* out) {
  using Key = typename Keys<T>::Key;
  if constexpr (sizeof(Key) <= 2) {
    if (rows.length <= 1 << 16) return sort_rows<Positions<T, uint32_t>, T>(rows, out);
  }
  sort_rows<Positions<T, std::conditional_t<sizeof(Key) <= 4, uint64_t, WideKey>>, T>(rows, out);
}

class SortExecutable final : public device::Executable {
 public:
  SortExecutable(Dtype dtype, bool positions, std::vector<uint8_t> ranks)
      : dtype_(dtype), positions_(positions), ranks_(std::move(ranks)) {}

  void run(const device::LaunchArguments& arguments) const {
    const std::vector<StridedOperand> operands = operands_of(ranks_, arguments);
    const Rows rows(operands[0]);
    TANDEM_CHECK(is_row_major(operands[1].shape, operands[1].strides),
                 "the result of a sort is row-major");
    visit(dtype_, [&](auto tag) {
      using Element = typename decltype(tag)::type;
      using T = std::conditional_t<std::is_same_v<Element, bool>, StoredBool, Element>;
      if (positions_) {
        sort_positions<T>(rows, operands[1].data);
      } else {
        sort_rows<Values<T>, T>(rows, operands[1].data);
      }
    });
  }

 private:
  Dtype dtype_;
  bool positions_;
  std::vector<uint8_t> ranks_;
};

}  // namespace

std::shared_ptr<device::Executable> compile_sort(const kernel::LibraryCall& call) {
  const bool positions = call.name == "argsort";
  TANDEM_CHECK(call.operands.size() == 2 && call.ranks.size() == 2 && call.ranks[0] > 0,
               "{} of {} operands", call.name, call.operands.size());
  TANDEM_CHECK(call.operands[1] == (positions ? Dtype::uint32 : call.operands[0]), "{} gives {}",
               call.name, name_of(call.operands[1]));
  return std::make_shared<SortExecutable>(call.operands[0], positions, call.ranks);
}

void run_sort(const device::Executable& executable, const device::LaunchArguments& arguments) {
  static_cast<const SortExecutable&>(executable).run(arguments);
}

}  // namespace tandem::backends::common
