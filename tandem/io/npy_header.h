// The header of an npy file, as text that a Python program could evaluate.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "tandem/base/dtype.h"
#include "tandem/base/shape.h"

namespace tandem::io {

struct NpyHeader {
  Dtype dtype = Dtype::float32;
  bool swapped = false;  // elements are big-endian
  bool column_major = false;
  Shape shape;
  size_t data = 0;  // offset of the first element
};

// Raises IoError naming `name`. `head` is the beginning of the file or all of it.
NpyHeader parse_npy_header(std::span<const std::byte> head, const std::string& name);

// Magic, version and padding to 64 bytes included.
std::string npy_header(Dtype dtype, Dims shape);

}  // namespace tandem::io
