#include "tests/backends/simulated/support.h"

namespace tandem::backends::simulated {
namespace {

using testing::HasSubstr;

// Each program is submitted while the machine is held, so that what is not ordered by the program
// is not ordered by luck. `wait` says whether stream 2 waits for stream 1, as it must.
class PlantedRace : public testing::TestWithParam<bool> {
 protected:
  PlantedRace() { rig_.control().pause(); }

  void edge(bool wait) {
    const Point done = rig_.finish(1);
    if (wait) rig_.gpu().wait(rig_.queue(2), done);
  }
  void expect(const std::string& race) {
    const Point one = rig_.finish(1);
    const Point two = rig_.finish(2);
    rig_.control().resume();
    rig_.await(one);
    rig_.await(two);
    const uint64_t races = rig_.control().counters().races;
    if (GetParam()) {
      EXPECT_EQ(races, 0u) << rig_.failure(2);
      EXPECT_EQ(rig_.failure(2), "");
    } else {
      EXPECT_EQ(races, 1u);
      EXPECT_THAT(rig_.failure(2), HasSubstr("[simulated gpu] race: " + race));
    }
    EXPECT_EQ(rig_.failure(1), "");
  }

  Rig rig_;
  float* a_ = rig_.floats(64);
  float* b_ = rig_.floats(64);
  float* c_ = rig_.floats(64);
  std::vector<float> host_ = std::vector<float>(64, 1.0f);
};

INSTANTIATE_TEST_SUITE_P(Waits, PlantedRace, testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "kept" : "missed"; });

TEST_P(PlantedRace, ReadAfterWrite) {
  rig_.increment(1, a_, b_, 64, "producer");
  edge(GetParam());
  rig_.increment(2, b_, c_, 64, "consumer");
  expect("read by consumer (stream 2, operation 1) not ordered after write by producer (stream 1");
}

TEST_P(PlantedRace, WriteAfterRead) {
  rig_.increment(1, a_, b_, 64, "reader");
  edge(GetParam());
  rig_.increment(2, c_, a_, 64, "writer");
  expect("write by writer (stream 2, operation 1) not ordered after read by reader (stream 1");
}

TEST_P(PlantedRace, WriteAfterWrite) {
  rig_.increment(1, a_, b_, 64, "first");
  edge(GetParam());
  rig_.gpu().fill(rig_.queue(2), b_ + 63, 4, 0);
  expect("write by fill (stream 2, operation 1) not ordered after write by first");
}

TEST_P(PlantedRace, CopyOfAResult) {
  rig_.increment(1, a_, b_, 64, "producer");
  edge(GetParam());
  rig_.to_host(2, host_, b_);
  expect("read by copy device to host");
}

TEST_P(PlantedRace, UploadBeforeUse) {
  rig_.to_device(1, a_, host_);
  edge(GetParam());
  rig_.increment(2, a_, b_, 64, "consumer");
  expect("read by consumer (stream 2, operation 1) not ordered after write by copy host to device");
}

TEST_P(PlantedRace, HostMemoryWrittenTwice) {
  rig_.to_host(1, host_, a_);
  edge(GetParam());
  rig_.to_host(2, host_, b_);
  expect("write by copy device to host");
}

TEST_P(PlantedRace, ReusedHostMemory) {
  rig_.to_device(1, a_, host_);
  edge(GetParam());
  rig_.to_host(2, host_, b_);
  expect(
      "write by copy device to host (stream 2, operation 1) not ordered after read by copy host");
}

TEST_P(PlantedRace, OrderPassesThroughAThirdStream) {
  rig_.increment(1, a_, b_, 64, "producer");
  const Point first = rig_.finish(1);
  rig_.gpu().wait(rig_.queue(3), first);
  const Point second = rig_.finish(3);
  if (GetParam()) rig_.gpu().wait(rig_.queue(2), second);
  rig_.increment(2, b_, c_, 64, "consumer");
  expect("read by consumer");
}

TEST_P(PlantedRace, DiscardedWhileInUse) {
  SimulatedOptions options = small_gpu();
  options.verify = true;
  Rig rig(options);
  float* const data = rig.floats(64);
  rig.control().pause();
  rig.to_device(1, data, host_);
  const Point done = rig.finish(1);
  if (GetParam()) rig.gpu().wait(rig.queue(2), done);
  rig.control().discard(rig.queue(2), data, 256);
  const Point end = rig.finish(2);
  rig.control().resume();
  rig.await(done);
  rig.await(end);
  EXPECT_EQ(rig.control().counters().races, GetParam() ? 0u : 1u);
}

TEST(Race, WaitForAnEarlierPieceIsNotEnough) {
  Rig rig;
  float* const a = rig.floats(64);
  float* const b = rig.floats(64);
  rig.control().pause();
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  const Point early = rig.finish(1);
  rig.gpu().fill(rig.queue(1), b, 256, 0);
  const Point late = rig.finish(1);
  rig.gpu().wait(rig.queue(2), early);
  rig.increment(2, b, rig.floats(64), 64);
  const Point end = rig.finish(2);
  rig.control().resume();
  rig.await(late);
  rig.await(end);
  EXPECT_EQ(rig.control().counters().races, 1u);
}

TEST(Race, WaitForADonePieceIsNoEdgeToTheNext) {
  Rig rig;
  float* const a = rig.floats(64);
  const Point early = rig.finish(1);
  rig.await(early);
  rig.control().pause();
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  const Point late = rig.finish(1);
  rig.gpu().wait(rig.queue(2), early);
  rig.increment(2, a, rig.floats(64), 64);
  const Point end = rig.finish(2);
  rig.control().resume();
  rig.await(late);
  rig.await(end);
  EXPECT_EQ(rig.control().counters().races, 1u);
}

TEST(Race, ReadsOfOneRangeNeedNoOrder) {
  Rig rig;
  float* const a = rig.floats(64);
  rig.control().pause();
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  const Point filled = rig.finish(1);
  rig.gpu().wait(rig.queue(2), filled);
  rig.increment(1, a, rig.floats(64), 64);
  rig.increment(2, a, rig.floats(64), 64);
  // Writing again needs an order after both.
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  const Point one = rig.finish(1);
  const Point two = rig.finish(2);
  rig.control().resume();
  rig.await(one);
  rig.await(two);
  EXPECT_THAT(rig.failure(1), HasSubstr("race: write by fill"));
  EXPECT_THAT(rig.failure(1), HasSubstr("not ordered after read by increment (stream 2"));
}

TEST(Race, NeighboursDoNotConflict) {
  Rig rig;
  float* const a = rig.floats(64);
  rig.control().pause();
  rig.gpu().fill(rig.queue(1), a, 128, 0);
  rig.gpu().fill(rig.queue(2), a + 32, 128, 0);
  const Point one = rig.finish(1);
  const Point two = rig.finish(2);
  rig.control().resume();
  rig.await(one);
  rig.await(two);
  EXPECT_EQ(rig.control().counters().races, 0u);
}

TEST(Race, WorkSeenToBeDoneIsOrdered) {
  Rig rig;
  float* const a = rig.floats(64);
  rig.gpu().fill(rig.queue(1), a, 256, 0);
  rig.finish_and_await(1);
  rig.increment(2, a, rig.floats(64), 64);
  rig.finish_and_await(2);
  EXPECT_EQ(rig.control().counters().races, 0u);
}

TEST(Race, DeclaredOrderTakesNoLuckForAnEdge) {
  for (const bool declare : {false, true}) {
    Rig rig;
    rig.control().checker().set_order(Order::declared);
    float* const a = rig.floats(64);
    rig.gpu().fill(rig.queue(1), a, 256, 0);
    const Point filled = rig.finish(1);
    rig.await(filled);
    if (declare) rig.control().checker().ordered_after(2, filled);
    rig.increment(2, a, rig.floats(64), 64);
    rig.finish_and_await(2);
    EXPECT_EQ(rig.control().counters().races, declare ? 0u : 1u);
  }
}

// The CPU stream 7 writes the source of an upload; later it reads what stream 1 downloads.
TEST(Race, HostWorkCanBeDeclared) {
  Rig rig;
  RaceChecker& checker = rig.control().checker();
  checker.set_order(Order::declared);
  float* const a = rig.floats(64);
  std::vector<float> source(64, 1.0f);
  std::vector<float> target(64);
  checker.host_access(7, "cpu producer", source.data(), 256, true);
  checker.finish(7, 1);
  checker.ordered_after(1, Point(7, 1));
  rig.to_device(1, a, source);
  rig.to_host(1, target, a);
  const Point done = rig.finish(1);
  rig.await(done);
  try {
    checker.host_access(7, "cpu consumer", target.data(), 256, false);
    FAIL() << "nothing says that the download is over";
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), HasSubstr("[simulated gpu] race: read by cpu consumer (stream 7"));
  }
  checker.ordered_after(7, done);
  EXPECT_NO_THROW(checker.host_access(7, "cpu consumer", target.data(), 256, false));
  EXPECT_EQ(checker.races(), 1u);
  EXPECT_EQ(rig.failure(1), "");
}

