#include "tandem/memory/buffer.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "tandem/base/error.h"

namespace tandem::memory {
namespace {

using device::Point;

constexpr Device kHost{DeviceType::cpu, 0};
constexpr Device kGpu{DeviceType::gpu, 0};

Copy copy_in(Pool& pool, Device device, size_t bytes, uint16_t stream) {
  const Block block = pool.allocate(bytes, stream);
  return {device, &pool, block.data, block.capacity, Point(stream, 1), {}};
}

TEST(Note, KeepsTheLatestPointOfEachStream) {
  Points points;
  note(points, Point(1, 5));
  note(points, Point(2, 1));
  note(points, Point(1, 3));
  note(points, Point(1, 9));
  note(points, Point(3, 0));
  EXPECT_EQ(points, Points({Point(1, 9), Point(2, 1)})) << "sequence 0 lies before all work";
}

TEST(Buffer, HasOneCopyPerDevice) {
  device::Timeline timeline;
  Pool pool(make_host_source(), timeline, 0);
  const auto buffer = make_ref<Buffer>(100);
  EXPECT_EQ(buffer->find(kHost), nullptr);
  EXPECT_THROW(buffer->origin(), InternalError);
  buffer->add(copy_in(pool, kHost, 100, 1));
  buffer->add(copy_in(pool, kGpu, 100, 2));
  EXPECT_EQ(buffer->copies().size(), 2u);
  EXPECT_EQ(buffer->find(kGpu)->valid, Point(2, 1));
  EXPECT_EQ(buffer->origin().device, kHost);
  EXPECT_THROW(buffer->add(Copy{kGpu, nullptr, nullptr, 0, Point(), {}}), InternalError);
  buffer->drop(kHost);
  EXPECT_EQ(buffer->origin().device, kGpu) << "the oldest that is left";
  EXPECT_THROW(buffer->drop(kGpu), InternalError) << "the last copy stays";
  EXPECT_THROW(buffer->drop(kHost), InternalError);
}

TEST(Buffer, ItsBlocksGoBackWithTheirPoints) {
  device::Timeline timeline;
  Pool pool(make_host_source(), timeline, size_t{64} << 10);
  std::byte* data = nullptr;
  const size_t bytes = size_t{64} << 10;  // all the pool may have
  {
    const auto buffer = make_ref<Buffer>(bytes);
    Copy& copy = buffer->add(copy_in(pool, kHost, bytes, 1));
    note(copy.uses, Point(2, 7));
    data = copy.data;
    EXPECT_GE(pool.statistics().active_bytes, bytes);
  }
  EXPECT_EQ(pool.statistics().active_bytes, 0u) << "nothing was waited for";
  const Block next = pool.allocate(bytes, 3);
  EXPECT_EQ(next.data, data);
  EXPECT_EQ(next.after.size(), 2u) << "the write and the use";
  pool.release(next.data, next.capacity, {});
}

TEST(Buffer, DroppedCopyGoesBackWithItsPoints) {
  device::Timeline timeline;
  Pool host(make_host_source(), timeline, 0);
  Pool other(make_host_source(), timeline, 0);
  const auto buffer = make_ref<Buffer>(1000);
  buffer->add(copy_in(host, kHost, 1000, 1));
  buffer->add(copy_in(other, kGpu, 1000, 2));
  buffer->drop(kGpu);
  EXPECT_EQ(other.statistics().active_bytes, 0u);
  EXPECT_GT(host.statistics().active_bytes, 0u);
}

TEST(Completion, KeepsTheFirstFailure) {
  const auto completion = make_ref<Completion>();
  EXPECT_FALSE(completion->failed());
  EXPECT_EQ(completion->error(), nullptr);
  completion->fail(std::make_exception_ptr(DeviceError("first")));
  completion->fail(std::make_exception_ptr(DeviceError("second")));
  ASSERT_TRUE(completion->failed());
  for (int waiter = 0; waiter < 2; ++waiter) {
    try {
      std::rethrow_exception(completion->error());
      FAIL();
    } catch (const DeviceError& error) {
      EXPECT_STREQ(error.what(), "first");
    }
  }
}

TEST(Completion, FailuresRaceWithReaders) {
  for (int round = 0; round < 50; ++round) {
    const auto completion = make_ref<Completion>();
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] { completion->fail(std::make_exception_ptr(DeviceError("late"))); });
    }
    while (!completion->failed()) std::this_thread::yield();
    EXPECT_NE(completion->error(), nullptr);
    for (std::thread& thread : threads) thread.join();
  }
}

struct Owner {
  explicit Owner(int& count) : deaths(count) {}
  ~Owner() { ++deaths; }
  int& deaths;
};

TEST(Graveyard, LetsOwnersGoAfterTheirLastUse) {
  device::Timeline timeline;
  Graveyard& graveyard = Graveyard::instance();
  const size_t before = graveyard.size();
  int deaths = 0;
  std::vector<std::byte> foreign(64);
  {
    const auto buffer = make_ref<Buffer>(64);
    buffer->set_foreign_owner(std::make_shared<Owner>(deaths));
    EXPECT_TRUE(buffer->foreign());
    buffer->add({kHost, nullptr, foreign.data(), 64, Point(), {Point(4, 2)}});
  }
  EXPECT_EQ(deaths, 0) << "never on the thread that drops the buffer";
  EXPECT_EQ(graveyard.size(), before + 1);
  EXPECT_EQ(graveyard.drain(timeline), 0u) << "the use is not reached";
  EXPECT_EQ(deaths, 0);
  timeline.advance(Point(4, 2));
  EXPECT_EQ(graveyard.drain(timeline), 1u);
  EXPECT_EQ(deaths, 1);
  EXPECT_EQ(graveyard.size(), before);
}

TEST(Graveyard, AnOwnerMayBuryAnother) {
  device::Timeline timeline;
  struct Nested {
    ~Nested() { Graveyard::instance().bury(std::make_shared<int>(1), {}); }
  };
  Graveyard::instance().bury(std::make_shared<Nested>(), {});
  EXPECT_EQ(Graveyard::instance().drain(timeline), 1u);
  EXPECT_EQ(Graveyard::instance().drain(timeline), 1u);
}

}  // namespace
}  // namespace tandem::memory
