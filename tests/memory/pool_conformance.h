// What every pool must do, whatever its source. A binary includes this once and instantiates
// PoolConformance with the sources it has. Addresses are compared, never followed: device memory
// faults.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tandem/memory/buffer.h"
#include "tandem/memory/pool/pool.h"

namespace tandem::memory {

struct SourceCase {
  std::string name;
  std::function<std::unique_ptr<Source>()> make;
};

inline void PrintTo(const SourceCase& source, std::ostream* out) { *out << source.name; }

class PoolConformance : public testing::TestWithParam<SourceCase> {
 protected:
  std::unique_ptr<Pool> make_pool(size_t cap = 0) {
    return std::make_unique<Pool>(GetParam().make(), timeline_, cap);
  }
  device::Timeline timeline_;
};

inline const Points kNoUses = {};

TEST_P(PoolConformance, BlocksAreAlignedAndLargeEnough) {
  const auto pool = make_pool();
  for (const size_t bytes : {size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{1000},
                             size_t{4097}, size_t{300000}, size_t{5} << 20}) {
    const Block block = pool->allocate(bytes, 1);
    ASSERT_NE(block.data, nullptr) << bytes;
    EXPECT_GE(block.capacity, bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data) % 64, 0u) << bytes;
    EXPECT_TRUE(block.after.empty());
    pool->release(block.data, block.capacity, kNoUses);
  }
}

TEST_P(PoolConformance, ZeroBytesHaveAnAddressOfTheirOwn) {
  const auto pool = make_pool();
  const Block a = pool->allocate(0, 1);
  const Block b = pool->allocate(0, 1);
  ASSERT_NE(a.data, nullptr);
  ASSERT_NE(b.data, nullptr);
  EXPECT_NE(a.data, b.data);
  pool->release(a.data, a.capacity, kNoUses);
  pool->release(b.data, b.capacity, kNoUses);
  EXPECT_EQ(pool->statistics().active_bytes, 0u);
}

TEST_P(PoolConformance, LiveBlocksNeverOverlap) {
  const auto pool = make_pool();
  std::mt19937 random(7);
  std::map<std::byte*, size_t> live;
  size_t active = 0;
  for (int step = 0; step < 4000; ++step) {
    if (!live.empty() && random() % 2 == 0) {
      auto it = live.begin();
      std::advance(it, random() % live.size());
      pool->release(it->first, it->second, kNoUses);
      active -= it->second;
      live.erase(it);
    } else {
      const size_t bytes = random() % (size_t{1} << (random() % 20 + 1));
      const Block block = pool->allocate(bytes, 1);
      ASSERT_NE(block.data, nullptr);
      const auto next = live.lower_bound(block.data);
      if (next != live.end()) {
        ASSERT_LE(block.data + block.capacity, next->first);
      }
      if (next != live.begin()) {
        ASSERT_LE(std::prev(next)->first + std::prev(next)->second, block.data);
      }
      live.emplace(block.data, block.capacity);
      active += block.capacity;
    }
    ASSERT_EQ(pool->statistics().active_bytes, active);
  }
  for (const auto& [data, capacity] : live) pool->release(data, capacity, kNoUses);
  pool->trim(0);
  EXPECT_EQ(pool->statistics().source_bytes, 0u) << "an idle pool gives everything back";
}

TEST_P(PoolConformance, StatisticsAreExact) {
  const auto pool = make_pool();
  const Block a = pool->allocate(size_t{1} << 20, 1);
  const Block b = pool->allocate(100, 1);
  PoolStatistics s = pool->statistics();
  EXPECT_EQ(s.active_bytes, a.capacity + b.capacity);
  EXPECT_EQ(s.peak_bytes, s.active_bytes);
  EXPECT_EQ(s.cached_bytes, s.source_bytes - s.active_bytes);
  EXPECT_EQ(s.allocations, 2u);
  EXPECT_EQ(s.source_calls, 1u) << "the second block comes from the slab of the first";
  EXPECT_EQ(s.reuses, 1u);
  pool->release(a.data, a.capacity, kNoUses);
  const Block c = pool->allocate(size_t{1} << 20, 1);
  EXPECT_EQ(c.data, a.data);
  pool->release(b.data, b.capacity, kNoUses);
  pool->release(c.data, c.capacity, kNoUses);
  s = pool->statistics();
  EXPECT_EQ(s.allocations, 3u);
  EXPECT_EQ(s.reuses, 2u);
  EXPECT_EQ(s.active_bytes, 0u);
  EXPECT_EQ(s.peak_bytes, a.capacity + b.capacity);
  pool->reset_peak();
  EXPECT_EQ(pool->statistics().peak_bytes, 0u);
  EXPECT_EQ(s.trims, 0u);
  EXPECT_EQ(s.failures, 0u);
  const size_t held = s.source_bytes;
  EXPECT_EQ(pool->trim(0), held);
  s = pool->statistics();
  EXPECT_EQ(s.trims, 1u);
  EXPECT_EQ(s.source_bytes, 0u);
  EXPECT_EQ(s.cached_bytes, 0u);
}

