// What the scheduler needs of the world, under a test's control: an executor, a CPU, GPUs that
// finish work only when told to, and work made of functions.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tandem/runtime/scheduler.h"

namespace tandem::runtime::testing {

using device::Point;

class Executor {
 public:
  explicit Executor(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Executor() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Spawn spawn() {
    return [this](std::function<void()> task) {
      {
        const std::lock_guard lock(mutex_);
        tasks_.push_back(std::move(task));
        ++spawned_;
      }
      changed_.notify_one();
    };
  }
  int spawned() {
    const std::lock_guard lock(mutex_);
    return spawned_;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  int spawned_ = 0;
  std::vector<std::thread> threads_;
};

// The slots of a Backend that the scheduler never uses.
class FakeBackend : public device::Backend {
 public:
  FakeBackend(Device device, bool runs_inline, bool simulated) : device_(device) {
    capabilities_.runs_inline = runs_inline;
    capabilities_.simulated = simulated;
  }
  Device device() const override { return device_; }
  const device::Capabilities& capabilities() const override { return capabilities_; }
  void* allocate(size_t) override { return nullptr; }
  void release(void*, size_t) override {}
  void launch(device::Queue&, const device::Executable&, const device::LaunchArguments&) override {}
  void copy(device::Queue&, device::CopyDirection, void*, const void*, size_t) override {}
  void fill(device::Queue&, void*, size_t, uint8_t) override {}

 private:
  Device device_;
  device::Capabilities capabilities_;
};

class FakeCpu : public FakeBackend {
 public:
  struct Queue : device::Queue {
    explicit Queue(std::atomic<int>& count) : count_(count) { ++count_; }
    ~Queue() override { --count_; }
    std::atomic<int>& count_;
  };

  FakeCpu() : FakeBackend({DeviceType::cpu, 0}, /*runs_inline=*/true, /*simulated=*/false) {}
  std::unique_ptr<device::Queue> create_queue(
      uint16_t, device::Timeline&, std::function<void(uint64_t, std::exception_ptr)>) override {
    return std::make_unique<Queue>(queues);
  }
  void wait(device::Queue&, Point) override {}
  void finish(device::Queue&, uint64_t) override {}

  std::atomic<int> queues{0};
};

// Finishes the oldest piece of a queue when `step` is called and the waits of the piece are
// reached.
class FakeGpu : public FakeBackend {
 public:
  struct Piece {
    std::vector<Point> waits;
    std::vector<std::function<void()>> body;
    uint64_t sequence = 0;
    std::exception_ptr failure;
  };
  struct Queue : device::Queue {
    Queue(FakeGpu& owner, uint16_t id, device::Timeline& line)
        : gpu(owner), stream(id), timeline(line) {}
    ~Queue() override {
      const std::lock_guard lock(gpu.mutex_);
      std::erase(gpu.queues_, this);
    }
    // Runs `f` on the device, as a part of the open piece.
    void enqueue(std::function<void()> f) {
      const std::lock_guard lock(gpu.mutex_);
      open.body.push_back(std::move(f));
    }
    // The open piece will fail on the device.
    void fail_later(std::exception_ptr error) {
      const std::lock_guard lock(gpu.mutex_);
      open.failure = std::move(error);
    }
    FakeGpu& gpu;
    uint16_t stream;
    device::Timeline& timeline;
    std::function<void(uint64_t, std::exception_ptr)> on_failure;
    Piece open;
    std::deque<Piece> pieces;
    bool busy = false;
  };

  // `silent`: writes its done-words as hardware does, without telling the timeline.
  explicit FakeGpu(int index, bool simulated = true, bool silent = false)
      : FakeBackend({DeviceType::gpu, index}, /*runs_inline=*/false, simulated), silent_(silent) {}

  std::unique_ptr<device::Queue> create_queue(
      uint16_t stream, device::Timeline& timeline,
      std::function<void(uint64_t, std::exception_ptr)> on_failure) override {
    auto queue = std::make_unique<Queue>(*this, stream, timeline);
    queue->on_failure = std::move(on_failure);
    const std::lock_guard lock(mutex_);
    queues_.push_back(queue.get());
    return queue;
  }
  void wait(device::Queue& queue, Point point) override {
    const std::lock_guard lock(mutex_);
    static_cast<Queue&>(queue).open.waits.push_back(point);
  }
  void finish(device::Queue& base, uint64_t sequence) override {
    auto& queue = static_cast<Queue&>(base);
    const std::lock_guard lock(mutex_);
    queue.open.sequence = sequence;
    queue.pieces.push_back(std::exchange(queue.open, {}));
    changed_.notify_all();
  }

  // Pieces that were handed over and are not finished.
  size_t pending(uint16_t stream) {
    const std::lock_guard lock(mutex_);
    for (Queue* queue : queues_) {
      if (queue->stream == stream) return queue->pieces.size();
    }
    return 0;
  }
  // Waits until a piece lies in the queue.
  void await_piece(uint16_t stream) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return std::any_of(queues_.begin(), queues_.end(), [&](Queue* queue) {
        return queue->stream == stream && !queue->pieces.empty();
      });
    });
  }

  // Finishes the oldest piece of a stream; false when there is none or it waits. At most one call
  // per stream at a time.
  bool step(uint16_t stream) {
    Queue* queue = nullptr;
    Piece piece;
    {
      const std::lock_guard lock(mutex_);
      for (Queue* candidate : queues_) {
        if (candidate->stream == stream) queue = candidate;
      }
      if (!queue || queue->pieces.empty()) return false;
      for (const Point point : queue->pieces.front().waits) {
        if (!queue->timeline.reached(point)) return false;
      }
      piece = std::move(queue->pieces.front());
      queue->pieces.pop_front();
    }
    for (auto& f : piece.body) f();
    if (piece.failure) queue->on_failure(piece.sequence, piece.failure);
    if (silent_) {
      queue->timeline.done_word(stream).store(piece.sequence, std::memory_order_release);
    } else {
      queue->timeline.advance(Point(stream, piece.sequence));
    }
    return true;
  }

 private:
  bool silent_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Queue*> queues_;
};

// Work made of a function; counts how it ended.
class FunctionWork : public Work {
 public:
  explicit FunctionWork(std::function<void(device::Queue&)> f) : f_(std::move(f)) {}
  void run(device::Queue& queue) override { f_(queue); }
  void fail(std::exception_ptr error) noexcept override {
    ++failures;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& e) {
      message = e.what();
    }
    if (timeline && timeline->reached(point)) failed_late = true;
  }

  std::atomic<int> failures{0};
  std::string message;
  // When set, `fail` checks that `point` is not reached yet.
  device::Timeline* timeline = nullptr;
  Point point;
  bool failed_late = false;

 private:
  std::function<void(device::Queue&)> f_;
};

inline Ref<Work> make_work(std::function<void()> f = [] {}) {
  return Ref<Work>(new FunctionWork([f = std::move(f)](device::Queue&) { f(); }));
}

// Work that a FakeGpu carries out when it is stepped.
inline Ref<Work> gpu_work(std::function<void()> f = [] {}) {
  return Ref<Work>(new FunctionWork([f = std::move(f)](device::Queue& queue) {
    static_cast<FakeGpu::Queue&>(queue).enqueue(f);
  }));
}

// Values in the order in which they were added, from any thread.
class Log {
 public:
  void add(std::string text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
  }
  std::vector<std::string> texts() {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> texts_;
};

}  // namespace tandem::runtime::testing
