// Profile: what is known of every launch while somebody profiles: the operations inside, the places
// of the program that asked for them, bytes, the kernel's text, and why its inputs and results went
// through memory. Events of the trace name a launch by the number of its note.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tandem/base/dtype.h"
#include "tandem/device/ids.h"

namespace tandem::passes {
struct Plan;
}
namespace tandem::graph {
class Walk;
}

namespace tandem::inspect {

struct LaunchNote {
  struct Op {
    std::string name, site;  // "program.py:12"; empty: not known
    Dtype dtype = Dtype::float32;
    std::string shape;
    double cost = 1;  // an element, in float32 additions
  };
  // A value that another kernel made and this one reads from memory.
  struct Stored {
    std::string name, site;           // the op that makes it
    std::string reader, reader_site;  // the op that reads it
    std::string maker;                // the kernel that makes it
    std::string reason;               // why it is in no register
  };
  std::string label;
  std::string kernel;  // its IR as text; empty for a library call
  Device device;
  std::vector<Op> ops;
  std::vector<Stored> stored;
  int64_t read = 0, written = 0;  // bytes of memory, each element once
};

// Sites and notes are recorded until stop_profile, earlier ones forgotten. `locator` tells the place
// that asks for a node (graph/sites.h).
void start_profile(uint32_t (*locator)());
// The notes; number n of an event is element n - 1.
std::vector<LaunchNote> stop_profile();

}  // namespace tandem::inspect

namespace tandem::engine {

// The number of the note on this launch, equal for equal launches. Called under the engine's lock.
uint32_t note_launch(const std::shared_ptr<const passes::Plan>& plan, uint32_t instruction,
                     const graph::Walk& walk);

}  // namespace tandem::engine
