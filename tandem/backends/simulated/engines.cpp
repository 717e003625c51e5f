// How the machine's threads choose work and carry it out.
#include <cstring>

#include "tandem/backends/simulated/machine.h"
#include "tandem/device/trace.h"

namespace tandem::backends::simulated {
namespace {

// An adversary starts when the program has nothing more to say: after this long without a
// submission, but at the latest after the second figure. Longer finds more, and costs each wait of
// the host that long.
constexpr std::chrono::microseconds kQuiet{150};
constexpr std::chrono::milliseconds kLongestHold{5};

device::EventKind kind_of(const Operation& operation) {
  if (operation.kind == Operation::Kind::copy) return device::EventKind::copy;
  if (operation.kind == Operation::Kind::fill) return device::EventKind::fill;
  return operation.program->library ? device::EventKind::library : device::EventKind::kernel;
}

void trace(const SimulatedQueue& queue, const Operation& operation) {
  device::Trace& trace = device::Trace::instance();
  if (!trace.recording()) return;
  trace.add({kind_of(operation), device::Clock::model, Device{DeviceType::gpu, queue.device.index},
             queue.stream, operation.label, operation.model_begin_ns, operation.model_end_ns,
             operation.traffic, operation.note});
}

}  // namespace

// The operation a queue comes to next; null when it is busy, empty or waits.
Operation* Machine::head_of(SimulatedQueue& queue) {
  if (queue.busy) return nullptr;
  auto& operations = queue.operations;
  while (!operations.empty() && operations.front().kind == Operation::Kind::wait &&
         queue.timeline.reached(operations.front().point)) {
    operations.pop_front();
    if (operations.empty()) queue.empty.notify_all();
  }
  if (operations.empty() || operations.front().kind == Operation::Kind::wait) return nullptr;
  return &operations.front();
}

SimulatedQueue* Machine::pick_in_order(DeviceState& device, Engine engine) {
  if (held()) return nullptr;
  SimulatedQueue* best = nullptr;
  SimulatedQueue* late = nullptr;
  bool others = false;  // a late done-word is written when nothing else can go on
  for (SimulatedQueue* const queue : device.queues) {
    const Operation* const head = head_of(*queue);
    if (head == nullptr) {
      others |= queue->busy;
      continue;
    }
    if (head->kind == Operation::Kind::finish && head->late) {
      late = queue;
      continue;
    }
    others = true;
    if (head->kind != Operation::Kind::finish && head->engine != engine) continue;
    if (best == nullptr || head->order < best->operations.front().order) best = queue;
  }
  return best != nullptr || others ? best : late;
}

// What the adversary may do next, in an order that does not depend on time.
std::vector<SimulatedQueue*> Machine::candidates() {
  std::vector<SimulatedQueue*> ready;
  std::vector<SimulatedQueue*> late;
  for (DeviceState* const device : devices_) {
    if (!device->options.adversarial) continue;
    for (SimulatedQueue* const queue : device->queues) {
      if (const Operation* const head = head_of(*queue))
        (head->late ? late : ready).push_back(queue);
    }
  }
  return ready.empty() ? late : ready;
}

void Machine::run_engine(DeviceState& device, Engine engine) {
  std::unique_lock lock(mutex);
  while (true) {
    SimulatedQueue* const queue = pick_in_order(device, engine);
    if (queue == nullptr) {
      if (device.stopping) return;
      device.work.wait(lock);
      continue;
    }
    queue->busy = true;
    Operation& operation = queue->operations.front();
    note_step(*queue, operation, "");
    lock.unlock();
    carry_out(*queue, operation);
    lock.lock();
    complete(*queue);
  }
}

void Machine::run_director() {
  std::unique_lock lock(mutex);
  Time first_seen{};
  while (!director_stops_) {
    const std::vector<SimulatedQueue*> ready =
        held() ? std::vector<SimulatedQueue*>{} : candidates();
    if (ready.empty()) {
      first_seen = {};
      director_work_.wait(lock);
      continue;
    }
    const Time now = std::chrono::steady_clock::now();
    if (first_seen == Time{}) first_seen = now;
    const Time start = std::min(last_submission_ + kQuiet, first_seen + kLongestHold);
    if (draining_ == 0 && now < start) {
      director_work_.wait_until(lock, start);
      continue;
    }
    SimulatedQueue* const queue = ready[random_() % ready.size()];
    Operation& operation = queue->operations.front();
    const bool reads = operation.kind == Operation::Kind::copy && !operation.was_read &&
                       operation.error == nullptr;
    note_step(*queue, operation, reads ? " (read)" : "");
    queue->busy = true;
    lock.unlock();
    if (reads) {
      operation.staged.assign(operation.source, operation.source + operation.bytes);
      operation.was_read = true;
    } else {
      carry_out(*queue, operation);
    }
    lock.lock();
    if (reads) {
      queue->busy = false;
    } else {
      complete(*queue);
    }
  }
}

void Machine::complete(SimulatedQueue& queue) {
  const bool finished = queue.operations.front().kind == Operation::Kind::finish;
  queue.operations.pop_front();
  queue.busy = false;
  if (queue.operations.empty()) queue.empty.notify_all();
  if (finished) {
    for (const auto& [stream, other] : queues_) {
      if (!other->operations.empty()) other->device.work.notify_all();
      other->empty.notify_all();
    }
    director_work_.notify_all();
  }
  // The next operation of the queue may be for another engine.
  if (!queue.operations.empty() || finished) queue.device.work.notify_all();
}

void Machine::carry_out(SimulatedQueue& queue, Operation& operation) {
  if (operation.kind == Operation::Kind::finish) {
    publish(queue, operation);
    return;
  }
  std::exception_ptr error = operation.error;
  try {
    if (error != nullptr) {
      // What failed does nothing.
    } else if (operation.kind == Operation::Kind::launch) {
      operation.program->run(operation.arguments.view(operation.label.c_str()));
    } else if (operation.bytes == 0) {
      // Nothing to move; the addresses may be null.
    } else if (operation.kind == Operation::Kind::fill) {
      std::memset(operation.target, operation.value, operation.bytes);
    } else if (operation.was_read) {
      std::memcpy(operation.target, operation.staged.data(), operation.bytes);
    } else {
      std::memmove(operation.target, operation.source, operation.bytes);
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (queue.device.options.pacing && !queue.device.options.adversarial) {
    std::this_thread::sleep_until(made + std::chrono::nanoseconds(operation.model_end_ns));
  }
  trace(queue, operation);
  if (error == nullptr) return;
  const std::lock_guard lock(mutex);
  if (queue.failure == nullptr) queue.failure = error;
}

void Machine::publish(SimulatedQueue& queue, const Operation& operation) {
  std::exception_ptr failure;
  {
    const std::lock_guard lock(mutex);
    failure = std::exchange(queue.failure, nullptr);
  }
  if (failure != nullptr) queue.on_failure(operation.point.sequence(), failure);
  // The checker first: whoever sees the done-word may rely on the order.
  checker.publish(operation.point);
  queue.timeline.advance(operation.point);
}

}  // namespace tandem::backends::simulated
