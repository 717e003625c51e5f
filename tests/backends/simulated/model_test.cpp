#include "tandem/device/trace.h"
#include "tests/backends/simulated/support.h"

namespace tandem::backends::simulated {
namespace {

constexpr int64_t kLatency = 10000;

TEST(Model, DurationsFollowFromBytesAndFlops) {
  Model model;
  model.link_bytes_per_second = 1e9;
  model.memory_bytes_per_second = 1e11;
  model.flops_per_second = 1e12;
  EXPECT_EQ(model.copy_ns(0), kLatency);
  EXPECT_EQ(model.copy_ns(5e6), kLatency + 5000000);
  EXPECT_EQ(model.kernel_ns(1e6, 1), kLatency + 10000) << "bound by memory";
  EXPECT_EQ(model.kernel_ns(1, 1e9), kLatency + 1000000) << "bound by arithmetic";
}

TEST(EngineCalendar, BooksTheFirstGapThatIsLongEnough) {
  EngineCalendar calendar;
  EXPECT_EQ(calendar.place(0, 10), 0);
  EXPECT_EQ(calendar.place(0, 10), 10);
  EXPECT_EQ(calendar.place(50, 10), 50);
  EXPECT_EQ(calendar.place(0, 31), 60) << "the gap holds 30";
  EXPECT_EQ(calendar.place(5, 20), 20);
  EXPECT_EQ(calendar.place(0, 10), 40);
  EXPECT_EQ(calendar.place(0, 1), 91);
  EXPECT_EQ(calendar.last_end(), 92);
  EXPECT_EQ(calendar.place(200, 0), 200) << "nothing takes no room";
}

TEST(EngineCalendar, StaysSmallAndNeverBooksTwice) {
  EngineCalendar calendar;
  std::vector<std::pair<int64_t, int64_t>> booked;
  uint64_t random = 1;
  for (int i = 0; i < 3000; ++i) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const auto earliest = static_cast<int64_t>((random >> 40) % 1000000);
    const auto duration = static_cast<int64_t>((random >> 20) % 300 + 1);
    const int64_t start = calendar.place(earliest, duration);
    ASSERT_GE(start, earliest);
    booked.emplace_back(start, start + duration);
  }
  std::sort(booked.begin(), booked.end());
  for (size_t i = 1; i < booked.size(); ++i) ASSERT_LE(booked[i - 1].second, booked[i].first);
}

class ModelTrace : public testing::Test {
 protected:
  ModelTrace() : rig_(options()) { device::Trace::instance().start(); }

  static SimulatedOptions options() {
    SimulatedOptions options = small_gpu();
    options.model.link_bytes_per_second = 1e9;
    options.model.memory_bytes_per_second = 1e9;
    options.model.flops_per_second = 1e15;
    return options;
  }
  std::map<std::string, device::TraceEvent> stop() {
    std::map<std::string, device::TraceEvent> named;
    for (auto& event : device::Trace::instance().stop()) named[event.name] = event;
    return named;
  }

  Rig rig_;
};

TEST_F(ModelTrace, WorkOfAQueueFollowsItself) {
  float* const a = rig_.floats(1000);
  float* const b = rig_.floats(1000);
  std::vector<float> host(1000);
  rig_.to_device(1, a, host);
  rig_.increment(1, a, b, 1000);
  rig_.to_host(1, host, b);
  rig_.finish_and_await(1);
  const auto events = stop();
  ASSERT_EQ(events.size(), 3u);
  const auto& in = events.at("copy host to device");
  const auto& kernel = events.at("increment");
  const auto& out = events.at("copy device to host");
  EXPECT_EQ(in.clock, device::Clock::model);
  EXPECT_EQ(in.kind, device::EventKind::copy);
  EXPECT_EQ(in.device, (Device{DeviceType::gpu, 0}));
  EXPECT_EQ(in.stream, 1);
  EXPECT_EQ(in.begin_ns, 0);
  EXPECT_EQ(in.end_ns, kLatency + 4000);
  EXPECT_EQ(in.bytes, 4000);
  EXPECT_EQ(kernel.kind, device::EventKind::kernel);
  EXPECT_EQ(kernel.begin_ns, in.end_ns);
  EXPECT_EQ(kernel.end_ns, kernel.begin_ns + kLatency + 8000) << "reads and writes 4,000 bytes";
  EXPECT_EQ(kernel.bytes, 8000);
  EXPECT_EQ(out.end_ns, kernel.end_ns + kLatency + 4000);
  EXPECT_EQ(rig_.control().model_end_ns(), out.end_ns);
}

TEST_F(ModelTrace, EnginesOverlapAndQueuesShareThem) {
  float* const a = rig_.floats(1000);
  float* const b = rig_.floats(1000);
  float* const c = rig_.floats(1000);
  const std::vector<float> host(1000);
  std::vector<float> result(1000);
  rig_.control().pause();
  rig_.to_device(1, a, host);
  rig_.gpu().fill(rig_.queue(2), b, 4000, 0);
  rig_.to_host(3, result, c);
  rig_.increment(4, c, rig_.floats(1000), 1000, "behind the fill");
  const Point ends[] = {rig_.finish(1), rig_.finish(2), rig_.finish(3), rig_.finish(4)};
  rig_.control().resume();
  for (const Point point : ends) rig_.await(point);
  const auto events = stop();
  EXPECT_EQ(events.at("copy host to device").begin_ns, 0);
  EXPECT_EQ(events.at("fill").begin_ns, 0);
  EXPECT_EQ(events.at("copy device to host").begin_ns, 0);
  EXPECT_EQ(events.at("behind the fill").begin_ns, events.at("fill").end_ns);
}

TEST_F(ModelTrace, WaitsCarryTheirTimeAlong) {
  float* const a = rig_.floats(1000);
  const std::vector<float> host(1000);
  rig_.to_device(1, a, host);
  rig_.gpu().wait(rig_.queue(2), rig_.finish(1));
  rig_.increment(2, a, rig_.floats(1000), 1000, "after");
  rig_.finish_and_await(2);
  const auto events = stop();
  EXPECT_EQ(events.at("after").begin_ns, events.at("copy host to device").end_ns);
}

TEST(ModelPacing, EventsTakeTheWallTimeTheyClaim) {
  SimulatedOptions options = small_gpu();
  options.pacing = true;
  options.model.latency_seconds = 2e-3;
  Rig rig(options);
  const auto start = std::chrono::steady_clock::now();
  float* const a = rig.floats(16);
  for (int i = 0; i < 3; ++i) rig.gpu().fill(rig.queue(1), a, 64, 0);
  rig.finish_and_await(1);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(6))
      << "a lower bound: the model clock was obeyed";
}

}  // namespace
}  // namespace tandem::backends::simulated
