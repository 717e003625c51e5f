// The npy format: one array, a header that names its dtype, order and shape, then its elements.
// bfloat16, which the format has no name for, is "<V2", as the ecosystem writes it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tandem/graph/array.h"

namespace tandem {

// Memory-mapped where order and alignment allow. Raises IoError for a file that cannot be read or
// is none.
array load_npy(const std::string& path);
// From a file that is in memory; `name` is for errors.
array load_npy(std::span<const std::byte> file, const std::string& name);

// Row-major. The file appears under its name when it is complete. Raises IoError.
void save_npy(const std::string& path, const array& a);
// What save_npy writes.
std::vector<std::byte> npy_bytes(const array& a);

}  // namespace tandem
