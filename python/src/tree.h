// Trees of lists, tuples and dicts with arrays as leaves, as compiled functions take and give them.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <vector>

#include "tandem/tandem.h"

namespace tandem::python {

namespace nb = nanobind;

// The global random state as a leaf of such trees: mx.random.state.
class RandomState {};
bool is_random_state(PyObject* object);

// What a tree looks like, with its arrays numbered in the order in which they were met.
struct Tree {
  enum Kind : uint8_t { array, random_state, list, tuple, dict, constant };
  Kind kind = constant;
  size_t slot = 0;               // array, random_state
  nb::object value;              // constant: itself; a container: the one it was made from
  std::vector<nb::object> keys;  // dict
  std::vector<Tree> items;
};

// Appends the tree's arrays to `arrays`; the random state comes as its key.
Tree flatten(nb::handle object, std::vector<tandem::array>& arrays);

// The same tree made anew, with the arrays of the slots. The random state is left out.
nb::object rebuild(const Tree& tree, const std::vector<tandem::array>& arrays);

// Writes the arrays of the slots into the containers of `target`, which looks like the tree or
// lacks a part of it; gives what stands in its place, `target` itself where it could be changed.
nb::object fill(const Tree& tree, nb::handle target, const std::vector<tandem::array>& arrays);

// Appends to `signature` all that makes a call of a compiled function different from another one:
// structure, keys, dtypes, shapes, and the constants if `with_constants`. Raises ArgumentError for a
// constant of another type than number, text, None, dtype, device and stream.
void sign(const Tree& tree, const std::vector<tandem::array>& arrays, bool with_constants,
          std::string& signature);

}  // namespace tandem::python