TEST_P(PoolConformance, SameStreamReusesAtOnceOthersWithThePoints) {
  uint64_t step = 0;  // of both streams: a point once reached stays reached
  for (const size_t bytes : {size_t{200}, size_t{2} << 20}) {
    step += 10;
    const auto pool = make_pool();
    pool->set_cap(size_t{2} << 20);  // nothing but the one block fits
    const Block first = pool->allocate(bytes, 1);
    ASSERT_NE(first.data, nullptr);
    std::vector<Block> rest;  // leaves no block of the class that was never used
    for (Block block = pool->allocate(bytes, 1); block.data != nullptr;
         block = pool->allocate(bytes, 1)) {
      rest.push_back(block);
    }
    const Points uses = {device::Point(1, step)};
    pool->release(first.data, first.capacity, uses);
    const Block same = pool->allocate(bytes, 1);
    EXPECT_EQ(same.data, first.data);
    EXPECT_TRUE(same.after.empty()) << "FIFO order of its own stream is enough";

    const Points two = {device::Point(1, step + 1), device::Point(3, step)};
    pool->release(same.data, same.capacity, two);
    const Block other = pool->allocate(bytes, 2);
    EXPECT_EQ(other.data, first.data);
    EXPECT_EQ(other.after, two);

    timeline_.advance(device::Point(1, step + 1));
    pool->release(other.data, other.capacity, two);
    const Block partly = pool->allocate(bytes, 2);
    EXPECT_EQ(partly.data, first.data);
    EXPECT_EQ(partly.after, Points({device::Point(3, step)})) << "reached points are left out";
    pool->release(partly.data, partly.capacity, kNoUses);
    for (const Block& block : rest) pool->release(block.data, block.capacity, kNoUses);
    timeline_.advance(device::Point(3, step));
    pool->trim(0);
    EXPECT_EQ(pool->statistics().source_bytes, 0u);
  }
}

TEST_P(PoolConformance, ReadyMemoryComesBeforeMemoryToWaitFor) {
  for (const size_t bytes : {size_t{1000}, size_t{300} << 10}) {
    const auto pool = make_pool();
    const Block a = pool->allocate(bytes, 1);
    const Block b = pool->allocate(bytes, 1);
    pool->release(a.data, a.capacity, kNoUses);
    const Points uses = {device::Point(4, 1)};
    pool->release(b.data, b.capacity, uses);
    const Block next = pool->allocate(bytes, 2);
    EXPECT_NE(next.data, b.data);
    EXPECT_TRUE(next.after.empty());
    pool->release(next.data, next.capacity, kNoUses);
  }
}

TEST_P(PoolConformance, PreferredBlockIsHandedOutWhenFree) {
  for (const size_t bytes : {size_t{512}, size_t{1} << 20}) {
    const auto pool = make_pool();
    std::vector<Block> blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(pool->allocate(bytes, 1));
    for (const Block& block : blocks) pool->release(block.data, block.capacity, kNoUses);
    const Block chosen = pool->allocate(bytes, 1, blocks[1].data);
    EXPECT_EQ(chosen.data, blocks[1].data);
    const Block taken = pool->allocate(bytes, 1, blocks[1].data);
    EXPECT_NE(taken.data, blocks[1].data) << "in use";
    EXPECT_NE(taken.data, nullptr);
    pool->release(chosen.data, chosen.capacity, kNoUses);
    pool->release(taken.data, taken.capacity, kNoUses);
  }
}

TEST_P(PoolConformance, CapLimitsWhatTheSourceGives) {
  const auto pool = make_pool(size_t{4} << 20);
  const Block a = pool->allocate(size_t{3} << 20, 1);
  ASSERT_NE(a.data, nullptr);
  EXPECT_EQ(pool->allocate(size_t{2} << 20, 1).data, nullptr);
  EXPECT_EQ(pool->statistics().failures, 1u);
  pool->release(a.data, a.capacity, kNoUses);
  const Block b = pool->allocate(size_t{4} << 20, 1);
  EXPECT_NE(b.data, nullptr) << "idle slabs are given back when they stand in the way";
  EXPECT_LE(pool->statistics().source_bytes, size_t{4} << 20);
  pool->release(b.data, b.capacity, kNoUses);
  pool->set_cap(size_t{1} << 20);
  EXPECT_EQ(pool->cap(), size_t{1} << 20);
  EXPECT_LE(pool->statistics().source_bytes, size_t{1} << 20);
  const Block c = pool->allocate(100, 1);
  EXPECT_NE(c.data, nullptr) << "small slabs serve small caps";
  pool->release(c.data, c.capacity, kNoUses);
}

