#include "tandem/backends/common/sort/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "tandem/backends/common/sort/vector_sort.h"

namespace tandem::backends::common {
namespace {

template <class Key>
Key key_of(uint64_t number) {
  if constexpr (std::is_integral_v<Key>) {
    return static_cast<Key>(number);
  } else {
    return {number % 3, number / 3};
  }
}

template <class Key>
std::vector<Key> sorted(std::mt19937_64& random, int64_t count, uint64_t low, uint64_t high) {
  std::uniform_int_distribution<uint64_t> numbers(low, high);
  std::vector<Key> keys;
  for (int64_t i = 0; i < count; ++i) keys.push_back(key_of<Key>(numbers(random)));
  std::sort(keys.begin(), keys.end());
  return keys;
}

template <class Key>
bool same(const Key& x, const Key& y) {
  return !(x < y) && !(y < x);
}

template <class Key>
void check(const std::vector<Key>& a, const std::vector<Key>& b, int64_t begin, int64_t end) {
  std::vector<Key> expected(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), expected.begin());
  const Key untouched = key_of<Key>(77);
  std::vector<Key> out(expected.size(), untouched);
  merge_part(a.data(), static_cast<int64_t>(a.size()), b.data(), static_cast<int64_t>(b.size()),
             begin, end, out.data());
  for (int64_t i = 0; i < static_cast<int64_t>(out.size()); ++i) {
    const auto at = static_cast<size_t>(i);
    ASSERT_TRUE(same(out[at], i >= begin && i < end ? expected[at] : untouched))
        << "key " << i << " of " << a.size() << " + " << b.size() << ", from " << begin << " to "
        << end;
  }
}

template <class Key>
class Merge : public testing::Test {};
using KeyTypes = testing::Types<uint8_t, uint16_t, uint32_t, uint64_t, WideKey>;
TYPED_TEST_SUITE(Merge, KeyTypes);

TYPED_TEST(Merge, parts_of_any_size_are_those_of_the_whole) {
  std::mt19937_64 random(1);
  for (const int64_t a_count : {0, 1, 7, 100, 1000}) {
    for (const int64_t b_count : {0, 1, 9, 64, 1001}) {
      for (const uint64_t most : {uint64_t{2}, uint64_t{200}, ~uint64_t{0}}) {
        const auto a = sorted<TypeParam>(random, a_count, 0, most);
        const auto b = sorted<TypeParam>(random, b_count, 0, most);
        const int64_t all = a_count + b_count;
        check(a, b, 0, all);
        check(a, b, all / 3, all);
        check(a, b, all / 5, all - all / 7);
        check(a, b, all / 2, all / 2);
      }
    }
  }
}

TYPED_TEST(Merge, ranges_that_do_not_meet) {
  std::mt19937_64 random(2);
  const auto low = sorted<TypeParam>(random, 500, 0, 40);
  const auto high = sorted<TypeParam>(random, 600, 50, 100);
  check(low, high, 0, 1100);
  check(high, low, 0, 1100);
  check(high, low, 450, 1000);
}

}  // namespace
}  // namespace tandem::backends::common
