// Queues of a simulated GPU and the work in them. Internal to the backend.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tandem/backends/simulated/executable.h"
#include "tandem/device/backend.h"

namespace tandem::backends::simulated {

// What does one thing at a time on a device.
enum class Engine : uint8_t { compute, copy_in, copy_out };
inline constexpr size_t kEngineCount = 3;

// Launch arguments that outlive the call which submitted them.
struct OwnedArguments {
  OwnedArguments() = default;
  explicit OwnedArguments(const device::LaunchArguments& arguments);

  // As the executable wants them; valid while this object lives.
  device::LaunchArguments view(const char* label) const {
    return {extents, buffers, params, label};
  }

  std::vector<int64_t> extents;
  std::vector<int64_t> strides;  // of all buffers, one after the other
  std::vector<device::BufferArgument> buffers;
  std::vector<uint64_t> params;
};

struct Operation {
  enum class Kind : uint8_t { launch, copy, fill, wait, finish };

  Kind kind = Kind::launch;
  Engine engine = Engine::compute;
  std::string label;
  uint64_t order = 0;        // of submission on the machine
  std::exception_ptr error;  // found at submission: delivered instead of running

  std::shared_ptr<const Program> program;  // launch
  OwnedArguments arguments;

  std::byte* target = nullptr;  // copy and fill; an address that the host may follow
  const std::byte* source = nullptr;
  size_t bytes = 0;
  uint8_t value = 0;
  bool was_read = false;  // the source of the copy lies in `staged`
  std::vector<std::byte> staged;

  device::Point point;  // wait: what is awaited; finish: what is reached
  bool late = false;    // finish: after everything else

  int64_t model_begin_ns = 0;
  int64_t model_end_ns = 0;
  int64_t traffic = 0;  // bytes read and written, or copied
  uint32_t note = 0;    // of the launch
};

class Machine;
struct DeviceState;

// Guarded by its machine's mutex.
class SimulatedQueue final : public device::Queue {
 public:
  SimulatedQueue(std::shared_ptr<Machine> owner, DeviceState& where, uint16_t id,
                 device::Timeline& line, std::function<void(uint64_t, std::exception_ptr)> failure);
  ~SimulatedQueue() override;  // waits for what is queued

  const std::shared_ptr<Machine> machine;
  DeviceState& device;
  const uint16_t stream;
  device::Timeline& timeline;
  const std::function<void(uint64_t, std::exception_ptr)> on_failure;

  std::deque<Operation> operations;
  bool busy = false;  // somebody carries out the first operation
  std::condition_variable empty;
  std::exception_ptr failure;  // of the piece of work in hand
  uint64_t last_finish = 0;    // submitted
  int64_t model_ready_ns = 0;  // end of the last operation on the model clock
  std::deque<std::pair<uint64_t, int64_t>> model_finishes;  // sequence, end
};

}  // namespace tandem::backends::simulated
