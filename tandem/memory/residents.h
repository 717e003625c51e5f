// Residents: the buffers that have a copy on a device with memory of its own, so that a shortage
// there can look for what to drop or to move out. Thread-safe; buffers enter when they get such a
// copy and leave when they die.
#pragma once

#include <mutex>
#include <vector>

#include "tandem/base/ref.h"

namespace tandem::memory {

class Buffer;

class Residents {
 public:
  static Residents& instance();

  // Those that are alive. Their copies may only be touched under the engine's lock.
  std::vector<Ref<Buffer>> all() const;
  size_t size() const;

 private:
  friend class Buffer;
  void add(Buffer& buffer);
  void remove(Buffer& buffer);

  mutable std::mutex mutex_;
  std::vector<Buffer*> buffers_;  // each knows its place
};

}  // namespace tandem::memory
