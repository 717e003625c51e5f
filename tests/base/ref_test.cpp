#include "tandem/base/ref.h"

#include <gtest/gtest.h>

#include <thread>
#include <utility>
#include <vector>

namespace tandem {
namespace {

struct Counted : RefCounted<Counted> {
  explicit Counted(int& count) : deaths(count) {}
  ~Counted() { ++deaths; }
  int& deaths;
};

TEST(Ref, TheLastReferenceDestroys) {
  int deaths = 0;
  {
    const Ref<Counted> a = make_ref<Counted>(deaths);
    EXPECT_EQ(a->reference_count(), 1u);
    {
      const Ref<Counted> b = a;
      EXPECT_EQ(a->reference_count(), 2u);
      EXPECT_EQ(a, b);
    }
    EXPECT_EQ(a->reference_count(), 1u);
    EXPECT_EQ(deaths, 0);
  }
  EXPECT_EQ(deaths, 1);
}

TEST(Ref, MovesTakeTheReferenceAlong) {
  int deaths = 0;
  Ref<Counted> a = make_ref<Counted>(deaths);
  Ref<Counted> b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(b->reference_count(), 1u);
  a = std::move(b);
  EXPECT_EQ(a->reference_count(), 1u);
  a = nullptr;
  EXPECT_EQ(deaths, 1);
}

TEST(Ref, AssignmentLetsTheOldObjectGo) {
  int first = 0;
  int second = 0;
  Ref<Counted> a = make_ref<Counted>(first);
  a = make_ref<Counted>(second);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
  const Ref<Counted>& alias = a;
  a = alias;
  EXPECT_EQ(a->reference_count(), 1u);
  EXPECT_EQ(second, 0) << "assigning an object to itself keeps it";
}

TEST(Ref, DetachAndAdoptAreInverse) {
  int deaths = 0;
  Ref<Counted> a = make_ref<Counted>(deaths);
  Counted* const raw = a.detach();
  EXPECT_FALSE(a);
  EXPECT_EQ(raw->reference_count(), 1u);
  {
    const Ref<Counted> b = Ref<Counted>::adopt(raw);
  }
  EXPECT_EQ(deaths, 1);
}

TEST(Ref, NothingIsRetainedAfterTheLastReference) {
  struct Plain : RefCounted<Plain> {};
  Plain object;  // on the stack: nobody deletes it
  EXPECT_FALSE(object.try_retain());
  EXPECT_EQ(object.reference_count(), 0u);
  object.retain();
  EXPECT_TRUE(object.try_retain());
  EXPECT_EQ(object.reference_count(), 2u);
}

TEST(Ref, CountsFromManyThreads) {
  int deaths = 0;
  {
    const Ref<Counted> shared = make_ref<Counted>(deaths);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([shared] {
        for (int i = 0; i < 1000; ++i) const Ref<Counted> copy = shared;
      });
    }
    for (std::thread& thread : threads) thread.join();
    threads.clear();
    EXPECT_EQ(shared->reference_count(), 1u);
  }
  EXPECT_EQ(deaths, 1);
}

}  // namespace
}  // namespace tandem
