// What every device::Backend and its Compiler must do. A backend's test includes this header and
// instantiates BackendConformance with a way to make them:
//   INSTANTIATE_TEST_SUITE_P(Cpu, BackendConformance, ::testing::Values(BackendUnderTest{...}));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "tandem/base/error.h"
#include "tandem/device/backend.h"
#include "tandem/kernel/builder.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends {

struct BackendUnderTest {
  std::string name;
  std::function<std::unique_ptr<device::Backend>()> make_backend;
  std::function<std::unique_ptr<kernel::Compiler>()> make_compiler;
};

inline void PrintTo(const BackendUnderTest& backend, std::ostream* out) { *out << backend.name; }

class BackendConformance : public ::testing::TestWithParam<BackendUnderTest> {
 protected:
  static constexpr uint16_t kStream = 3;

  BackendConformance()
      : backend_(GetParam().make_backend()), compiler_(GetParam().make_compiler()) {}

  // Device memory with the life of the test.
  template <class T>
  T* device_array(int64_t count) {
    const size_t bytes = static_cast<size_t>(count) * sizeof(T);
    void* data = backend_->allocate(bytes);
    EXPECT_NE(data, nullptr);
    allocations_.push_back({data, bytes});
    return static_cast<T*>(data);
  }

  std::unique_ptr<device::Queue> queue(uint16_t stream = kStream) {
    return backend_->create_queue(
        stream, timeline_, [this](uint64_t, const std::exception_ptr&) { failures_.fetch_add(1); });
  }

  // Copies from memory that stays in place to the end of the test.
  template <class T>
  void send(device::Queue& queue, T* target, std::vector<T> source) {
    const auto kept = std::make_shared<const std::vector<T>>(std::move(source));
    {
      const std::lock_guard lock(mutex_);
      sources_.push_back(kept);
    }
    backend_->copy(queue, device::CopyDirection::host_to_device, target, kept->data(),
                   kept->size() * sizeof(T));
  }

  template <class T>
  void fetch(device::Queue& queue, std::vector<T>& target, const T* source) {
    backend_->copy(queue, device::CopyDirection::device_to_host, target.data(), source,
                   target.size() * sizeof(T));
  }

  // Ends a piece of work and waits for it.
  void finish_and_wait(device::Queue& queue, uint64_t sequence, uint16_t stream = kStream) {
    backend_->finish(queue, sequence);
    ASSERT_TRUE(timeline_.wait(device::Point(stream, sequence), std::chrono::minutes(1)));
  }

  template <class T>
  static device::BufferArgument buffer(T* data, int64_t count, const int64_t* strides,
                                       bool written = false) {
    device::BufferArgument result;
    result.data = const_cast<std::remove_const_t<T>*>(data);
    result.strides = strides;
    result.range_begin = reinterpret_cast<const std::byte*>(data);
    result.range_end = reinterpret_cast<const std::byte*>(data + count);
    result.written = written;
    return result;
  }

  // out = x + y over `count` float32 elements.
  void launch_add(device::Queue& queue, const device::Executable& add, const float* x,
                  const float* y, float* out, int64_t count) {
    const int64_t extents[] = {count};
    const int64_t strides[] = {1};
    const device::BufferArgument buffers[] = {buffer(x, count, strides), buffer(y, count, strides),
                                              buffer(out, count, strides, true)};
    backend_->launch(queue, add, {extents, buffers, {}});
  }

  std::shared_ptr<device::Executable> compile_add() {
    kernel::Builder builder(1);
    const uint16_t x = builder.input(Dtype::float32);
    const uint16_t y = builder.input(Dtype::float32);
    const uint16_t out = builder.output(Dtype::float32);
    builder.store(out, builder.binary(kernel::Op::add, builder.load(x), builder.load(y)));
    return compiler_->compile(builder.finish());
  }

  void TearDown() override {
    for (const auto& [data, bytes] : allocations_) backend_->release(data, bytes);
    EXPECT_EQ(failures_.load(), 0);
  }

  static std::vector<float> ramp(int64_t count, float first) {
    std::vector<float> values(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), first);
    return values;
  }

  device::Timeline timeline_;
  std::unique_ptr<device::Backend> backend_;
  std::unique_ptr<kernel::Compiler> compiler_;
  std::vector<std::pair<void*, size_t>> allocations_;
  std::atomic<int> failures_ = 0;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const void>> sources_;
};

TEST_P(BackendConformance, says_what_it_is) {
  const device::Capabilities& capabilities = backend_->capabilities();
  EXPECT_FALSE(capabilities.name.empty());
  if (capabilities.simulated) {
    EXPECT_THAT(capabilities.name, ::testing::ContainsRegex("[Ss]imulated"));
  }
  if (!capabilities.shares_host_memory) {
    EXPECT_GT(capabilities.memory_bytes, 0U);
  }
  if (capabilities.runs_inline) {
    EXPECT_EQ(backend_->device().type, DeviceType::cpu);
  }
}

