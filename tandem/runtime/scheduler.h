// Scheduler: streams of work on all devices and the edges between them. Submitting never waits for an edge.
//
// A stream is FIFO. Work on a CPU stream is run by the thread that holds the stream's baton: a caller who
// waits for the work takes the baton if it is free, otherwise a pool worker runs it. Work on a device
// stream is "run" by handing it to the backend's queue, in FIFO order, once every host-side wait (a
// Point of a CPU stream, or of device work not yet handed over) is settled; waits between queues of one backend kind
// become backend waits. A stream whose head waits is parked; the thread that finishes the awaited work resumes it; Points
// written by devices are watched by a poll list and one waiter thread. Workers never block on an edge.
#pragma once

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
  // CPU stream: does the work. Device stream: submits to `queue`. May throw: then `fail` follows.
  virtual void run(device::Queue& queue) = 0;
  // Called once if run threw or the device reported a failure, before the Point is reached.
  virtual void fail(std::exception_ptr error) noexcept = 0;
};

enum class Urgency : uint8_t {
  caller_waits,  // the submitting thread is about to wait: leave CPU work for it if its stream is idle
  asynchronous,  // start at once on a worker
};

class Scheduler {
 public:
  Scheduler();
  ~Scheduler();  // drains with a time-out, then joins

  device::Timeline& timeline();

  // A new stream on `backend`'s device; ids are recycled only after retire_stream has drained.
  uint16_t create_stream(device::Backend& backend);
  void retire_stream(uint16_t stream);
  Device device_of(uint16_t stream) const;

  // Reserves the next Point of a stream and queues the work behind `waits`. Submissions of one thread
  // to several streams keep a global topological order: a wait names a Point already submitted.
  device::Point submit(uint16_t stream, Ref<Work> work, std::span<const device::Point> waits,
                       Urgency urgency);

  // The Point that the next submit to `stream` will return; stable while the caller holds the engine lock.
  device::Point next_point(uint16_t stream) const;
  device::Point last_point(uint16_t stream) const;

  // Blocks until the Point is reached: runs the stream itself when its baton is free, else spins, then
  // sleeps. Every 20 ms, and between pieces of work that it runs itself, calls `interrupted`; when that returns
  // true the wait is abandoned (the work goes on elsewhere) and wait returns false.
  bool wait(device::Point point, const std::function<bool()>& interrupted = {});

  // Waits for all work submitted so far to a stream, or to all.
  bool synchronize(uint16_t stream, const std::function<bool()>& interrupted = {});
  bool synchronize_all(const std::function<bool()>& interrupted = {});

  struct Counters {
    uint64_t submitted = 0;         // pieces of work
    uint64_t run_by_caller = 0;     // CPU work run on the waiting thread
    uint64_t run_by_worker = 0;
    uint64_t handed_to_device = 0;
    uint64_t parked = 0;            // times a stream had to wait for an edge
    uint64_t device_waits = 0;      // edges that became waits between device queues
  };
  Counters counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::runtime
