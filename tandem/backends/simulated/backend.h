// The simulated GPU as a Backend and as the thing its controls act on. Internal: see simulated.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tandem/backends/simulated/machine.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/backends/simulated/touched.h"
#include "tandem/device/backend.h"

namespace tandem::backends::simulated {

class SimulatedBackend final : public device::Backend, public SimulatedControls {
 public:
  SimulatedBackend(int index, SimulatedOptions options);
  ~SimulatedBackend() override;

  Device device() const override { return {DeviceType::gpu, state_->index}; }
  const device::Capabilities& capabilities() const override { return capabilities_; }

  void* allocate(size_t bytes) override;
  void release(void* data, size_t bytes) override;
  std::unique_ptr<device::Queue> create_queue(
      uint16_t stream, device::Timeline& timeline,
      std::function<void(uint64_t sequence, std::exception_ptr error)> on_failure) override;
  void wait(device::Queue& queue, device::Point point) override;
  void launch(device::Queue& queue, const device::Executable& executable,
              const device::LaunchArguments& arguments) override;
  void copy(device::Queue& queue, device::CopyDirection direction, void* target, const void* source,
            size_t bytes) override;
  void fill(device::Queue& queue, void* target, size_t bytes, uint8_t value) override;
  void finish(device::Queue& queue, uint64_t sequence) override;

  SimulatedCounters counters() const override;
  void set_faults(const std::string& spec) override;
  void drop_wait(uint64_t n) override;
  void drop_copy(uint64_t n) override;
  void pause() override { machine_->pause(); }
  void resume() override { machine_->resume(); }
  void discard(device::Queue& queue, void* data, size_t bytes) override;
  RaceChecker& checker() override { return machine_->checker; }
  int64_t model_end_ns() const override;
  void record_steps() override { machine_->record_steps(); }
  std::vector<std::string> steps() const override { return machine_->steps(); }

 private:
  // What a launch does to one buffer.
  struct Touch {
    ByteRange range;              // declared, else computed
    std::vector<ByteRange> runs;  // of it, when verifying
    bool written = false;
  };

  SimulatedQueue& queue_of(device::Queue& queue) const;
  std::vector<Touch> touches_of(const Program& program, const device::LaunchArguments& arguments,
                                const std::string& label) const;
  void require_live(const char* op, const void* data, size_t bytes) const;

  void to_host_addresses(OwnedArguments& arguments) const;

  // The following want the machine's mutex.
  bool fault_strikes(device::FaultKind kind);
  void fail_if_struck(Operation& operation, device::FaultKind kind, const char* what);
  void check_order(SimulatedQueue& queue, Operation& operation,
                   std::span<const AccessRange> ranges);
  void check_written(DeviceState& owner, Operation& operation, ByteRange range);
  void note_written(DeviceState& owner, ByteRange range) const;
  void push_fill(SimulatedQueue& queue, Operation operation, void* target, size_t bytes);

  std::shared_ptr<Machine> machine_;
  std::unique_ptr<DeviceState> state_;
  device::Capabilities capabilities_;
};

}  // namespace tandem::backends::simulated