TEST_P(PoolConformance, ASmallCapIsOneSlab) {
  const auto pool = make_pool(size_t{1} << 20);
  std::vector<Block> blocks;
  for (int i = 0; i < 3; ++i) blocks.push_back(pool->allocate(size_t{300} << 10, 1));
  for (const Block& block : blocks) {
    ASSERT_NE(block.data, nullptr);
    pool->release(block.data, block.capacity, Points({device::Point(1, 1)}));
  }
  EXPECT_EQ(pool->statistics().source_calls, 1u);
  const Block whole = pool->allocate(size_t{1} << 20, 2);
  EXPECT_NE(whole.data, nullptr) << "although work still uses the parts";
  EXPECT_EQ(whole.after.size(), 1u);
  pool->release(whole.data, whole.capacity, kNoUses);
}

TEST_P(PoolConformance, CapCountsBlocksThatMustBeWaitedFor) {
  const auto pool = make_pool(size_t{2} << 20);
  const Block a = pool->allocate(size_t{1} << 20, 1);
  const Block b = pool->allocate(size_t{1} << 20, 1);
  pool->release(a.data, a.capacity, Points({device::Point(1, 1)}));
  pool->release(b.data, b.capacity, Points({device::Point(2, 1)}));
  const Block both = pool->allocate(size_t{2} << 20, 3);
  ASSERT_NE(both.data, nullptr) << "neighbours of different streams merge when memory is short";
  EXPECT_EQ(both.after.size(), 2u);
  pool->release(both.data, both.capacity, kNoUses);
}

TEST_P(PoolConformance, TrimKeepsWhatIsStillInUseByWork) {
  const auto pool = make_pool();
  const Block a = pool->allocate(size_t{8} << 20, 1);
  const Points uses = {device::Point(1, 1)};
  pool->release(a.data, a.capacity, uses);
  EXPECT_EQ(pool->trim(0), 0u);
  EXPECT_GT(pool->statistics().source_bytes, 0u);
  timeline_.advance(device::Point(1, 1));
  EXPECT_GT(pool->trim(0), 0u);
  EXPECT_EQ(pool->statistics().source_bytes, 0u);
}

TEST_P(PoolConformance, CacheLimitGivesBackAtRelease) {
  const auto pool = make_pool();
  pool->set_cache_limit(0);
  const Block a = pool->allocate(size_t{16} << 20, 1);
  pool->release(a.data, a.capacity, kNoUses);
  EXPECT_EQ(pool->statistics().source_bytes, 0u);
  EXPECT_EQ(pool->statistics().trims, 1u);
  pool->set_cache_limit(size_t{64} << 20);
  const Block b = pool->allocate(size_t{16} << 20, 1);
  pool->release(b.data, b.capacity, kNoUses);
  EXPECT_EQ(pool->statistics().cached_bytes, pool->statistics().source_bytes);
  EXPECT_GE(pool->statistics().cached_bytes, size_t{16} << 20) << "kept: below the limit";
}

TEST_P(PoolConformance, SmallBlocksOfAnIdleChunkServeLargeOnes) {
  const auto pool = make_pool(size_t{2} << 20);
  std::vector<Block> blocks;
  for (Block block = pool->allocate(4096, 1); block.data != nullptr;
       block = pool->allocate(4096, 1)) {
    blocks.push_back(block);
  }
  EXPECT_GE(blocks.size(), 256u);
  for (const Block& block : blocks) pool->release(block.data, block.capacity, kNoUses);
  const Block whole = pool->allocate(size_t{2} << 20, 1);
  EXPECT_NE(whole.data, nullptr);
}

TEST_P(PoolConformance, ImpossibleSizesAreRefused) {
  const auto pool = make_pool();
  EXPECT_EQ(pool->allocate(~size_t{0}, 1).data, nullptr);
  EXPECT_EQ(pool->allocate(size_t{1} << 60, 1).data, nullptr);
  EXPECT_EQ(pool->statistics().failures, 2u);
}

}  // namespace tandem::memory
