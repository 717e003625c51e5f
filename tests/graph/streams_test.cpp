// Default devices and streams: per thread, in scopes, and what is refused.
#include "tandem/graph/streams.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tandem/tandem.h"

namespace tandem {
namespace {

constexpr Device kCpu{DeviceType::cpu, 0};
constexpr Device kGpu{DeviceType::gpu, 0};

uint16_t stream_of(const array& a) { return a.node()->stream(); }

TEST(Streams, defaults) {
  EXPECT_EQ(default_device(), kCpu);
  EXPECT_EQ(default_stream(kCpu), default_stream(kCpu));
  EXPECT_EQ(default_stream(kGpu).device, kGpu);
  EXPECT_NE(default_stream(kCpu).index, default_stream(kGpu).index);
  EXPECT_EQ(resolve({}), default_stream(kCpu));
  EXPECT_EQ(resolve(DeviceType::gpu), default_stream(kGpu));
  EXPECT_EQ(resolve(kGpu), default_stream(kGpu));
  const Stream own = new_stream(kCpu);
  EXPECT_EQ(resolve(own), own);
  EXPECT_NE(own, default_stream(kCpu));
}

TEST(Streams, an_op_takes_the_stream_it_is_given) {
  const array x = zeros(Shape{3});
  const Stream own = new_stream(kGpu);
  EXPECT_EQ(stream_of(exp(x)), default_stream(kCpu).index);
  EXPECT_EQ(stream_of(exp(x, kGpu)), default_stream(kGpu).index);
  EXPECT_EQ(stream_of(exp(x, own)), own.index);
}

TEST(Streams, a_scope_sets_device_and_stream_and_puts_them_back) {
  const Stream before = default_stream(kCpu), gpu_before = default_stream(kGpu);
  const Stream own = new_stream(kGpu);
  {
    const StreamScope scope(own);
    EXPECT_EQ(default_device(), kGpu);
    EXPECT_EQ(default_stream(kGpu), own);
    EXPECT_EQ(stream_of(zeros(Shape{1})), own.index);
    {
      const StreamScope inner(kCpu);
      EXPECT_EQ(default_device(), kCpu);
      EXPECT_EQ(default_stream(kCpu), before);
    }
    EXPECT_EQ(default_device(), kGpu);
    std::thread([&] { EXPECT_EQ(default_device(), kCpu); }).join();  // the scope is this thread's
  }
  EXPECT_EQ(default_device(), kCpu);
  EXPECT_EQ(default_stream(kGpu), gpu_before);
}

TEST(Streams, the_default_device_is_for_all_threads) {
  set_default_device(kGpu);
  std::thread([] { EXPECT_EQ(default_device(), kGpu); }).join();
  set_default_device(kCpu);
  EXPECT_EQ(default_device(), kCpu);
}

TEST(Streams, threads_have_their_own_default_streams) {
  const Stream mine = default_stream(kCpu);
  std::set<int> others;
  std::thread first([&] {
    others.insert(default_stream(kCpu).index);
    std::thread second([&] { others.insert(default_stream(kCpu).index); });
    second.join();
  });
  first.join();
  EXPECT_EQ(others.size(), 2u);
  EXPECT_FALSE(others.contains(mine.index));
}

// The streams of ended threads serve the next ones.
TEST(Streams, thread_exit_frees_stream) {
  std::set<int> seen;
  for (int i = 0; i < 1000; ++i) {
    std::thread([&] {
      seen.insert(default_stream(kCpu).index);
      if (i % 100 == 0) seen.insert(default_stream(kGpu).index);
      EXPECT_EQ(add(ones(Shape{2}), 1.0).data<float>()[1], 2.0f);
    }).join();
  }
  EXPECT_LE(seen.size(), 6u);
}

TEST(Streams, set_default_stream) {
  const Stream before = default_stream(kCpu), own = new_stream(kCpu);
  set_default_stream(own);
  EXPECT_EQ(default_stream(kCpu), own);
  EXPECT_EQ(add(ones(Shape{2}), 1.0).data<float>()[0], 2.0f);
  synchronize();
  set_default_stream(before);
}

TEST(Streams, devices_that_are_not_there) {
  EXPECT_EQ(device_count(DeviceType::cpu), 1);
  EXPECT_TRUE(is_available(kCpu));
  EXPECT_TRUE(is_available(kGpu));
  const int gpus = device_count(DeviceType::gpu);
  const Device beyond{DeviceType::gpu, gpus};
  EXPECT_FALSE(is_available(beyond));
  EXPECT_FALSE(is_available({DeviceType::cpu, -1}));
  const std::string text = "[device] there is no " + to_string(beyond) + ": this machine has " +
                           std::to_string(gpus) + " of its type";
  const auto refused = [&](auto&& call) {
    try {
      call();
      ADD_FAILURE() << "nothing was raised";
    } catch (const DeviceError& error) {
      EXPECT_EQ(error.what(), text);
    }
  };
  refused([&] { new_stream(beyond); });
  refused([&] { default_stream(beyond); });
  refused([&] { set_default_device(beyond); });
  refused([&] { add(ones(Shape{1}), 1.0, beyond); });
  EXPECT_EQ(default_device(), kCpu);
}

TEST(Streams, names) {
  EXPECT_EQ(to_string(kGpu), "Device(gpu, 0)");
  EXPECT_EQ(to_string(Stream{3, kCpu}), "Stream(Device(cpu, 0), 3)");
}

}  // namespace
}  // namespace tandem
