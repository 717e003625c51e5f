// Recording: the graph that a function built once, to be built again from other arguments without
// calling the function. What a replay makes is an ordinary graph: evaluation fuses across its
// borders, keeps what is held and computes nothing twice.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "tandem/graph/array.h"

namespace tandem::transforms {

// An argument of a function that is being recorded: it has a shape and a dtype, but no value.
array placeholder(Dims shape, Dtype dtype);

// Immutable once made; any thread may replay it.
class Recording {
 public:
  // What leads from the placeholders to the outputs, which were made inside of a
  // graph::RecordingScope. Arrays from outside of it are captured: kept, and used as they are. So
  // is what has been evaluated inside.
  Recording(std::span<const array> placeholders, std::span<const array> outputs);

  // The outputs for other arguments of the same shapes and dtypes. Operations that ran on the
  // recording thread's default stream of a device run on that of the calling thread.
  std::vector<array> replay(std::span<const array> arguments) const;

  // Arguments of a function around this one were captured: a replay later has no values for them.
  bool depends_on_others() const { return depends_on_others_; }
  size_t size() const { return steps_.size(); }  // nodes that a replay makes
  std::span<const array> captured() const { return captured_; }

 private:
  using Numbers = std::unordered_map<const graph::Node*, uint32_t>;
  static constexpr uint32_t kImmediate = ~uint32_t{0};
  static constexpr uint16_t kOwnStream = 0xffff;

  // One node; its ranges are in the tables below.
  struct Step {
    graph::NodeInit init;          // without ranges
    uint16_t device = kOwnStream;  // in devices_: on its default stream; else on the stream itself
    uint32_t first_dim = 0, first_input = 0, first_param = 0;
    uint16_t rank = 0, input_count = 0, param_count = 0;
  };

  void add_step(const graph::Node& node, const Numbers& numbers);
  uint16_t default_stream_device(const graph::Node& node);

  // Values are numbered: arguments, captured arrays, steps.
  size_t argument_count_ = 0;
  std::vector<array> captured_;
  std::vector<Step> steps_;
  std::vector<uint32_t> outputs_;
  std::vector<int64_t> dims_;
  std::vector<uint64_t> params_;
  std::vector<uint32_t> inputs_;
  std::vector<Device> devices_;
  bool depends_on_others_ = false;
};

}  // namespace tandem::transforms
