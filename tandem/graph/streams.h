// Default devices and streams, per thread, and the argument by which a call chooses where it runs.
#pragma once

#include <optional>
#include <variant>

#include "tandem/device/ids.h"

namespace tandem {

// What a call accepts as its stream: nothing (the default stream of the default device), a device
// type, a device (its default stream) or a stream.
using StreamOrDevice = std::variant<std::monostate, DeviceType, Device, Stream>;

// Where operations run that name no stream: one for the process, but for the inside of a
// StreamScope, which is the thread's own. It starts as the CPU unless a real GPU is there.
Device default_device();
// Raises DeviceError when there is no such device.
void set_default_device(Device device);

int device_count(DeviceType type);
bool is_available(Device device);

// The calling thread's default stream of a device, created on first use.
Stream default_stream(Device device);
void set_default_stream(const Stream& stream);
// Streams may be used from any thread.
Stream new_stream(Device device);

// One name for a stream of each thread that uses it, made on first use and recycled when the thread
// ends.
struct ThreadLocalStream {
  int index = 0;
  Device device;
  bool operator==(const ThreadLocalStream&) const = default;
};
ThreadLocalStream new_thread_local_stream(Device device);
// The calling thread's stream of that name.
Stream stream_from_thread_local_stream(const ThreadLocalStream& stream);

// Recycles the streams that the calling thread has made, its defaults included: work that was given
// to them goes on, and whoever needs a stream next may get one of them.
void clear_streams();

Stream resolve(const StreamOrDevice& where);

// Waits for all work submitted to a stream (of the calling thread's default device when none is
// named).
void synchronize();
void synchronize(const Stream& stream);

// Sets the default device and stream for a scope: `with mx.stream(s)`.
class StreamScope {
 public:
  explicit StreamScope(const StreamOrDevice& where);
  ~StreamScope();
  StreamScope(const StreamScope&) = delete;

 private:
  Device saved_device_;
  Stream saved_stream_;
  bool had_own_device_ = false;
};

}  // namespace tandem
