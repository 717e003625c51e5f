#include "tandem/device/timeline.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "tandem/device/stream_table.h"

namespace tandem::device {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(Timeline, DefaultPointIsAlwaysReached) {
  const Timeline timeline;
  EXPECT_TRUE(timeline.reached(Point()));
  EXPECT_TRUE(timeline.wait(Point(), nanoseconds(0)));
  EXPECT_FALSE(timeline.reached(Point(0, 1)));
  EXPECT_FALSE(timeline.reached(Point(65535, 1)));
}

TEST(Timeline, AdvanceReachesEverythingBeforeAndNeverMovesBack) {
  Timeline timeline;
  timeline.advance(Point(7, 5));
  EXPECT_TRUE(timeline.reached(Point(7, 1)));
  EXPECT_TRUE(timeline.reached(Point(7, 5)));
  EXPECT_FALSE(timeline.reached(Point(7, 6)));
  EXPECT_FALSE(timeline.reached(Point(8, 1)));
  timeline.advance(Point(7, 3));
  EXPECT_EQ(timeline.done_word(7).load(), 5u);
}

TEST(Timeline, DoneWordsKeepTheirAddressesAndShareNoCacheLine) {
  Timeline timeline;
  std::set<uintptr_t> lines;
  const std::atomic<uint64_t>* first = &timeline.done_word(0);
  for (int stream = 0; stream < Timeline::kMaxStreams; stream += 17) {
    lines.insert(reinterpret_cast<uintptr_t>(&timeline.done_word(static_cast<uint16_t>(stream))) /
                 64);
  }
  EXPECT_EQ(lines.size(), static_cast<size_t>((Timeline::kMaxStreams + 16) / 17));
  EXPECT_EQ(first, &timeline.done_word(0));
}

TEST(Timeline, WaitTimesOut) {
  Timeline timeline;
  EXPECT_FALSE(timeline.wait(Point(1, 1), nanoseconds(0)));
  EXPECT_FALSE(timeline.wait(Point(1, 1), milliseconds(2)));
  EXPECT_FALSE(timeline.spin(Point(1, 1)));
  timeline.advance(Point(1, 1));
  EXPECT_TRUE(timeline.spin(Point(1, 1)));
}

TEST(Timeline, EachOfManyWaitersSeesItsPoint) {
  Timeline timeline;
  constexpr int kWaiters = 8, kSteps = 2000;
  std::atomic<int> values[kSteps + 1] = {};
  std::vector<std::thread> waiters;
  std::atomic<int> wrong{0};
  for (int w = 0; w < kWaiters; ++w) {
    waiters.emplace_back([&, w] {
      for (int step = 1 + w; step <= kSteps; step += kWaiters) {
        if (!timeline.wait(Point(3, static_cast<uint64_t>(step)), hours(1))) ++wrong;
        if (values[step].load(std::memory_order_relaxed) != step) ++wrong;
      }
    });
  }
  for (int step = 1; step <= kSteps; ++step) {
    values[step].store(step, std::memory_order_relaxed);
    timeline.advance(Point(3, static_cast<uint64_t>(step)));
  }
  for (std::thread& waiter : waiters) waiter.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(Timeline, PingPongBetweenTwoThreads) {
  Timeline timeline;
  constexpr uint64_t kRounds = 2000;
  std::thread other([&] {
    for (uint64_t i = 1; i <= kRounds; ++i) {
      timeline.wait(Point(1, i), hours(1));
      timeline.advance(Point(2, i));
    }
  });
  for (uint64_t i = 1; i <= kRounds; ++i) {
    timeline.advance(Point(1, i));
    EXPECT_TRUE(timeline.wait(Point(2, i), hours(1)));
  }
  other.join();
}

TEST(Timeline, WordWrittenByADeviceIsNoticedWithoutAdvance) {
  Timeline timeline;
  std::atomic<uint64_t>& word = timeline.done_word(9);
  std::atomic<bool> waiting{false};
  std::thread waiter([&] {
    waiting = true;
    EXPECT_TRUE(timeline.wait(Point(9, 4), hours(1)));
  });
  while (!waiting) std::this_thread::yield();
  EXPECT_FALSE(timeline.wait(Point(9, 1), milliseconds(3)));  // long enough for the other to sleep
  word.store(4, std::memory_order_release);
  waiter.join();
}

TEST(Timeline, WaitAnyReturnsForAPointForAWakeAndForADeviceWord) {
  Timeline timeline;
  const std::vector<Point> points = {Point(1, 1), Point(2, 1)};
  timeline.advance(Point(2, 1));
  timeline.wait_any(points, timeline.any_ticket(), hours(1));

  const uint64_t ticket = timeline.any_ticket();
  timeline.wake_any();
  timeline.wait_any({}, ticket, hours(1));  // woken before the wait began

  std::atomic<int> returned{0};
  std::thread waiter([&] {
    const std::vector<Point> mine = {Point(4, 1)};
    timeline.wait_any(mine, timeline.any_ticket(), hours(1));
    ++returned;
    const std::vector<Point> next = {Point(4, 2)};
    timeline.wait_any(next, timeline.any_ticket(), hours(1));
    ++returned;
  });
  EXPECT_FALSE(timeline.wait(Point(5, 1), milliseconds(2)));
  EXPECT_EQ(returned.load(), 0);
  timeline.advance(Point(4, 1));
  timeline.done_word(4).store(2, std::memory_order_release);
  waiter.join();
  EXPECT_EQ(returned.load(), 2);
}

TEST(StreamTable, EntriesAreMadeOnceWhenManyThreadsAsk) {
  StreamTable<std::atomic<int>, 16> table;
  EXPECT_EQ(table.find(100), nullptr);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 4096; ++i) ++table[static_cast<uint16_t>(i * 16)];
    });
  }
  for (std::thread& thread : threads) thread.join();
  int total = 0, entries = 0;
  table.for_each([&](std::atomic<int>& entry) { total += entry, ++entries; });
  EXPECT_EQ(total, 8 * 4096);
  EXPECT_EQ(entries, 65536);
}

}  // namespace
}  // namespace tandem::device
