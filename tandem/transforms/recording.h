// Recording: the graph that a function built once, to be called with other arguments without calling
// the function.
#pragma once

#include <span>
#include <vector>

#include "tandem/graph/array.h"
#include "tandem/graph/trace.h"

namespace tandem::transforms {

// An argument of a function that is being recorded: it has a shape and a dtype, but no value.
array placeholder(Dims shape, Dtype dtype);
// One for each argument, of its shape and dtype.
std::vector<array> placeholders_for(std::span<const array> arguments);

// Immutable once made; any thread may call it.
class Recording {
 public:
  // What leads from the placeholders to the outputs, which were made inside of a
  // graph::RecordingScope. Arrays from outside of it are captured: kept, and used as they are. So
  // is what has been evaluated inside.
  Recording(std::span<const array> placeholders, std::span<const array> outputs);

  // The outputs for other arguments of the same shapes and dtypes: one call node, or one node a
  // step while the thread records or retains. Evaluation fuses across the borders of the call,
  // keeps what is held and computes nothing twice. Operations that ran on the recording thread's
  // default stream of a device run on that of the calling thread.
  std::vector<array> call(std::span<const array> arguments) const;

  // Arguments of a function around this one were captured: a later call has no values for them.
  bool depends_on_others() const { return depends_on_others_; }
  size_t size() const { return trace_->structure->steps.size(); }
  std::span<const array> captured() const { return captured_; }

 private:
  friend class Recorder;
  // Where steps run: on the default stream of a device of whoever calls, or on a stream of its own.
  struct Where {
    bool by_default = false;
    Device device;
    uint16_t stream = 0;
    bool operator==(const Where&) const = default;
  };

  // Values are numbered: arguments, captured arrays, outputs of the trace.
  size_t argument_count_ = 0;
  std::vector<array> captured_;
  std::vector<uint32_t> inputs_;   // of the trace: values
  std::vector<uint32_t> outputs_;  // values
  std::vector<Where> streams_;
  Ref<const graph::Trace> trace_;
  bool depends_on_others_ = false;
};

}  // namespace tandem::transforms
