// Work that holds a CPU stream until a test opens the latch, and work that fails.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "tandem/engine/engine.h"

namespace tandem {

class Latch {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class LatchWork final : public runtime::Work {
 public:
  explicit LatchWork(std::shared_ptr<Latch> latch) : latch_(std::move(latch)) {}
  void run(device::Queue&) override { latch_->wait(); }
  void fail(std::exception_ptr) noexcept override {}

 private:
  std::shared_ptr<Latch> latch_;
};

// What is submitted to the CPU stream from here on runs after the latch is opened; a worker is
// parked on it.
inline void hold_stream(const Stream& stream, std::shared_ptr<Latch> latch) {
  engine::Engine::instance().scheduler().submit(static_cast<uint16_t>(stream.index),
                                                Ref<runtime::Work>(new LatchWork(std::move(latch))),
                                                {}, runtime::Urgency::asynchronous);
}

}  // namespace tandem
