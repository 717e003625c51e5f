// RaceChecker: asserts that each access to memory is ordered after every conflicting one. Streams
// carry vector clocks; an order exists along a stream, along declared waits and, in the order
// `observed`, from work whose done-word was written before later work was submitted. Checked at
// submission, so a verdict does not depend on when the work happens to run. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tandem/base/small_vector.h"
#include "tandem/device/ids.h"

namespace tandem::backends::simulated {

// Which edges count besides those of a stream and of declared waits.
enum class Order : uint8_t {
  observed,  // work known to be done when the later work is submitted: no false alarm
  declared,  // none: every edge through the host must be told with ordered_after
};

struct AccessRange {
  const void* begin = nullptr;
  size_t bytes = 0;
  bool written = false;
};

class RaceChecker {
 public:
  void set_order(Order order);

  // The next operation of `stream`. Returns what the first race is, empty when there is none.
  // `label` is what messages call the operation.
  std::string operation(uint16_t stream, std::string_view label,
                        std::span<const AccessRange> ranges);

  // Later operations of `stream` are ordered after `point`.
  void ordered_after(uint16_t stream, device::Point point);

  // The operations of `stream` so far make up its work up to `sequence`.
  void finish(uint16_t stream, uint64_t sequence);

  // Work up to `point` is done, and everyone may know it.
  void publish(device::Point point);

  // The range is given back: nobody's accesses to it count any more. Returns the access that is not
  // known to be done, if there is one, and its stream.
  std::string forget(const void* begin, size_t bytes, uint16_t* stream = nullptr);

  // Host-side work of a CPU stream, declared while it runs: like operation, but raises
  // InternalError. Call finish and publish when the work ends.
  void host_access(uint16_t stream, std::string_view label, const void* begin, size_t bytes,
                   bool written);

  uint64_t races() const;
  // Pieces that memory is cut into; for tests that this stays bounded.
  size_t cells() const;

 private:
  using Clock = std::vector<uint64_t>;  // per stream slot: the last operation known to come before

  struct Access {
    uint32_t slot = 0;
    uint32_t label = 0;
    uint64_t tick = 0;  // 0: no access
  };
  // Accesses since the last write, and that write.
  struct Cell {
    uintptr_t end = 0;
    Access write;
    SmallVector<Access, 2> reads;
  };
  struct Snapshot {
    uint64_t sequence = 0;
    Clock clock;
  };
  struct StreamState {
    uint16_t stream = 0;
    Clock clock;
    std::deque<Snapshot> finished;
    uint64_t published = 0;  // pieces up to here are known to all and no longer in `finished`
  };
  using Cells = std::map<uintptr_t, Cell>;

  static uint64_t at(const Clock& clock, uint32_t slot) {
    return slot < clock.size() ? clock[slot] : 0;
  }
  static void join(Clock& into, const Clock& from);

  uint32_t slot_of(uint16_t stream);
  uint32_t label_id(std::string_view label);
  void split(uintptr_t address);
  bool ordered(const Access& access, uint32_t slot) const;
  std::string describe(const Access& access) const;
  std::string conflict(const Access& now, bool written, const Access& before,
                       bool before_written) const;
  std::string record(const Access& now, const AccessRange& range);
  void record_read(const Access& now, uintptr_t begin, uintptr_t end);
  void prune();

  mutable std::mutex mutex_;
  Order order_ = Order::observed;
  std::vector<StreamState> streams_;
  std::unordered_map<uint16_t, uint32_t> slots_;
  Clock published_;
  Cells cells_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, uint32_t> label_ids_;
  uint64_t operations_ = 0;
  uint64_t races_ = 0;
};

}  // namespace tandem::backends::simulated
