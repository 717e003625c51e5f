// A simulated machine with one GPU or several, queues that remember their failures, and small
// programs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tandem/backends/simulated/executable.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/base/error.h"

namespace tandem::backends::simulated {

using device::CopyDirection;
using device::Point;

inline SimulatedOptions small_gpu() {
  SimulatedOptions options;
  options.memory_bytes = size_t{16} << 20;
  return options;
}

class Rig {
 public:
  explicit Rig(SimulatedOptions options = small_gpu(), int count = 1) {
    options.machine = make_machine();
    for (int index = 0; index < count; ++index) {
      gpus_.push_back(make_simulated_backend(index, options));
    }
  }
  ~Rig() { queues_.clear(); }

  device::Timeline timeline;

  device::Backend& gpu(int index = 0) { return *gpus_[static_cast<size_t>(index)]; }
  SimulatedControls& control(int index = 0) { return controls(gpu(index)); }

  // Makes the queue of a stream on first use.
  device::Queue& queue(uint16_t stream, int index = 0) {
    auto& made = queues_[stream];
    if (made == nullptr) {
      made = gpu(index).create_queue(stream, timeline,
                                     [this, stream](uint64_t sequence, std::exception_ptr error) {
                                       note_failure({stream, sequence}, error);
                                     });
    }
    return *made;
  }
  void drop_queue(uint16_t stream) { queues_.erase(stream); }

  float* floats(size_t count, int index = 0) {
    void* const data = gpu(index).allocate(count * sizeof(float));
    EXPECT_NE(data, nullptr);
    return static_cast<float*>(data);
  }

  // out[i] = in[i] + 1
  void increment(uint16_t stream, const float* in, float* out, size_t count,
                 const char* label = "increment", int index = 0) {
    static const SimulatedExecutable executable(
        Program{[](const device::LaunchArguments& a) {
                  const auto* from = static_cast<const float*>(a.buffers[0].data);
                  auto* to = static_cast<float*>(a.buffers[1].data);
                  for (int64_t i = 0; i < a.extents[0]; ++i) to[i] = from[i] + 1;
                },
                {Dtype::float32, Dtype::float32},
                nullptr,
                false,
                nullptr});
    const int64_t extents[] = {static_cast<int64_t>(count)};
    const int64_t strides[] = {1};
    const device::BufferArgument buffers[] = {
        {const_cast<float*>(in), strides, 0, 0, bytes_at(in), bytes_at(in + count), false},
        {out, strides, 0, 0, bytes_at(out), bytes_at(out + count), true}};
    gpu(index).launch(queue(stream, index), executable, {extents, buffers, {}, label});
  }

  void to_device(uint16_t stream, float* target, const std::vector<float>& source, int index = 0) {
    gpu(index).copy(queue(stream, index), CopyDirection::host_to_device, target, source.data(),
                    source.size() * sizeof(float));
  }
  // A copy may read its source later.
  void to_device(uint16_t, float*, std::vector<float>&&, int = 0) = delete;
  void to_host(uint16_t stream, std::vector<float>& target, const float* source, int index = 0) {
    gpu(index).copy(queue(stream, index), CopyDirection::device_to_host, target.data(), source,
                    target.size() * sizeof(float));
  }

  Point finish(uint16_t stream, int index = 0) {
    const uint64_t sequence = ++sequences_[stream];
    gpu(index).finish(queue(stream, index), sequence);
    return {stream, sequence};
  }
  void await(Point point) {
    ASSERT_TRUE(timeline.wait(point, std::chrono::seconds(60))) << "stream " << point.stream();
  }
  void finish_and_await(uint16_t stream, int index = 0) { await(finish(stream, index)); }

  // Texts of the failures of a stream, in order; with the sequence that failed.
  std::vector<std::pair<uint64_t, std::string>> failures(uint16_t stream) {
    const std::lock_guard lock(mutex_);
    return failures_[stream];
  }
  std::string failure(uint16_t stream) {
    const auto all = failures(stream);
    return all.empty() ? "" : all.front().second;
  }

 private:
  static const std::byte* bytes_at(const void* data) { return static_cast<const std::byte*>(data); }

  void note_failure(Point point, const std::exception_ptr& error) {
    EXPECT_FALSE(timeline.reached(point)) << "a failure is told before the done-word passes";
    const std::lock_guard lock(mutex_);
    try {
      std::rethrow_exception(error);
    } catch (const Error& caught) {
      failures_[point.stream()].emplace_back(point.sequence(), caught.what());
    }
  }

  std::vector<std::unique_ptr<device::Backend>> gpus_;
  std::mutex mutex_;
  std::map<uint16_t, std::vector<std::pair<uint64_t, std::string>>> failures_;
  std::map<uint16_t, uint64_t> sequences_;
  std::map<uint16_t, std::unique_ptr<device::Queue>> queues_;
};

}  // namespace tandem::backends::simulated
