// Straight lines of nodes as CUDA statements, and leaf functions as device functions.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "tandem/backends/cuda/text/operations.h"

namespace tandem::backends::cuda {

// What the functions of one text share: helpers and leaf functions, each printed once.
class Library {
 public:
  Helpers helpers;

  // The name of a leaf's function; every call counts towards keeping it out of line.
  std::string use_leaf(const kernel::Node& call, kernel::Type operand);
  std::string definitions();

 private:
  using LeafKey = std::tuple<uint16_t, kernel::Type, bool>;  // leaf, operand type, unsigned
  std::string leaf_definition(const LeafKey& key, bool out_of_line);

  std::map<LeafKey, int> leaf_uses_;
};

// Names of values: "v12" unless something else is set.
class Names {
 public:
  std::string operator[](kernel::NodeId id) const;
  void set(kernel::NodeId id, std::string name) { names_[id] = std::move(name); }

 private:
  std::map<kernel::NodeId, std::string> names_;
};

// The expression of a source or memory access; `slot` is the number of a parameter as a text.
using SourceText =
    std::function<std::string(const kernel::Node&, const Names&, const std::string& slot)>;

// Statements that define a variable for each node of `order`, stores excepted, which have no
// statement. `roots` are read by others; `names` has their names afterwards.
std::string statements(Library& library, const kernel::Kernel& kernel,
                       std::span<const kernel::NodeId> order, std::span<const kernel::NodeId> roots,
                       const SourceText& source, Names& names);

}  // namespace tandem::backends::cuda
