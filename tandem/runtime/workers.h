// Workers: a bounded number of tasks on a foreign executor that run streams nobody is waiting in. A
// task that finds no more streams watches for a moment before it ends, so that bursts pay for no
// wake-up.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "tandem/runtime/scheduler.h"

namespace tandem::runtime {

struct StreamState;

class Workers {
 public:
  Workers(Spawn spawn, int limit, std::function<void(StreamState&)> run);
  ~Workers();

  // Has `stream` run by a worker. `self`: the calling thread is a worker about to look for streams.
  void push(StreamState& stream, bool self);

  // Waits until no task is left; false when `deadline` passed first.
  bool wait_idle(std::chrono::steady_clock::time_point deadline);

  // In the child of a fork: tasks and streams of the parent are forgotten.
  void reset_after_fork(Spawn spawn);

 private:
  struct State;
  void work(State& state);
  StreamState* next(State& state);

  Spawn spawn_;
  int limit_;
  std::function<void(StreamState&)> run_;
  std::unique_ptr<State> state_;
};

}  // namespace tandem::runtime
