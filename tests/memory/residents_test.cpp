#include "tandem/memory/residents.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tandem/memory/buffer.h"

namespace tandem::memory {
namespace {

constexpr Device kHost{DeviceType::cpu, 0};
constexpr Device kGpu{DeviceType::gpu, 0};

Copy foreign_copy(Device device) { return {device, nullptr, nullptr, 0, device::Point(), {}}; }

TEST(Residents, HoldBuffersWithACopyOnADevice) {
  const size_t before = Residents::instance().size();
  {
    const auto host_only = make_ref<Buffer>(8), mirrored = make_ref<Buffer>(8),
               device_only = make_ref<Buffer>(8);
    host_only->add(foreign_copy(kHost));
    mirrored->add(foreign_copy(kHost));
    mirrored->add(foreign_copy(kGpu));
    device_only->add(foreign_copy(kGpu));
    EXPECT_EQ(Residents::instance().size(), before + 2);
    for (const Ref<Buffer>& buffer : Residents::instance().all()) EXPECT_NE(buffer, host_only);
  }
  EXPECT_EQ(Residents::instance().size(), before);
}

TEST(Residents, AreOnlyHandedOutAlive) {
  std::atomic<bool> stop{false};
  std::thread looker([&] {
    while (!stop) {
      for (const Ref<Buffer>& buffer : Residents::instance().all()) {
        ASSERT_GE(buffer->reference_count(), 1u);
      }
    }
  });
  std::vector<std::thread> makers;
  for (int t = 0; t < 3; ++t) {
    makers.emplace_back([] {
      for (int i = 0; i < 20000; ++i) make_ref<Buffer>(8)->add(foreign_copy(kGpu));
    });
  }
  for (std::thread& maker : makers) maker.join();
  stop = true;
  looker.join();
}

TEST(Buffer, ACopyMayBeDroppedWhileASoundOneIsLeftAndNobodyKnowsItsAddress) {
  const auto buffer = make_ref<Buffer>(8);
  buffer->add(foreign_copy(kHost));
  EXPECT_FALSE(buffer->may_drop(kHost));
  Copy& mirror = buffer->add(foreign_copy(kGpu));
  EXPECT_TRUE(buffer->may_drop(kHost));
  EXPECT_TRUE(buffer->may_drop(kGpu));
  mirror.completion = make_ref<Completion>();
  mirror.completion->fail(std::make_exception_ptr(std::runtime_error("lost")));
  EXPECT_FALSE(buffer->may_drop(kHost)) << "the other copy was never made";
  mirror.completion = {};
  ++buffer->exports();
  EXPECT_FALSE(buffer->may_drop(kHost));
  --buffer->exports();
  buffer->hand_out();
  EXPECT_FALSE(buffer->may_drop(kHost));
  EXPECT_TRUE(buffer->may_drop(kGpu));
}

TEST(Buffer, AFailedOnlyCopyStays) {
  const auto buffer = make_ref<Buffer>(8);
  Copy& copy = buffer->add(foreign_copy(kHost));
  copy.completion = make_ref<Completion>();
  copy.completion->fail(std::make_exception_ptr(std::runtime_error("lost")));
  buffer->drop_failed(kHost);
  EXPECT_NE(buffer->find(kHost), nullptr);
}

}  // namespace
}  // namespace tandem::memory
