// Verifying runs: memory of devices in which nothing is left to read is filled with NaN.
#include "tandem/base/settings.h"
#include "tandem/engine/bind/binder.h"

namespace tandem::engine {

using passes::Home;

bool Binder::poisons() const { return settings().verify && !state_.observer; }

// A value that dies with the run: in an arena, or one that only crossed streams.
void Binder::poison_dead(uint32_t number) {
  const passes::Value& value = plan().values[number];
  Bound& bound = values_[number];
  if (value.instruction == passes::kNone) return;
  const uint16_t slot = plan().instructions[value.instruction].slot;
  DeviceEntry& maker = device_of(slot);
  if (maker.place() == kHost) return;
  if (value.home == Home::arena && bound.data) {
    memory::Points none;  // the arena is the stream's alone
    poison(maker, walk_->streams[slot], bound.data, bytes_of(value), none);
  }
  if (value.home != Home::transient || !bound.buffer) return;
  if (memory::Copy* const copy = bound.buffer->find(maker.place())) {
    memory::note(copy->uses, copy->valid);  // a transfer, if the value was moved out in between
    poison(maker, walk_->streams[slot], copy->data, bound.buffer->bytes(), copy->uses);
  }
}

// Behind the uses, of which it becomes one.
void Binder::poison(DeviceEntry& device, uint16_t stream, std::byte* data, size_t bytes,
                    memory::Points& uses) {
  if (bytes == 0) return;
  const device::Point point = state_.scheduler.submit(
      stream, Ref<runtime::Work>(new PoisonWork(*device.backend, data, bytes)), uses,
      runtime::Urgency::asynchronous);
  memory::note(uses, point);
}

}  // namespace tandem::engine
