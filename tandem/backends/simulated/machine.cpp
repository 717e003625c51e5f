#include "tandem/backends/simulated/machine.h"

#include <unistd.h>

#include <algorithm>

#include "tandem/base/check.h"

namespace tandem::backends::simulated {
namespace {

constexpr size_t kMostModelFinishes = 4096;

}  // namespace

Machine::Machine() : process_(static_cast<int>(getpid())) {}

Machine::~Machine() {
  if (!director_.joinable()) return;
  if (is_child()) {
    director_.detach();
    return;
  }
  {
    const std::lock_guard lock(mutex);
    director_stops_ = true;
  }
  director_work_.notify_all();
  director_.join();
}

bool Machine::is_child() const { return static_cast<int>(getpid()) != process_; }

void Machine::check_process() const {
  TANDEM_USER(!is_child(), DeviceError, "simulated gpu",
              "a GPU cannot be used after fork: got process {}, expected process {}, which made it",
              getpid(), process_);
}

void Machine::add_device(DeviceState& device) {
  const std::lock_guard lock(mutex);
  devices_.push_back(&device);
  std::sort(devices_.begin(), devices_.end(),
            [](const auto* a, const auto* b) { return a->index < b->index; });
  if (device.options.adversarial) {
    start_director(device.options.seed);
    return;
  }
  for (const Engine engine : {Engine::compute, Engine::copy_in, Engine::copy_out}) {
    device.threads.emplace_back([this, &device, engine] { run_engine(device, engine); });
  }
}

void Machine::start_director(uint64_t seed) {
  if (director_.joinable()) return;
  random_.seed(seed);
  director_ = std::thread([this] { run_director(); });
}

void Machine::remove_device(DeviceState& device) {
  if (is_child()) {
    for (std::thread& thread : device.threads) thread.detach();
    return;
  }
  {
    const std::lock_guard lock(mutex);
    std::erase(devices_, &device);
    device.stopping = true;
    device.work.notify_all();
  }
  for (std::thread& thread : device.threads) thread.join();
}

void Machine::add_queue(SimulatedQueue& queue) {
  const std::lock_guard lock(mutex);
  TANDEM_CHECK(queues_.empty() || timeline_ == &queue.timeline,
               "the queues of one machine belong to one timeline");
  TANDEM_CHECK(!queues_.contains(queue.stream), "stream {} has two queues", queue.stream);
  timeline_ = &queue.timeline;
  queue.last_finish = queue.timeline.done_word(queue.stream).load(std::memory_order_acquire);
  queues_.emplace(queue.stream, &queue);
  queue.device.queues.push_back(&queue);
}

void Machine::remove_queue(SimulatedQueue& queue) {
  if (is_child()) return;
  std::unique_lock lock(mutex);
  ++draining_;
  wake_all();
  queue.empty.wait(lock, [&] {
    head_of(queue);  // takes waits that are over out of the way
    return queue.operations.empty() && !queue.busy;
  });
  if (--draining_ == 0) paused_ = false;
  queues_.erase(queue.stream);
  std::erase(queue.device.queues, &queue);
}

DeviceState* Machine::owner_of(const void* address) {
  for (DeviceState* const device : devices_) {
    if (device->memory.owns(address)) return device;
  }
  return nullptr;
}

SimulatedQueue* Machine::queue_of(uint16_t stream) {
  const auto it = queues_.find(stream);
  return it == queues_.end() ? nullptr : it->second;
}

int64_t Machine::model_end_of(device::Point point) {
  const SimulatedQueue* const queue = queue_of(point.stream());
  if (queue == nullptr) return 0;
  const auto& ends = queue->model_finishes;
  const auto it =
      std::lower_bound(ends.begin(), ends.end(), point.sequence(),
                       [](const auto& e, uint64_t sequence) { return e.first < sequence; });
  return it == ends.end() ? 0 : it->second;
}

void Machine::push(SimulatedQueue& queue, Operation operation, int64_t duration_ns) {
  DeviceState& device = queue.device;
  operation.order = ++next_order_;
  last_submission_ = std::chrono::steady_clock::now();
  if (operation.kind == Operation::Kind::wait) {
    queue.model_ready_ns = std::max(queue.model_ready_ns, model_end_of(operation.point));
  } else if (operation.kind == Operation::Kind::finish) {
    queue.model_finishes.emplace_back(operation.point.sequence(), queue.model_ready_ns);
    if (queue.model_finishes.size() > kMostModelFinishes) queue.model_finishes.pop_front();
  } else {
    int64_t earliest = queue.model_ready_ns;
    if (device.options.pacing) {
      const auto now = std::chrono::nanoseconds(last_submission_ - made).count();
      earliest = std::max<int64_t>(earliest, now);
    }
    auto& calendar = device.calendars[static_cast<size_t>(operation.engine)];
    operation.model_begin_ns = calendar.place(earliest, duration_ns);
    operation.model_end_ns = operation.model_begin_ns + duration_ns;
    queue.model_ready_ns = operation.model_end_ns;
  }
  queue.operations.push_back(std::move(operation));
  if (device.options.adversarial) {
    director_work_.notify_all();
  } else if (queue.operations.size() == 1) {
    device.work.notify_all();  // else whoever ends the operation before looks again
  }
}

void Machine::wake_all() {
  for (DeviceState* const device : devices_) device->work.notify_all();
  director_work_.notify_all();
}

void Machine::pause() {
  const std::lock_guard lock(mutex);
  paused_ = true;
}

void Machine::resume() {
  const std::lock_guard lock(mutex);
  paused_ = false;
  wake_all();
}

void Machine::record_steps() {
  const std::lock_guard lock(mutex);
  recording_ = true;
  steps_.clear();
}

std::vector<std::string> Machine::steps() {
  const std::lock_guard lock(mutex);
  return steps_;
}

void Machine::note_step(const SimulatedQueue& queue, const Operation& operation, const char* part) {
  if (!recording_) return;
  steps_.push_back(fmt::format("stream {}: {}{}", queue.stream, operation.label, part));
}

}  // namespace tandem::backends::simulated
