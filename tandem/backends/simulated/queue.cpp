#include "tandem/backends/simulated/queue.h"

#include "tandem/backends/simulated/machine.h"
#include "tandem/base/error.h"

namespace tandem::backends::simulated {

OwnedArguments::OwnedArguments(const device::LaunchArguments& arguments)
    : extents(arguments.extents.begin(), arguments.extents.end()),
      buffers(arguments.buffers.begin(), arguments.buffers.end()),
      params(arguments.params.begin(), arguments.params.end()) {
  strides.reserve(extents.size() * buffers.size());
  for (device::BufferArgument& buffer : buffers) {
    if (buffer.strides == nullptr) continue;
    const int64_t* const copied = strides.data() + strides.size();
    strides.insert(strides.end(), buffer.strides, buffer.strides + extents.size());
    buffer.strides = copied;
  }
}

SimulatedQueue::SimulatedQueue(std::shared_ptr<Machine> owner, DeviceState& where, uint16_t id,
                               device::Timeline& line,
                               std::function<void(uint64_t, std::exception_ptr)> failed)
    : machine(std::move(owner)),
      device(where),
      stream(id),
      timeline(line),
      on_failure(std::move(failed)) {
  machine->add_queue(*this);
}

SimulatedQueue::~SimulatedQueue() {
  machine->remove_queue(*this);
  try {
    machine->check_process();
  } catch (const DeviceError&) {
    // In a child of fork a thread of the parent may have been changing the list: it is given up.
    new std::deque<Operation>(std::move(operations));
  }
}

}  // namespace tandem::backends::simulated
