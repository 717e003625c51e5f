// What a device must offer to the runtime: memory, copies, queues, launches. Raw pointers and sizes
// only; nothing here knows of arrays. One object per physical device. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tandem/device/ids.h"
#include "tandem/device/launch.h"
#include "tandem/device/timeline.h"

namespace tandem::device {

// A backend's own queue; created and destroyed through the backend.
class Queue {
 public:
  virtual ~Queue() = default;
};

struct Capabilities {
  std::string name;  // as a user reads it; a simulated device says so
  bool simulated = false;
  bool shares_host_memory = false;  // its kernels read and write ordinary host addresses
  bool runs_inline =
      false;  // launch, copy and fill execute on the calling thread before they return
  size_t memory_bytes = 0;  // 0: no memory of its own
  // A kernel that reads a row several times does well while the row's values take no more: half of
  // a core's second-level cache, the registers of a GPU's thread block.
  size_t row_bytes = size_t{128} << 10;
  std::map<std::string, std::string> details;
};

enum class CopyDirection : uint8_t { host_to_device, device_to_host, device_to_device };

// Functions that submit return at once unless said otherwise. Work on one queue runs in order.
// Errors found at submission raise; errors found later reach `on_failure` of the queue and the work
// behind still completes (its results are poisoned by the runtime).
class Backend {
 public:
  virtual ~Backend() = default;

  virtual Device device() const = 0;
  virtual const Capabilities& capabilities() const = 0;

  // Device memory, aligned to 256 bytes; nullptr when there is none left.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* data, size_t bytes) = 0;

  // A queue whose progress is written to the done-word of stream `stream` in `timeline`.
  // `on_failure(sequence, error)` is called from a thread of the backend before the done-word
  // passes.
  virtual std::unique_ptr<Queue> create_queue(
      uint16_t stream, Timeline& timeline,
      std::function<void(uint64_t sequence, std::exception_ptr error)> on_failure) = 0;

  // The queue's later work runs after `point`, a point of a queue of the same kind of device.
  virtual void wait(Queue& queue, Point point) = 0;

  virtual void launch(Queue& queue, const Executable& executable,
                      const LaunchArguments& arguments) = 0;

  // Host addresses must stay valid and unchanged until the copy is done.
  virtual void copy(Queue& queue, CopyDirection direction, void* target, const void* source,
                    size_t bytes) = 0;

  virtual void fill(Queue& queue, void* target, size_t bytes, uint8_t value) = 0;

  // Ends piece of work `sequence`: when all before it is done, the done-word becomes `sequence`.
  virtual void finish(Queue& queue, uint64_t sequence) = 0;
};

}  // namespace tandem::device