TEST_P(BackendConformance, memory_is_aligned_and_disjoint) {
  std::vector<std::pair<uintptr_t, size_t>> blocks;
  for (const int64_t bytes : {1, 255, 256, 257, 100000, 1 << 20}) {
    blocks.push_back(
        {reinterpret_cast<uintptr_t>(device_array<std::byte>(bytes)), static_cast<size_t>(bytes)});
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(blocks[i].first % 256, 0U);
    for (size_t j = 0; j < i; ++j) {
      EXPECT_TRUE(blocks[i].first + blocks[i].second <= blocks[j].first ||
                  blocks[j].first + blocks[j].second <= blocks[i].first);
    }
  }
}

TEST_P(BackendConformance, no_memory_left_is_a_null_pointer) {
  EXPECT_EQ(backend_->allocate(size_t{1} << 60), nullptr);
  EXPECT_EQ(backend_->allocate(~size_t{0}), nullptr);
}

TEST_P(BackendConformance, copies_in_every_direction) {
  const auto work = queue();
  uint64_t sequence = 0;
  for (const int64_t count : {1, 63, 4096, 1'000'003}) {
    const std::vector<float> source = ramp(count, 1);
    std::vector<float> result(source.size(), 0);
    float* first = device_array<float>(count);
    float* second = device_array<float>(count);
    send(*work, first, source);
    backend_->copy(*work, device::CopyDirection::device_to_device, second, first,
                   source.size() * sizeof(float));
    fetch(*work, result, second);
    finish_and_wait(*work, ++sequence);
    EXPECT_EQ(result, source);
  }
}

TEST_P(BackendConformance, empty_copies_and_fills_do_nothing) {
  const auto work = queue();
  float* data = device_array<float>(4);
  std::vector<float> result(4);
  send(*work, data, ramp(4, 5));
  backend_->copy(*work, device::CopyDirection::host_to_device, data, result.data(), 0);
  backend_->fill(*work, data, 0, 9);
  fetch(*work, result, data);
  finish_and_wait(*work, 1);
  EXPECT_EQ(result, ramp(4, 5));
}

TEST_P(BackendConformance, fills_exactly_its_bytes) {
  const auto work = queue();
  const int64_t count = 3 << 20;
  auto* data = device_array<uint8_t>(count);
  backend_->fill(*work, data, static_cast<size_t>(count), 7);
  backend_->fill(*work, data + 5, static_cast<size_t>(count) - 11, 200);
  std::vector<uint8_t> result(static_cast<size_t>(count));
  fetch(*work, result, data);
  finish_and_wait(*work, 1);
  std::vector<uint8_t> expected(result.size(), 200);
  std::fill(expected.begin(), expected.begin() + 5, uint8_t{7});
  std::fill(expected.end() - 6, expected.end(), uint8_t{7});
  EXPECT_EQ(result, expected);
}

TEST_P(BackendConformance, done_word_follows_finished_pieces) {
  const auto work = queue();
  auto* data = device_array<uint8_t>(1000);
  EXPECT_EQ(timeline_.done_word(kStream).load(), 0U);
  for (uint64_t sequence = 1; sequence <= 100; ++sequence) {
    backend_->fill(*work, data, 1000, static_cast<uint8_t>(sequence));
    backend_->finish(*work, sequence);
    EXPECT_LE(timeline_.done_word(kStream).load(), sequence);
  }
  ASSERT_TRUE(timeline_.wait(device::Point(kStream, 100), std::chrono::minutes(1)));
  EXPECT_EQ(timeline_.done_word(kStream).load(), 100U);
  EXPECT_EQ(timeline_.done_word(kStream + 1).load(), 0U);
}

TEST_P(BackendConformance, work_on_a_queue_keeps_its_order) {
  const auto work = queue();
  const auto add = compile_add();
  const int64_t count = 10000;
  float* x = device_array<float>(count);
  float* total = device_array<float>(count);
  send(*work, x, ramp(count, 0));
  backend_->fill(*work, total, static_cast<size_t>(count) * sizeof(float), 0);
  for (int i = 0; i < 50; ++i) launch_add(*work, *add, x, total, total, count);
  std::vector<float> result(static_cast<size_t>(count));
  fetch(*work, result, total);
  finish_and_wait(*work, 1);
  for (int64_t i = 0; i < count; ++i) {
    ASSERT_EQ(result[static_cast<size_t>(i)], 50 * static_cast<float>(i));
  }
}

