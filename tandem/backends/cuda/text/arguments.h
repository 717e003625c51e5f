// The one argument of a printed kernel: a struct of 64-bit words. Printer and launcher read the
// same list of them.
#pragma once

#include <string>
#include <vector>

#include "tandem/backends/cuda/text/schedule.h"

namespace tandem::backends::cuda {

enum class WordKind : uint8_t {
  extent,        // slot: the axis
  rows,          // points of the parallel axes
  row_elements,  // points of the reduced axes
  elements,      // points of the domain
  groups,        // row_split, columns: groups that a row is cut into
  group_chunks,  // row_split, columns: chunks of 1,024 elements in a group
  scratch,       // address of the scratch memory
  data,          // slot: the buffer, as are the next three
  stride,        // along `axis`, of general buffers
  index_extent,
  index_stride,
  param,  // slot: the parameter
};

struct Word {
  WordKind kind = WordKind::extent;
  uint16_t slot = 0;
  uint8_t axis = 0;
};

// The words of the struct in order. Strides are there for general buffers only, what belongs to
// indexing for buffers that load_at or store_at uses.
std::vector<Word> argument_words(const kernel::Kernel& kernel, const TextOptions& options);

// The member of the struct: "extent1", "rows", "b0", "b0_s1", "b0_n", "b0_step", "p[2]".
std::string name_of(const Word& word);

bool needs_scratch(const kernel::Kernel& kernel, const TextOptions& options);
bool is_indexed(const kernel::Kernel& kernel, uint16_t buffer);

// How many axes the buffer moves along: all of them if an element stage uses it, else the parallel
// ones.
int moving_axes(const kernel::Kernel& kernel, uint16_t buffer);

}  // namespace tandem::backends::cuda
