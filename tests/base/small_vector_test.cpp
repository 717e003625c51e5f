#include "tandem/base/small_vector.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace tandem {
namespace {

using Ints = SmallVector<int, 3>;
using Strings = SmallVector<std::string, 2>;

template <class V>
bool inside(const V& v) {
  const auto* data = reinterpret_cast<const std::byte*>(v.data());
  const auto* object = reinterpret_cast<const std::byte*>(&v);
  return data >= object && data < object + sizeof(v);
}

TEST(SmallVector, LivesInsideUntilItOutgrowsItself) {
  Ints v;
  EXPECT_TRUE(v.empty());
  for (int i = 0; i < 3; ++i) v.push_back(i);
  EXPECT_TRUE(inside(v));
  v.push_back(3);
  EXPECT_FALSE(inside(v));
  EXPECT_EQ(v, Ints({0, 1, 2, 3}));
  EXPECT_GE(v.capacity(), 4u);
}

TEST(SmallVector, CopiesAreIndependent) {
  for (const size_t count : {size_t{2}, size_t{9}}) {
    Strings a(count, "text longer than the small string buffer");
    Strings b = a;
    b[0] = "other";
    EXPECT_NE(a, b);
    a = b;
    EXPECT_EQ(a, b);
    const Strings& alias = a;
    a = alias;
    EXPECT_EQ(a, b) << "assigning to itself changes nothing";
  }
}

TEST(SmallVector, MovesLeaveAnEmptyUsableVector) {
  for (const size_t count : {size_t{2}, size_t{9}}) {
    Strings a(count, "text longer than the small string buffer");
    const Strings copy = a;
    Strings b = std::move(a);
    EXPECT_EQ(b, copy);
    EXPECT_TRUE(a.empty());
    a.push_back("again");
    EXPECT_EQ(a.size(), 1u);
    a = std::move(b);
    EXPECT_EQ(a, copy);
    EXPECT_TRUE(b.empty());
  }
}

TEST(SmallVector, HoldsMoveOnlyTypes) {
  SmallVector<std::unique_ptr<int>, 2> v;
  for (int i = 0; i < 5; ++i) v.push_back(std::make_unique<int>(i));
  auto w = std::move(v);
  EXPECT_EQ(*w[4], 4);
  w.pop_back();
  EXPECT_EQ(w.size(), 4u);
  w.erase(w.begin());
  EXPECT_EQ(*w.front(), 1);
}

TEST(SmallVector, AppendingItsOwnElementSurvivesGrowth) {
  Strings v = {"first text that is long enough to be allocated", "b"};
  v.push_back(v[0]);
  EXPECT_EQ(v[2], v[0]);
  v.resize(9, v[0]);
  EXPECT_EQ(v[8], v[0]);
}

TEST(SmallVector, BehavesLikeAVector) {
  std::mt19937 random(3);
  Strings v;
  std::vector<std::string> model;
  for (int step = 0; step < 3000; ++step) {
    const std::string text(random() % 40, 'x');
    const size_t at = model.empty() ? 0 : random() % model.size();
    const auto offset = static_cast<std::ptrdiff_t>(at);
    switch (random() % 7) {
      case 0:
      case 1:
        v.push_back(text);
        model.push_back(text);
        break;
      case 2:
        v.insert(v.begin() + offset, text);
        model.insert(model.begin() + offset, text);
        break;
      case 3:
        if (model.empty()) break;
        v.erase(v.begin() + offset);
        model.erase(model.begin() + offset);
        break;
      case 4:
        v.resize(at, text);
        model.resize(at, text);
        break;
      case 5:
        v.resize(at + 3, text);
        model.resize(at + 3, text);
        break;
      default:
        if (random() % 50 == 0) {
          v.clear();
          model.clear();
        }
    }
    ASSERT_TRUE(std::equal(v.begin(), v.end(), model.begin(), model.end())) << step;
  }
}

TEST(SmallVector, ConvertsToSpans) {
  Ints v = {1, 2, 3, 4};
  const std::span<const int> view = v;
  EXPECT_EQ(std::accumulate(view.begin(), view.end(), 0), 10);
  EXPECT_EQ(Ints(view), v);
  const std::vector<int> source = {5, 6};
  v.append(source.begin(), source.end());
  EXPECT_EQ(v.back(), 6);
}

}  // namespace
}  // namespace tandem