TEST(Race, DroppedWaitsAreFound) {
  for (uint64_t n = 0; n <= 2; ++n) {
    Rig rig;
    float* const a = rig.floats(64);
    float* const b = rig.floats(64);
    rig.control().pause();
    rig.control().drop_wait(n);
    rig.gpu().fill(rig.queue(1), a, 256, 0);
    rig.gpu().wait(rig.queue(2), rig.finish(1));
    rig.increment(2, a, b, 64, "second");
    rig.gpu().wait(rig.queue(3), rig.finish(2));
    rig.increment(3, b, rig.floats(64), 64, "third");
    const Point end[] = {rig.finish(1), rig.finish(2), rig.finish(3)};
    rig.control().resume();
    for (const Point point : end) rig.await(point);
    EXPECT_EQ(rig.control().counters().dropped, n == 0 ? 0u : 1u);
    EXPECT_EQ(rig.control().counters().races, n == 0 ? 0u : 1u);
    if (n > 0) {
      EXPECT_THAT(rig.failure(static_cast<uint16_t>(n + 1)),
                  HasSubstr(n == 1 ? "read by second" : "read by third"));
    }
  }
}

TEST(Race, DroppedCopiesAreFound) {
  SimulatedOptions options = small_gpu();
  options.verify = true;
  Rig rig(options);
  float* const a = rig.floats(64);
  rig.control().drop_copy(1);
  const std::vector<float> ones(64, 1.0f);
  rig.to_device(1, a, ones);
  rig.increment(1, a, rig.floats(64), 64, "consumer");
  rig.finish_and_await(1);
  EXPECT_EQ(rig.control().counters().dropped, 1u);
  EXPECT_THAT(rig.failure(1), HasSubstr("consumer reads bytes that nobody wrote"));
}

