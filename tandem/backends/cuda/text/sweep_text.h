// What a thread does at one point of a sweep, as two device functions: one that computes, one that
// stores, so that the loads of several points can be under way before the first store.
#pragma once

#include <string>
#include <vector>

#include "tandem/backends/cuda/text/function_text.h"
#include "tandem/backends/cuda/text/keep.h"
#include "tandem/backends/cuda/text/schedule.h"

namespace tandem::backends::cuda {

// Structs Arguments and Row, and for sweep k `struct Out{k}`, `compute{k}(a, row, j)`,
// `write{k}(a, row, j, out)`. Results of Reduce stage s are row.r{s}, those of Scan stage s
// row.x{s}[j], the kept value of node n row.k{n}[j]. With Schedule::map, j counts the points of the whole domain.
class SweepPrinter {
 public:
  SweepPrinter(const kernel::Kernel& kernel, const TextOptions& options);

  std::string structs() const;
  std::string functions(size_t sweep);

  const std::vector<Sweep>& sweeps() const { return sweeps_; }
  const Keeping& keeping() const { return keeping_; }
  // A measure of what one point costs, in nodes, leaves counted by their cost.
  int cost(size_t sweep) const;
  bool stores(size_t sweep) const;
  Library& library() { return library_; }

 private:
  std::string coordinates(const Sweep& sweep, const std::vector<kernel::NodeId>& order) const;
  std::string position(const Sweep& sweep, uint16_t buffer) const;
  std::string place(const Sweep& sweep, const kernel::Node& node,
                    const std::string& index = {}) const;
  std::string source_text(const Sweep& sweep, const kernel::Node& node, const Names& names,
                          const std::string& slot);
  std::string write_function(size_t number, const std::vector<kernel::NodeId>& order);
  std::vector<char> known_before(size_t sweep) const;
  bool is_map() const { return options_.schedule == Schedule::map; }

  std::vector<kernel::NodeId> order_of(size_t sweep) const;

  const kernel::Kernel kernel_;  // equal nodes shared
  const TextOptions options_;
  std::vector<Sweep> sweeps_;
  Keeping keeping_;  // nothing unless the options say so
  Library library_;
};

// The type of a Reduce or Scan stage's result in the text.
std::string result_type_text(const kernel::Kernel& kernel, size_t stage);

}  // namespace tandem::backends::cuda
