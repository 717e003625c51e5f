#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "tandem/base/settings.h"
#include "tandem/memory/fault.h"
#include "tandem/memory/pool/size_class.h"
#include "tandem/memory/pool/sources.h"
#include "tests/memory/pool_conformance.h"

namespace tandem::memory {
namespace {

using Control = FailingSource::Control;

std::unique_ptr<Source> failing_host(std::shared_ptr<Control> control) {
  return std::make_unique<FailingSource>(make_host_source(), std::move(control));
}

INSTANTIATE_TEST_SUITE_P(
    Memory, PoolConformance,
    testing::Values(SourceCase{"host", make_host_source},
                    SourceCase{"failing_never",
                               [] { return failing_host(std::make_shared<Control>()); }}),
    [](const auto& chosen) { return chosen.param.name; });

TEST(SizeClass, EverySizeIsHeldByTheSmallestClass) {
  for (size_t bytes = 0; bytes <= kLargestSmall; bytes += bytes < 5000 ? 1 : 61) {
    const int index = class_of(bytes);
    ASSERT_GE(size_of_class(index), bytes);
    if (index > 0) {
      ASSERT_LT(size_of_class(index - 1), bytes);
    }
    ASSERT_EQ(size_of_class(index) % kQuantum, 0u);
    ASSERT_EQ(class_of(size_of_class(index)), index);
  }
  EXPECT_EQ(size_of_class(kClassCount - 1), kLargestSmall);
}

TEST(HostSource, LargeSlabsStartAtAHugePage) {
  for (const char* huge : {"on", "off"}) {
    const ScopedSetting setting("huge_pages", huge);
    const auto source = make_host_source();
    const size_t bytes = size_t{4} << 20;
    void* const data = source->allocate(bytes);
    ASSERT_NE(data, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % (size_t{2} << 20), 0u);
    std::memset(data, 1, bytes);
    source->release(data, bytes);
  }
}

TEST(HostSource, RefusesWhatNoMachineHas) {
  const auto source = make_host_source();
  EXPECT_EQ(source->allocate(size_t{1} << 60), nullptr);
  EXPECT_EQ(source->allocate(~size_t{0} & ~(source->granularity() - 1)), nullptr);
}

TEST(Pool, HostBlocksAreWritable) {
  device::Timeline timeline;
  Pool pool(make_host_source(), timeline, 0);
  for (const size_t bytes : {size_t{1}, size_t{70000}, size_t{9} << 20}) {
    const Block block = pool.allocate(bytes, 1);
    std::memset(block.data, 0xa5, block.capacity);
    EXPECT_EQ(block.data[block.capacity - 1], std::byte{0xa5});
    pool.release(block.data, block.capacity, kNoUses);
  }
  EXPECT_EQ(pool.name(), "host");
}

TEST(Pool, ARefusedSlabIsAskedForAgainSmaller) {
  device::Timeline timeline;
  auto control = std::make_shared<Control>();
  control->first = 1;
  Pool pool(failing_host(control), timeline, 0);
  const Block block = pool.allocate(100, 1);
  EXPECT_NE(block.data, nullptr);
  EXPECT_EQ(control->refused, 1u);
  EXPECT_EQ(pool.statistics().source_calls, 2u);
  EXPECT_EQ(pool.statistics().failures, 0u);
  pool.release(block.data, block.capacity, kNoUses);
}

TEST(Pool, AnEmptySourceGivesAnEmptyBlockAndNothingIsLost) {
  device::Timeline timeline;
  auto control = std::make_shared<Control>();
  Pool pool(failing_host(control), timeline, 0);
  const Block held = pool.allocate(size_t{3} << 20, 1);
  control->first = 1;
  control->onward = true;
  EXPECT_EQ(pool.allocate(size_t{30} << 20, 1).data, nullptr);
  const PoolStatistics refused = pool.statistics();
  EXPECT_EQ(refused.failures, 1u);
  EXPECT_EQ(refused.active_bytes, held.capacity);
  control->first = 0;
  const Block later = pool.allocate(size_t{30} << 20, 1);
  EXPECT_NE(later.data, nullptr) << "a refusal is not final";
  pool.release(later.data, later.capacity, kNoUses);
  pool.release(held.data, held.capacity, kNoUses);
}

TEST(Pool, EveryAllocationCanFailInTurn) {
  device::Timeline timeline;
  Pool pool(make_host_source(), timeline, 0);
  PoolFaults& faults = PoolFaults::instance();
  const auto program = [&] {
    int refused = 0;
    for (int i = 0; i < 5; ++i) {
      const Block block = pool.allocate(size_t{1} << (4 * i), 1);
      if (block.data == nullptr) {
        ++refused;
      } else {
        pool.release(block.data, block.capacity, kNoUses);
      }
    }
    return refused;
  };
  faults.arm({});
  EXPECT_EQ(program(), 0);
  const uint64_t count = faults.seen();
  EXPECT_EQ(count, 5u);
  for (uint64_t n = 1; n <= count; ++n) {
    faults.arm({n, false});
    EXPECT_EQ(program(), 1) << n;
    faults.arm({n, true});
    EXPECT_EQ(program(), static_cast<int>(count - n + 1));
  }
  faults.disarm();
  EXPECT_EQ(program(), 0);
}

// Each thread fills its blocks with its own byte: a block given to two threads shows, and the
// thread sanitizer sees it too.
TEST(Pool, ThreadsShareAPool) {
  device::Timeline timeline;
  Pool pool(make_host_source(), timeline, size_t{256} << 20);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<unsigned>(t));
      std::vector<Block> held;
      const std::byte mark{static_cast<unsigned char>(t + 1)};
      for (int step = 0; step < 2000; ++step) {
        if (held.size() > 20 || (!held.empty() && random() % 2 == 0)) {
          const size_t i = random() % held.size();
          const Block block = held[i];
          for (const size_t at : {size_t{0}, block.capacity / 2, block.capacity - 1}) {
            if (block.data[at] != mark) ++wrong;
          }
          pool.release(block.data, block.capacity, kNoUses);
          held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
          const size_t bytes = random() % (size_t{1} << (random() % 20 + 1)) + 1;
          const Block block = pool.allocate(bytes, static_cast<uint16_t>(t));
          for (const size_t at : {size_t{0}, block.capacity / 2, block.capacity - 1}) {
            block.data[at] = mark;
          }
          held.push_back(block);
        }
        if (step % 500 == 0) pool.trim(0);
      }
      for (const Block& block : held) pool.release(block.data, block.capacity, kNoUses);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  const PoolStatistics s = pool.statistics();
  EXPECT_EQ(s.active_bytes, 0u);
  EXPECT_EQ(s.failures, 0u);
  EXPECT_EQ(s.cached_bytes, s.source_bytes);
  pool.trim(0);
  EXPECT_EQ(pool.statistics().source_bytes, 0u);
}

TEST(Pool, SteadyLoopsTakeNothingMoreFromTheSource) {
  device::Timeline timeline;
  Pool pool(make_host_source(), timeline, 0);
  uint64_t calls = 0;
  for (uint64_t step = 1; step <= 200; ++step) {
    const Block a = pool.allocate(size_t{5} << 20, 1);
    const Block b = pool.allocate(size_t{3} << 20, 1);
    const Block c = pool.allocate(900, 1);
    for (const Block& block : {a, b, c}) {
      pool.release(block.data, block.capacity, Points({device::Point(1, step)}));
    }
    if (step == 1) calls = pool.statistics().source_calls;
  }
  EXPECT_EQ(pool.statistics().source_calls, calls) << "un-waited work on one stream is no obstacle";
}

TEST(Pool, NamesTheWorkThatFreeMemoryWaitsFor) {
  device::Timeline timeline;
  Pool pool(make_host_source(), timeline, 0);
  EXPECT_TRUE(pool.pending().empty());
  const Block small = pool.allocate(100, 1), large = pool.allocate(size_t{1} << 20, 1),
              other = pool.allocate(size_t{1} << 20, 2);
  const auto give = [&](const Block& block, device::Point last) {
    pool.release(block.data, block.capacity, std::span(&last, 1));
  };
  give(small, device::Point(1, 8));
  give(large, device::Point(1, 5));
  give(other, device::Point(2, 7));
  const Points pending = pool.pending();
  ASSERT_EQ(pending.size(), 2u) << "the earliest of each stream";
  EXPECT_EQ(pending[0].stream() == 1 ? pending[0] : pending[1], device::Point(1, 5));
  timeline.advance(device::Point(1, 8));
  timeline.advance(device::Point(2, 7));
  EXPECT_TRUE(pool.pending().empty());
}

}  // namespace
}  // namespace tandem::memory
