// Scheduler: streams of work on all devices and the edges between them. Submitting never waits for
// an edge.
//
// A stream is FIFO. Work on a CPU stream is run by the thread that holds the stream's baton: a
// caller who waits for the work takes the baton if it is free, otherwise a pool worker runs it.
// Work on a device stream is "run" by handing it to the backend's queue, in FIFO order, once every
// host-side wait (a Point of a CPU stream, or of device work not yet handed over) is settled; waits
// between queues of one backend kind become backend waits. A stream whose head waits is parked; the
// thread that finishes the awaited work resumes it; Points written by devices are watched by a poll
// list and one waiter thread. Workers never block on an edge.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "tandem/base/ref.h"
#include "tandem/device/backend.h"
#include "tandem/device/ids.h"
#include "tandem/device/timeline.h"

namespace tandem::runtime {

// One piece of work of a stream (a plan segment, a transfer).
class Work : public RefCounted<Work> {
 public:
  virtual ~Work() = default;
  // CPU stream: does the work. Device stream: submits to `queue`; the scheduler then ends the piece
  // with Backend::finish. May throw: then `fail` follows.
  virtual void run(device::Queue& queue) = 0;
  // Called once if run threw or the device reported a failure, before the Point is reached.
  virtual void fail(std::exception_ptr error) noexcept = 0;
};

enum class Urgency : uint8_t {
  caller_waits,  // the submitting thread is about to wait: leave CPU work for it if its stream is
                 // idle
  asynchronous,  // start at once on a worker
};

// Runs a task on a thread of its own choice, now or later; tasks never wait for an edge.
using Spawn = std::function<void(std::function<void()> task)>;

struct SchedulerOptions {
  int max_workers = 0;  // tasks given to `spawn` at a time; 0: max(4, hardware threads)
  std::chrono::milliseconds drain_timeout{10000};
};

// A CPU stream is one whose backend says runs_inline; all others are device streams.
class Scheduler {
 public:
  explicit Scheduler(Spawn spawn, SchedulerOptions options = {});
  // Runs what was submitted and waits for it, up to drain_timeout; when that passes, what still
  // runs is left behind with the memory it needs.
  ~Scheduler();

  device::Timeline& timeline();

  // A new stream on `backend`'s device, which must outlive the scheduler. Ids are recycled, lowest
  // first free, after a retired stream has drained; the sequence goes on, so that old Points stay
  // reached. Never 65535.
  uint16_t create_stream(device::Backend& backend);
  // No more work will be submitted. Does not wait; what was submitted still runs.
  void retire_stream(uint16_t stream);
  Device device_of(uint16_t stream) const;

  // Reserves the next Point of a stream and queues the work behind `waits`. Submissions of one
  // thread to several streams keep a global topological order: a wait names a Point already
  // submitted. Work given as caller_waits on a CPU stream may lie there until somebody waits for
  // it, or until asynchronous work needs it.
  device::Point submit(uint16_t stream, Ref<Work> work, std::span<const device::Point> waits,
                       Urgency urgency);

  // The Point that the next submit to `stream` will return; stable while the caller holds the
  // engine lock.
  device::Point next_point(uint16_t stream) const;
  device::Point last_point(uint16_t stream) const;

  // Blocks until the Point is reached: runs the stream itself when its baton is free, else spins,
  // then sleeps. Every 20 ms, and between pieces of work that it runs itself, calls `interrupted`;
  // when that returns true the wait is abandoned (the work goes on elsewhere) and wait returns
  // false. `interrupted` must not throw.
  bool wait(device::Point point, const std::function<bool()>& interrupted = {});

  // Waits for all work submitted so far to a stream, or to all.
  bool synchronize(uint16_t stream, const std::function<bool()>& interrupted = {});
  bool synchronize_all(const std::function<bool()>& interrupted = {});

  // Lets other threads do all work submitted so far and waits for that, up to `timeout`; false when
  // it passes. The caller runs nothing itself: what hangs does not hang the caller.
  bool drain(std::chrono::duration<double> timeout);

  // Around fork(), for pthread_atfork. The child starts with all streams idle: work that was in
  // flight has failed there and its Points are reached, device streams refuse more work, tasks go
  // to `spawn`.
  void before_fork();
  void after_fork_in_parent();
  void reset_after_fork(Spawn spawn);

  struct Counters {
    uint64_t submitted = 0;      // pieces of work
    uint64_t run_by_caller = 0;  // CPU work run on the waiting thread
    uint64_t run_by_worker = 0;
    uint64_t handed_to_device = 0;
    uint64_t parked = 0;        // times a stream had to wait for an edge
    uint64_t device_waits = 0;  // edges that became waits between device queues
  };
  Counters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::runtime
