// A discrete GPU in software: its own address space, queues with copy engines, a model clock,
// injected faults, and checks that a program orders every access. It is real enough to run programs
// and strict enough to fail those that miss a dependency.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tandem/backends/simulated/model_clock.h"
#include "tandem/backends/simulated/race_checker.h"
#include "tandem/device/backend.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::simulated {

// What simulated GPUs of one machine share: links between them, the checker, the model clock's
// zero. All queues of a machine belong to one Timeline.
class Machine;
std::shared_ptr<Machine> make_machine();

struct SimulatedOptions {
  size_t memory_bytes = size_t{4} << 30;
  Model model;
  bool pacing = false;       // take the wall time that the model clock says
  bool verify = false;       // poison memory, find reads of bytes never written, verify launches
  bool adversarial = false;  // otherwise each engine takes work in the order of its submission
  uint64_t seed = 0;         // of the adversarial schedule
  std::string fault;         // device/fault.h
  std::shared_ptr<Machine> machine;  // null: the one shared by all backends of the process

  static SimulatedOptions from_settings();
};

std::unique_ptr<device::Backend> make_simulated_backend(
    int index, SimulatedOptions options = SimulatedOptions::from_settings());

// Kernels run on the tile interpreter, library calls on the host's implementations. Its executables
// run on every simulated GPU.
std::unique_ptr<kernel::Compiler> make_simulated_compiler();

struct SimulatedCounters {
  uint64_t launches = 0;
  uint64_t copies = 0;
  uint64_t fills = 0;
  uint64_t waits = 0;
  uint64_t finishes = 0;
  uint64_t bytes_copied = 0;
  uint64_t races = 0;            // accesses not ordered after a conflicting one
  uint64_t unwritten_reads = 0;  // reads of bytes that nobody wrote; counted when verifying
  uint64_t faults = 0;           // injected
  uint64_t dropped = 0;          // waits and copies left out on request
};

// Hooks of tests and of verifying modes. Thread-safe.
class SimulatedControls {
 public:
  virtual SimulatedCounters counters() const = 0;

  // Replaces the faults and counts occurrences from zero again.
  virtual void set_faults(const std::string& spec) = 0;

  // Leaves out the n-th wait or copy from now on, 1 being the next, as if the program had missed
  // it.
  virtual void drop_wait(uint64_t n) = 0;
  virtual void drop_copy(uint64_t n) = 0;

  // Holds all work of the machine while it is submitted. What runs after resume then depends on the
  // program and the seed alone. Destroying a queue resumes.
  virtual void pause() = 0;
  virtual void resume() = 0;

  // In the order of the queue: the range holds nothing from here on. Poisons it when verifying, and
  // counts as a write for the race checker. For memory that is used again within an allocation.
  virtual void discard(device::Queue& queue, void* data, size_t bytes) = 0;

  // Shared by the machine.
  virtual RaceChecker& checker() = 0;

  // When the last piece of work submitted so far ends on the model clock, in nanoseconds.
  virtual int64_t model_end_ns() const = 0;

  // The steps of the machine in the order they were taken, from the call of record_steps on.
  virtual void record_steps() = 0;
  virtual std::vector<std::string> steps() const = 0;

 protected:
  ~SimulatedControls() = default;
};

// Raises ArgumentError unless make_simulated_backend made it.
SimulatedControls& controls(device::Backend& backend);

}  // namespace tandem::backends::simulated
