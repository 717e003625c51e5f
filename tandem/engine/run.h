// Run: one execution of a plan, bound to sizes, addresses and scalars. Shared by the works of its
// segments.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "tandem/base/ref.h"
#include "tandem/base/slab.h"
#include "tandem/device/backend.h"
#include "tandem/memory/buffer.h"
#include "tandem/passes/plan.h"
#include "tandem/runtime/scheduler.h"

namespace tandem::engine {

// Arguments of every launch in a few flat arrays.
class Run {
 public:
  // A run of `plan`; its arrays keep the room they had in an earlier run.
  static Ref<Run> make(std::shared_ptr<const passes::Plan> plan);

  const passes::Plan& plan() const { return *plan_; }

  void retain() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) recycle(const_cast<Run*>(this));
  }

  struct Launch {
    uint32_t first_extent = 0, extent_count = 0;
    uint32_t first_buffer = 0, buffer_count = 0;
    uint32_t first_param = 0, param_count = 0;
    uint32_t note = 0;  // see engine/profile.h
  };

  std::vector<Launch> launches;  // by instruction
  std::vector<int64_t> numbers;  // extents and strides
  std::vector<device::BufferArgument> buffers;
  std::vector<size_t> first_strides;  // by buffer: where its strides stand in numbers
  std::vector<uint64_t> params;
  std::vector<Ref<memory::Completion>> completions;  // by segment

  // The run holds this instruction and segment and those that follow; earlier ones have runs of
  // their own (small mode).
  uint32_t base = 0;
  Launch& launch(uint32_t instruction) { return launches[instruction - base]; }
  const Ref<memory::Completion>& completion(uint32_t segment) const {
    return completions[segment - base];
  }

  // Turns offsets into addresses once the arrays have their final size.
  void seal();
  device::LaunchArguments arguments(uint32_t instruction) const;

 private:
  Run() = default;
  static void recycle(Run* run);

  mutable std::atomic<uint32_t> count_{0};
  std::shared_ptr<const passes::Plan> plan_;
};

// Failures by stream, until somebody is told. Thread-safe.
class Failures {
 public:
  void add(uint16_t stream, Ref<memory::Completion> completion);
  // The first failure of the stream that nobody has observed; the stream's list is emptied.
  std::exception_ptr take(uint16_t stream);
  // The texts of the failures of all streams that nobody has observed, once.
  std::vector<std::string> take_unobserved();

 private:
  std::mutex mutex_;
  std::map<uint16_t, std::vector<Ref<memory::Completion>>> by_stream_;
};

// Runs instructions [first, last) of one segment, all or a piece of them.
class SegmentWork final : public runtime::Work, public SlabAllocated<SegmentWork> {
 public:
  struct Piece {
    uint32_t segment = 0, first = 0, last = 0;
  };

  SegmentWork(Ref<Run> run, Piece piece, device::Backend& backend, uint16_t stream,
              Failures& failures, bool poison_writes)
      : run_(std::move(run)),
        piece_(piece),
        backend_(backend),
        stream_(stream),
        failures_(failures),
        poison_writes_(poison_writes) {}

  void run(device::Queue& queue) override;
  void fail(std::exception_ptr error) noexcept override;

 private:
  void launch(device::Queue& queue, uint32_t instruction);
  void poison(device::Queue& queue, const passes::Instruction& instruction,
              const device::LaunchArguments& arguments);

  Ref<Run> run_;
  Piece piece_;
  device::Backend& backend_;
  uint16_t stream_;
  Failures& failures_;
  bool poison_writes_;
};

// Fills memory that holds nothing any more with NaN patterns, so that a late read shows.
class PoisonWork final : public runtime::Work {
 public:
  PoisonWork(device::Backend& backend, std::byte* data, size_t bytes)
      : backend_(backend), data_(data), bytes_(bytes) {}

  void run(device::Queue& queue) override { backend_.fill(queue, data_, bytes_, 0xff); }
  void fail(std::exception_ptr) noexcept override {}

 private:
  device::Backend& backend_;
  std::byte* data_;
  size_t bytes_;
};

// One copy between devices.
class TransferWork final : public runtime::Work {
 public:
  TransferWork(device::Backend& backend, device::CopyDirection direction, void* target,
               const void* source, size_t bytes, Ref<memory::Completion> completion,
               Ref<memory::Completion> source_completion, bool poison)
      : backend_(backend),
        direction_(direction),
        target_(target),
        source_(source),
        bytes_(bytes),
        completion_(std::move(completion)),
        source_completion_(std::move(source_completion)),
        poison_(poison && direction != device::CopyDirection::device_to_host) {}

  void run(device::Queue& queue) override;
  void fail(std::exception_ptr error) noexcept override { completion_->fail(error); }

 private:
  device::Backend& backend_;
  device::CopyDirection direction_;
  void* target_;
  const void* source_;
  size_t bytes_;
  Ref<memory::Completion> completion_, source_completion_;
  bool poison_;  // the target holds an earlier value's bytes: they must not pass for the copy
};

}  // namespace tandem::engine
