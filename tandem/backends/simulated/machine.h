// Machine: the simulated GPUs that share memory links and a clock, and the threads that carry out
// their queues. In the order of submission each engine of each device has a thread; adversarially
// one thread takes the next legal step at random, so that a seed repeats what happened.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tandem/backends/simulated/address_space.h"
#include "tandem/backends/simulated/interval_set.h"
#include "tandem/backends/simulated/model_clock.h"
#include "tandem/backends/simulated/queue.h"
#include "tandem/backends/simulated/race_checker.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/device/fault.h"

namespace tandem::backends::simulated {

// One simulated GPU. Guarded by its machine's mutex, but for `memory`, which locks itself.
struct DeviceState {
  DeviceState(int device_index, const SimulatedOptions& from)
      : index(device_index), options(from), memory(from.memory_bytes, from.verify) {}

  const int index;
  const SimulatedOptions options;  // its machine is left out: the machine owns the threads
  AddressSpace memory;
  IntervalSet written;  // bytes that hold something; kept when verifying
  std::array<EngineCalendar, kEngineCount> calendars;
  std::vector<SimulatedQueue*> queues;  // in the order of their making
  SimulatedCounters counters;
  std::array<device::Fault, device::kFaultKindCount> faults;
  std::array<uint64_t, device::kFaultKindCount> occurrences = {};
  uint64_t drop_wait_in = 0;  // 1: the next
  uint64_t drop_copy_in = 0;
  bool stopping = false;
  std::condition_variable work;
  std::vector<std::thread> threads;
};

class Machine : public std::enable_shared_from_this<Machine> {
 public:
  Machine();
  ~Machine();

  void add_device(DeviceState& device);
  void remove_device(DeviceState& device);
  void add_queue(SimulatedQueue& queue);
  void remove_queue(SimulatedQueue& queue);

  // The device that owns an address; null for host memory.
  DeviceState* owner_of(const void* address);

  // Under the mutex: appends work to its queue, books it on the model clock and wakes who will do
  // it.
  void push(SimulatedQueue& queue, Operation operation, int64_t duration_ns);
  // Under the mutex: the queue that carries stream `stream`; null when there is none.
  SimulatedQueue* queue_of(uint16_t stream);
  int64_t model_end_of(device::Point point);

  void pause();
  void resume();
  void record_steps();
  std::vector<std::string> steps();

  // Raises DeviceError in the child of a fork: the threads are not there.
  void check_process() const;

  std::mutex mutex;
  RaceChecker checker;
  const std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();

 private:
  using Time = std::chrono::steady_clock::time_point;

  bool is_child() const;
  void wake_all();
  void run_engine(DeviceState& device, Engine engine);
  void run_director();

  // The following want the mutex.
  bool held() const { return paused_ && draining_ == 0; }
  Operation* head_of(SimulatedQueue& queue);
  SimulatedQueue* pick_in_order(DeviceState& device, Engine engine);
  std::vector<SimulatedQueue*> candidates();
  void start_director(uint64_t seed);
  void note_step(const SimulatedQueue& queue, const Operation& operation, const char* part);
  void complete(SimulatedQueue& queue);

  // Without the mutex; the queue is busy.
  void carry_out(SimulatedQueue& queue, Operation& operation);
  void publish(SimulatedQueue& queue, const Operation& operation);

  std::vector<DeviceState*> devices_;
  std::map<uint16_t, SimulatedQueue*> queues_;
  device::Timeline* timeline_ = nullptr;
  uint64_t next_order_ = 0;
  bool paused_ = false;
  int draining_ = 0;
  Time last_submission_;
  const int process_;

  std::thread director_;
  bool director_stops_ = false;
  std::condition_variable director_work_;
  std::mt19937_64 random_;

  bool recording_ = false;
  std::vector<std::string> steps_;
};

}  // namespace tandem::backends::simulated
