// Evaluator: how arrays reach the engine, which lies above the graph. One object, set at start-up.
#pragma once

#include <cstddef>
#include <span>

#include "tandem/device/ids.h"
#include "tandem/graph/array.h"

namespace tandem::graph {

class Evaluator {
 public:
  virtual ~Evaluator() = default;

  // Computes the arrays; `wait` false returns when the work is queued.
  virtual void eval(std::span<const array> arrays, bool wait) = 0;

  // Makes sure that the storage has a valid copy on the host and waits for it; its first byte.
  // Raises the failure of the work that produced it.
  virtual std::byte* host_copy(Storage& storage) = 0;

  // Uninitialised host storage in row-major order for a new leaf of `bytes`.
  virtual Ref<memory::Buffer> allocate_host(size_t bytes) = 0;
  // A buffer over memory of somebody else.
  virtual Ref<memory::Buffer> adopt_host(void* data, size_t bytes, std::shared_ptr<void> owner) = 0;

  // The last look of a holder who may have written into the host's copy is over: what other devices
  // have is out of date, unless nothing was written. `before` is what begin_writable_export gave.
  virtual void end_writable_export(memory::Buffer& buffer, uint64_t before) = 0;
  // Somebody gets to see the host's copy and may write into it. Returns what tells later whether
  // the other copies still hold its elements; 0 when that is not known.
  virtual uint64_t begin_writable_export(memory::Buffer& buffer) = 0;

  // What was made inside of a RetainScope, and is under the arrays, needs its inputs no more.
  virtual void end_retention(std::span<const array> arrays) = 0;
  // Waits for all work in flight, at most settings().exit_seconds; false when some is left behind.
  virtual bool drain() = 0;

  virtual int device_count(DeviceType type) = 0;
  virtual Stream create_stream(Device device) = 0;
  virtual Device device_of(uint16_t stream) = 0;
  virtual void synchronize(const Stream& stream) = 0;
};

Evaluator& evaluator();
// Called by the engine before main; the first call of evaluator() makes it.
void set_evaluator_factory(Evaluator& (*factory)());

}  // namespace tandem::graph
