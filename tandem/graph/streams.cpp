#include "tandem/graph/streams.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "tandem/base/check.h"
#include "tandem/graph/evaluator.h"

namespace tandem {
namespace {

using graph::evaluator;

// Packed, so that every call of every op can read it without a lock.
std::atomic<uint64_t> process_default_device{0};
uint64_t pack(Device device) {
  return static_cast<uint64_t>(device.type) << 32 | static_cast<uint32_t>(device.index);
}
Device unpack(uint64_t word) {
  return {static_cast<DeviceType>(word >> 32), static_cast<int>(word & 0xffffffffu)};
}

// Streams of threads that have ended. Arrays that such a thread built may still name them, so they
// stay alive and serve the next thread that needs one.
struct IdleStreams {
  std::mutex mutex;
  std::vector<Stream> streams;

  std::optional<Stream> take(Device device) {
    const std::lock_guard lock(mutex);
    const auto found = std::find_if(streams.begin(), streams.end(),
                                    [&](const Stream& stream) { return stream.device == device; });
    if (found == streams.end()) return {};
    const Stream stream = *found;
    streams.erase(found);
    return stream;
  }
  void give(const std::vector<Stream>& idle) {
    const std::lock_guard lock(mutex);
    streams.insert(streams.end(), idle.begin(), idle.end());
  }
};
IdleStreams& idle_streams() {
  static IdleStreams* instance =
      new IdleStreams;  // outlives threads that end after static destruction
  return *instance;
}

// What a thread has chosen; streams that were made for it go to the next thread.
struct ThreadDefaults {
  std::optional<Device> device;
  std::vector<Stream> streams;  // at most one per device
  std::vector<Stream> owned;    // for the defaults and the thread-local names below
  std::vector<Stream> created;  // by new_stream
  std::vector<std::pair<int, Stream>> named;

  Stream* find(Device wanted) {
    for (Stream& stream : streams) {
      if (stream.device == wanted) return &stream;
    }
    return nullptr;
  }
};

// Reached without a call once it is there: every op of every call asks.
constinit thread_local bool thread_ended = false;
constinit thread_local ThreadDefaults* own_defaults [[gnu::tls_model("initial-exec")]] = nullptr;

// Static objects that build arrays when they die do so after their thread's own objects are gone:
// they get defaults that are never taken down.
struct OwnDefaults {
  ThreadDefaults defaults;
  ~OwnDefaults() {
    if (!defaults.owned.empty()) idle_streams().give(defaults.owned);
    own_defaults = nullptr;
    thread_ended = true;
  }
};

ThreadDefaults& thread_defaults() {
  if (!own_defaults) [[unlikely]] {
    if (thread_ended) {
      own_defaults = new ThreadDefaults;
    } else {
      static thread_local OwnDefaults own;
      own_defaults = &own.defaults;
    }
  }
  return *own_defaults;
}

void check_device(Device device) {
  const int count = evaluator().device_count(device.type);
  TANDEM_USER(device.index >= 0 && device.index < count, DeviceError, "device",
              "there is no {}: this machine has {} of its type", to_string(device), count);
}

Stream take_stream(Device device) {
  const std::optional<Stream> idle = idle_streams().take(device);
  return idle ? *idle : evaluator().create_stream(device);
}

}  // namespace

Device default_device() {
  if (const auto& own = thread_defaults().device) return *own;
  return unpack(process_default_device.load(std::memory_order_relaxed));
}

void set_default_device(Device device) {
  check_device(device);
  if (auto& own = thread_defaults().device) {
    own = device;  // inside a StreamScope
  } else {
    process_default_device.store(pack(device), std::memory_order_relaxed);
  }
}

int device_count(DeviceType type) { return evaluator().device_count(type); }

bool is_available(Device device) {
  return device.index >= 0 && device.index < device_count(device.type);
}

Stream default_stream(Device device) {
  ThreadDefaults& defaults = thread_defaults();
  if (const Stream* stream = defaults.find(device)) return *stream;
  check_device(device);
  const Stream stream = take_stream(device);
  defaults.streams.push_back(stream);
  defaults.owned.push_back(stream);
  return stream;
}

void set_default_stream(const Stream& stream) {
  ThreadDefaults& defaults = thread_defaults();
  if (Stream* current = defaults.find(stream.device)) {
    *current = stream;
  } else {
    defaults.streams.push_back(stream);
  }
}

Stream new_stream(Device device) {
  check_device(device);
  const Stream stream = take_stream(device);
  thread_defaults().created.push_back(stream);
  return stream;
}

ThreadLocalStream new_thread_local_stream(Device device) {
  static std::atomic<int> next{0};
  check_device(device);
  return {next.fetch_add(1, std::memory_order_relaxed), device};
}

Stream stream_from_thread_local_stream(const ThreadLocalStream& wanted) {
  ThreadDefaults& defaults = thread_defaults();
  for (const auto& [index, stream] : defaults.named) {
    if (index == wanted.index) return stream;
  }
  const Stream stream = take_stream(wanted.device);
  defaults.named.emplace_back(wanted.index, stream);
  defaults.owned.push_back(stream);
  return stream;
}

void clear_streams() {
  ThreadDefaults& defaults = thread_defaults();
  idle_streams().give(defaults.owned);
  idle_streams().give(defaults.created);
  defaults.owned.clear();
  defaults.created.clear();
  defaults.named.clear();
  defaults.streams.clear();
}

Stream resolve(const StreamOrDevice& where) {
  if (const Stream* stream = std::get_if<Stream>(&where)) return *stream;
  if (const Device* device = std::get_if<Device>(&where)) return default_stream(*device);
  if (const DeviceType* type = std::get_if<DeviceType>(&where)) {
    return default_stream(Device{*type, 0});
  }
  return default_stream(default_device());
}

void synchronize() { synchronize(default_stream(default_device())); }
void synchronize(const Stream& stream) { evaluator().synchronize(stream); }

StreamScope::StreamScope(const StreamOrDevice& where) {
  const Stream stream = resolve(where);
  ThreadDefaults& defaults = thread_defaults();
  saved_device_ = default_device();
  saved_stream_ = default_stream(stream.device);
  had_own_device_ = defaults.device.has_value();
  defaults.device = stream.device;
  set_default_stream(stream);
}

StreamScope::~StreamScope() {
  ThreadDefaults& defaults = thread_defaults();
  if (had_own_device_) {
    defaults.device = saved_device_;
  } else {
    defaults.device.reset();
  }
  set_default_stream(saved_stream_);
}

}  // namespace tandem