TEST(RaceChecker, ForgetsWhatEverybodyIsOrderedAfter) {
  RaceChecker checker;
  for (uint64_t sequence = 1; sequence <= 20000; ++sequence) {
    const AccessRange range{reinterpret_cast<void*>(sequence * 1000), 10, sequence % 2 == 0};
    EXPECT_EQ(checker.operation(1, "step", {&range, 1}), "");
    checker.finish(1, sequence);
    checker.publish(Point(1, sequence));
  }
  EXPECT_LT(checker.cells(), 600u);
}

// Against a model that keeps every access of every byte and the full order.
TEST(RaceChecker, AgreesWithTheDefinition) {
  struct Done {
    uint16_t stream;
    size_t tick;
    bool written;
  };
  uint64_t random = 12345;
  const auto next = [&](uint64_t bound) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return (random >> 33) % bound;
  };
  constexpr size_t kStreams = 3;
  constexpr size_t kBytes = 12;
  uint64_t found = 0;
  for (int round = 0; round < 300; ++round) {
    RaceChecker checker;
    checker.set_order(Order::declared);
    std::vector<std::vector<size_t>> clock(kStreams, std::vector<size_t>(kStreams, 0));
    std::vector<std::vector<std::vector<size_t>>> snapshots(kStreams);
    std::vector<std::vector<Done>> accesses(kBytes);
    for (int step = 0; step < 40; ++step) {
      const auto stream = static_cast<uint16_t>(next(kStreams));
      const uint64_t kind = next(4);
      if (kind == 0) {
        snapshots[stream].push_back(clock[stream]);
        checker.finish(stream, snapshots[stream].size());
      } else if (kind == 1) {
        const auto other = static_cast<uint16_t>(next(kStreams));
        if (snapshots[other].empty()) continue;
        const size_t sequence = next(snapshots[other].size()) + 1;
        checker.ordered_after(stream, Point(other, sequence));
        for (size_t i = 0; i < kStreams; ++i) {
          clock[stream][i] = std::max(clock[stream][i], snapshots[other][sequence - 1][i]);
        }
      } else {
        const size_t begin = next(kBytes);
        const size_t end = begin + 1 + next(kBytes - begin);
        const bool written = kind == 2;
        ++clock[stream][stream];
        bool race = false;
        for (size_t byte = begin; byte < end; ++byte) {
          for (const Done& done : accesses[byte]) {
            race |= (written || done.written) && clock[stream][done.stream] < done.tick;
          }
        }
        const AccessRange range{reinterpret_cast<void*>(1000 + begin), end - begin, written};
        ASSERT_EQ(!checker.operation(stream, "step", {&range, 1}).empty(), race);
        found += race;
        if (race) break;  // after a race the checker keeps only the last write
        for (size_t byte = begin; byte < end; ++byte) {
          accesses[byte].push_back({stream, clock[stream][stream], written});
        }
      }
    }
  }
  EXPECT_GT(found, 100u);
}

}  // namespace
}  // namespace tandem::backends::simulated
