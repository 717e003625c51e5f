#include "tandem/backends/common/sort/search.h"

#include <vector>

#include "tandem/backends/common/operands.h"
#include "tandem/backends/common/sort/keys.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/check.h"
#include "tandem/base/dtype.h"

namespace tandem::backends::common {
namespace {

constexpr int64_t kGrain = 512;  // values that are worth a thread

template <class Key>
Key without_sign_of_zero(Key key) {
  constexpr Key kMinusZero = kSignBit<Key> - 1;
  return key == kMinusZero ? kSignBit<Key> : key;
}

template <class T>
auto key_of(T value) {
  const auto key = Keys<T>::encode(value);
  if constexpr (std::is_same_v<T, std::complex<float>>) {
    return uint64_t{without_sign_of_zero(static_cast<uint32_t>(key >> 32))} << 32 |
           without_sign_of_zero(static_cast<uint32_t>(key));
  } else if constexpr (std::is_same_v<T, StoredBool> || std::is_integral_v<T>) {
    return key;
  } else {
    return without_sign_of_zero(key);
  }
}

// Elements before the place of `key`.
template <class T, bool right>
int64_t place_of(const T* sorted, int64_t count, int64_t stride, typename Keys<T>::Key key) {
  int64_t first = 0;
  while (count > 0) {
    const int64_t half = count / 2;
    const auto middle = key_of(sorted[(first + half) * stride]);
    const bool behind = right ? middle <= key : middle < key;
    first = behind ? first + half + 1 : first;
    count = behind ? count - half - 1 : half;
  }
  return first;
}

template <class T, bool right>
void search(const StridedOperand& sorted, const StridedOperand& values, uint32_t* out) {
  const auto* const sequence = reinterpret_cast<const T*>(sorted.data);
  const auto* const wanted = reinterpret_cast<const T*>(values.data);
  parallel_for(element_count(values.shape), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T value = wanted[offset_of(i, values.shape, values.strides)];
      out[i] = static_cast<uint32_t>(
          place_of<T, right>(sequence, sorted.shape[0], sorted.strides[0], key_of(value)));
    }
  });
}

class SearchExecutable final : public device::Executable {
 public:
  SearchExecutable(Dtype dtype, bool right, std::vector<uint8_t> ranks)
      : dtype_(dtype), right_(right), ranks_(std::move(ranks)) {}

  void run(const device::LaunchArguments& arguments) const {
    const std::vector<StridedOperand> operands = operands_of(ranks_, arguments);
    TANDEM_CHECK(is_row_major(operands[2].shape, operands[2].strides),
                 "the result of a search is row-major");
    auto* const out = reinterpret_cast<uint32_t*>(operands[2].data);
    visit(dtype_, [&](auto tag) {
      using Element = typename decltype(tag)::type;
      using T = std::conditional_t<std::is_same_v<Element, bool>, StoredBool, Element>;
      right_ ? search<T, true>(operands[0], operands[1], out)
             : search<T, false>(operands[0], operands[1], out);
    });
  }

 private:
  Dtype dtype_;
  bool right_;
  std::vector<uint8_t> ranks_;
};

}  // namespace

std::shared_ptr<device::Executable> compile_search(const kernel::LibraryCall& call) {
  TANDEM_CHECK(call.operands.size() == 3 && call.ranks.size() == 3 && call.ranks[0] == 1 &&
                   call.operands[0] == call.operands[1] && call.operands[2] == Dtype::uint32 &&
                   call.attributes.size() == 1,
               "{} of {} operands", call.name, call.operands.size());
  return std::make_shared<SearchExecutable>(call.operands[0], call.attributes[0] != 0, call.ranks);
}

void run_search(const device::Executable& executable, const device::LaunchArguments& arguments) {
  static_cast<const SearchExecutable&>(executable).run(arguments);
}

}  // namespace tandem::backends::common