TEST_P(BackendConformance, launch_arguments_may_die_once_launch_returns) {
  const auto work = queue();
  const auto add = compile_add();
  const int64_t count = 1000;
  float* x = device_array<float>(count);
  float* out = device_array<float>(count);
  send(*work, x, ramp(count, 1));
  {
    std::vector<int64_t> extents = {count};
    std::vector<int64_t> strides = {1};
    std::vector<device::BufferArgument> buffers = {buffer(x, count, strides.data()),
                                                   buffer(x, count, strides.data()),
                                                   buffer(out, count, strides.data(), true)};
    backend_->launch(*work, *add, {extents, buffers, {}});
    extents[0] = -1;
    strides[0] = int64_t{1} << 40;
    buffers[0].data = nullptr;
  }
  std::vector<float> result(static_cast<size_t>(count));
  fetch(*work, result, out);
  finish_and_wait(*work, 1);
  EXPECT_EQ(result[999], 2000.0F);
}

TEST_P(BackendConformance, a_waiting_queue_sees_what_the_other_wrote) {
  const auto producer = queue(1);
  const auto consumer = queue(2);
  const auto add = compile_add();
  const int64_t count = 5000;
  float* x = device_array<float>(count);
  float* out = device_array<float>(count);
  for (uint64_t sequence = 1; sequence <= 20; ++sequence) {
    const std::vector<float> source = ramp(count, static_cast<float>(sequence));
    std::vector<float> result(source.size());
    if (sequence > 1) backend_->wait(*producer, device::Point(2, sequence - 1));
    send(*producer, x, source);
    backend_->finish(*producer, sequence);
    backend_->wait(*consumer, device::Point(1, sequence));
    launch_add(*consumer, *add, x, x, out, count);
    fetch(*consumer, result, out);
    finish_and_wait(*consumer, sequence, 2);
    ASSERT_EQ(result[10], 2 * source[10]);
  }
}

TEST_P(BackendConformance, the_default_point_never_holds_a_queue) {
  const auto work = queue();
  backend_->wait(*work, device::Point());
  finish_and_wait(*work, 1);
}

TEST_P(BackendConformance, queues_of_several_threads) {
  const auto add = compile_add();
  const int64_t count = 2000;
  std::vector<float*> arrays;
  for (int i = 0; i < 4; ++i) arrays.push_back(device_array<float>(count));
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (uint16_t id = 0; id < 4; ++id) {
    threads.emplace_back([&, id] {
      const auto stream = static_cast<uint16_t>(10 + id);
      const auto work = queue(stream);
      const std::vector<float> source = ramp(count, id);
      std::vector<float> result(source.size());
      send(*work, arrays[id], source);
      for (int i = 0; i < 5; ++i) {
        launch_add(*work, *add, arrays[id], arrays[id], arrays[id], count);
      }
      fetch(*work, result, arrays[id]);
      backend_->finish(*work, 1);
      if (!timeline_.wait(device::Point(stream, 1), std::chrono::minutes(1))) return;
      right += result.back() == 32 * source.back();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right.load(), 4);
}

TEST_P(BackendConformance, matmul_by_name) {
  const auto work = queue();
  const auto matmul =
      compiler_->library({"matmul", {Dtype::float32, Dtype::float32, Dtype::float32}, 3});
  float* a = device_array<float>(2 * 3);
  float* b = device_array<float>(3 * 2);
  float* out = device_array<float>(2 * 2);
  send(*work, a, {1, 2, 3, 4, 5, 6});
  send(*work, b, {1, 2, 3, 4, 5, 6});
  const int64_t extents[] = {2, 2, 3};
  const int64_t a_strides[] = {3, 0, 1};
  const int64_t b_strides[] = {0, 1, 2};
  const int64_t out_strides[] = {2, 1, 0};
  const device::BufferArgument buffers[] = {buffer(a, 6, a_strides), buffer(b, 6, b_strides),
                                            buffer(out, 4, out_strides, true)};
  backend_->launch(*work, *matmul, {extents, buffers, {}});
  std::vector<float> result(4);
  fetch(*work, result, out);
  finish_and_wait(*work, 1);
  EXPECT_EQ(result, (std::vector<float>{22, 28, 49, 64}));
}

TEST_P(BackendConformance, a_library_call_nobody_serves_is_a_device_error) {
  const auto text_of = [&](const kernel::LibraryCall& call) -> std::string {
    try {
      compiler_->library(call);
    } catch (const DeviceError& error) {
      return error.what();
    }
    return "no DeviceError";
  };
  EXPECT_THAT(text_of({"transmogrify", {Dtype::float32}, 1}),
              ::testing::StartsWith("[transmogrify] "));
  const std::string refused = text_of({"matmul", {Dtype::bool_, Dtype::bool_, Dtype::bool_}, 3});
  EXPECT_THAT(refused, ::testing::StartsWith("[matmul] no implementation for bool: "));
  EXPECT_THAT(refused, ::testing::HasSubstr("; "));
}

}  // namespace tandem::backends
