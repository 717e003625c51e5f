// Poller: one thread that watches Points which a device writes, for parked streams and for sleeping
// callers. The thread starts with the first Point and sleeps while there is none.
#pragma once

#include <functional>
#include <memory>

#include "tandem/device/ids.h"
#include "tandem/device/timeline.h"

namespace tandem::runtime {

struct StreamState;

class Poller {
 public:
  // `resume` is called on the thread for each parked stream whose Point is reached.
  Poller(device::Timeline& timeline, std::function<void(StreamState&)> resume);
  ~Poller();

  // Watches `point` and then resumes `parked`, or only wakes those who sleep on the timeline when
  // null.
  void add(device::Point point, StreamState* parked);

  // Takes a parked stream out of the list; the caller then resumes it. False when it is not there
  // (any more).
  bool claim(device::Point point, StreamState& parked);

  void stop();

  // In the child of a fork: the thread and its list are forgotten.
  void reset_after_fork();

 private:
  struct State;
  void run(State& state);

  device::Timeline& timeline_;
  std::function<void(StreamState&)> resume_;
  std::unique_ptr<State> state_;
};

}  // namespace tandem::runtime
