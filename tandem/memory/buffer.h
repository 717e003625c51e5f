// Buffer: the bytes of a value. It has zero or more copies, at most one per device (the host counts
// as one). After the producing write a value never changes, so a copy once valid stays valid.
// Counts say who owns a buffer; Points say who still uses its copies: dropping the last owner
// returns the blocks to their pools tagged with those Points, without waiting.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "tandem/base/ref.h"
#include "tandem/base/slab.h"
#include "tandem/base/small_vector.h"
#include "tandem/device/ids.h"
#include "tandem/memory/file_map.h"
#include "tandem/memory/placement.h"
#include "tandem/memory/pool/pool.h"

namespace tandem::memory {

// Whether the work that writes a buffer succeeded. Shared by that work and its outputs, so either
// may die first. A failure is kept for good; every waiter gets a fresh exception with its payload.
class Completion : public RefCounted<Completion>, public SlabAllocated<Completion> {
 public:
  // The first failure stays; it reaches dependents, and theirs, before this returns.
  void fail(std::exception_ptr error) noexcept;
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  // The failure; null when none. Valid once failed().
  std::exception_ptr error() const { return failed() ? error_ : nullptr; }
  // Somebody has been told of the failure.
  void observe() { observed_.store(true, std::memory_order_relaxed); }
  bool observed() const { return observed_.load(std::memory_order_relaxed); }
  // `other` writes what is computed from these buffers: it fails when this one fails or has failed.
  void add_dependent(Ref<Completion> other);
  // The work succeeded: nothing more can reach the dependents.
  void forget_dependents();

 private:
  std::atomic<int> state_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> observed_{false};
  std::exception_ptr error_;
  std::mutex mutex_;
  std::atomic<bool> has_dependents_{false};
  std::vector<Ref<Completion>> dependents_;
};

// One copy of a buffer's bytes on one device.
struct Copy {
  Device device;
  Pool* pool = nullptr;  // null: foreign memory, see Buffer::set_foreign_owner
  std::byte* data = nullptr;
  size_t capacity = 0;
  device::Point valid;  // the write or transfer that makes it valid
  Points uses;          // latest use per stream, the valid Point not included
  // Whether the transfer that makes this copy succeeded; null for the copy that the producer wrote.
  Ref<Completion> completion = {};
  bool speculative = false;  // made ahead of a reader and not read yet
};

// Copies are guarded by the engine's lock; owners count atomically.
class Buffer : public RefCounted<Buffer>, public SlabAllocated<Buffer> {
 public:
  explicit Buffer(size_t bytes) : bytes_(bytes) {}
  ~Buffer();

  size_t bytes() const { return bytes_; }

  Copy* find(Device device);
  Copy& add(Copy copy);
  // The copy from which others are made: the first one added that is still there.
  Copy& origin();
  auto& copies() { return copies_; }
  // Returns one copy's block to its pool; at least one other copy must remain.
  void drop(Device device);
  // Returns every copy but the one on `device`, if there is that one: its bytes were changed.
  void drop_mirrors(Device device);
  // Returns the copy on `device` if the transfer that should have made it is known to have failed,
  // though what it was made from is sound: the next reader copies again.
  void drop_failed(Device device);

  // Of the work that writes the buffer; a transfer that fails spoils its own copy alone.
  void set_completion(Ref<Completion> completion) { completion_ = std::move(completion); }
  const Ref<Completion>& completion() const { return completion_; }
  // What a reader of the copy depends on; null when it is known to have succeeded.
  Ref<Completion>& completion_of(Copy& copy) {
    return copy.completion ? copy.completion : completion_;
  }

  // Exports (NumPy views, DLPack): while one lives the memory is not donated. A writable one also
  // makes device mirrors stale.
  std::atomic<int>& exports() { return exports_; }
  std::atomic<int>& writable_exports() { return writable_exports_; }

  // The address of the host copy was given to a user: that copy stays.
  void hand_out() { handed_out_ = true; }
  // Whether the copy on `device` may be dropped while another one remains: nobody outside knows its
  // address and it is not pinned.
  bool may_drop(Device device);
  // A sound copy other than the one on `device`; null when that is the only one.
  Copy* other_than(Device device);

  // While a run that is being bound waits for memory, what it has found or reserved is pinned: no
  // copy is dropped or moved out.
  void pin() { ++pins_; }
  void unpin() { --pins_; }
  bool pinned() const { return pins_ > 0; }

  // When a run last used it, on the engine's count.
  uint64_t last_used() const { return last_used_; }
  void use(uint64_t now) { last_used_ = now; }

  // Where in the program the value was made; null when that is not tracked.
  Site* site() const { return site_.get(); }
  void set_site(Ref<Site> site) { site_ = std::move(site); }

  // The buffer's host copy is memory of somebody else; `owner` is let go with the buffer, through
  // the graveyard of foreign owners (never under a lock of ours, never on a worker).
  void set_foreign_owner(std::shared_ptr<void> owner) { foreign_owner_ = std::move(owner); }
  bool foreign() const { return foreign_owner_ != nullptr; }
  // The buffer's host copy is part of a file, which is its owner.
  void set_file(std::shared_ptr<const FileMap> file, size_t offset);
  // Raises IoError when the file has become too short to be read.
  void check_file() const {
    if (file_) [[unlikely]]
      file_->check(file_offset_, bytes_);
  }

 private:
  friend class Residents;

  size_t bytes_;
  size_t place_among_residents_ = 0;  // guarded by their mutex
  uint64_t last_used_ = 0;
  uint32_t pins_ = 0;
  bool resident_ = false;  // is one of the Residents
  bool handed_out_ = false;
  SmallVector<Copy, 1> copies_;
  Ref<Completion> completion_;
  Ref<Site> site_;
  std::atomic<int> exports_{0};
  std::atomic<int> writable_exports_{0};
  std::shared_ptr<void> foreign_owner_;
  const FileMap* file_ = nullptr;  // kept by foreign_owner_
  size_t file_offset_ = 0;
};

// Adds `point` to `points`, keeping only the latest per stream.
void note(Points& points, device::Point point);

// Owners of foreign memory that may only be let go on a thread of their own world (Python's).
// Buffers put them here when they die; `drain` lets go those whose last use is reached and returns
// how many.
class Graveyard {
 public:
  static Graveyard& instance();
  void bury(std::shared_ptr<void> owner, Points last_uses);
  size_t drain(const device::Timeline& timeline);
  size_t size() const;

 private:
  struct Impl;
  Graveyard();
  std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::memory
