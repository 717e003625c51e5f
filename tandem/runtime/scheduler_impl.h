// The inside of the Scheduler. One lock per stream, never two at a time; user code (Work, Backend,
// Spawn, interrupted) is never called under one.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "tandem/base/small_vector.h"
#include "tandem/device/stream_table.h"
#include "tandem/device/timeline.h"
#include "tandem/runtime/poller.h"
#include "tandem/runtime/scheduler.h"
#include "tandem/runtime/stream_state.h"
#include "tandem/runtime/workers.h"

namespace tandem::runtime {

using device::Point;
using Lock = std::unique_lock<std::mutex>;
using Interrupted = std::function<bool()>;

struct Scheduler::Impl {
  // Streams whose edge is settled; whoever took them out of a list resumes them.
  using Ready = SmallVector<StreamState*, 8>;

  // What a caller found when it followed the edges from the Point it waits for.
  struct Step {
    bool ran = false;               // it ran some work itself
    bool interrupted = false;       // and was told to stop
    Point blocked_on;               // else: nothing to run before this
    StreamState* parked = nullptr;  // the stream on the way that waits for it

    static Step blocked(Point point, StreamState* parked) { return {false, false, point, parked}; }
  };

  Impl(Spawn spawn, SchedulerOptions options);
  ~Impl();

  // registry.cpp: streams come and go
  StreamState& state(uint16_t stream) const;  // any stream ever made
  StreamState& state(Point point) const { return state(point.stream()); }
  uint16_t create(device::Backend& backend);
  uint16_t take_id();
  void retire(uint16_t stream);
  void reap();
  std::vector<Point> last_points();
  Counters counters();

  // scheduler.cpp: the way in, waits and the end
  Point submit(uint16_t stream, Ref<Work> work, std::span<const Point> waits, Urgency urgency);
  bool wait(Point point, const Interrupted& interrupted);
  void let_go_finished(Point point);
  bool synchronize(std::span<const Point> points, const Interrupted& interrupted);
  using Deadline = std::chrono::steady_clock::time_point;
  bool drain(Deadline deadline);
  bool stop();

  // run.cpp: the holder of a baton. Each of these is entered with the baton held and gives it up.
  bool run_inline(StreamState& stream, Lock lock, uint64_t until, const Interrupted* interrupted);
  void run_one(StreamState& stream, Lock& lock);
  void pump(StreamState& stream, Lock& lock, Ready& ready);
  void hand_over(StreamState& stream, Item& item);
  void run_scheduled(StreamState& stream);
  void fail(StreamState& stream, uint64_t sequence, std::exception_ptr error) noexcept;
  static void prune(StreamState& stream, const device::Timeline& timeline,
                    std::vector<Ref<Work>>& done);

  // edges.cpp: who waits for whom
  bool between_queues(const StreamState& waiting, const StreamState& awaited) const;
  Point blocker(StreamState& stream);
  bool park(StreamState& stream, Lock& lock, Point blocker);
  Point dispatch(StreamState& stream, Lock& lock, bool self = false);
  static bool is_with_device(const StreamState& stream, device::Point point);
  void kick(Point point);
  void collect(StreamState& stream, Ready& ready) const;
  void resume_all(Ready& ready, bool self = false);
  Step help(Point point, const Interrupted& interrupted);

  // fork.cpp
  void before_fork();
  void after_fork_in_parent();
  void reset_after_fork(Spawn spawn);

  const SchedulerOptions options_;
  device::Timeline timeline_;
  mutable device::StreamTable<StreamState, 16> streams_;
  Workers workers_;
  Poller poller_;

  std::mutex registry_mutex_;  // guards the three below; a stream's lock may be taken under it
  std::set<uint16_t> free_ids_;
  uint32_t next_id_ = 0;
  std::vector<uint16_t> retiring_;

  std::vector<StreamState*> locked_for_fork_;
};

}  // namespace tandem::runtime
