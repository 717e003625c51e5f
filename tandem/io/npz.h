// The npz format: a zip archive with one npy file for each named array.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tandem/graph/array.h"

namespace tandem {

using NamedArrays = std::map<std::string, array>;

// Raises IoError for an archive that cannot be read.
NamedArrays load_npz(const std::string& path);
NamedArrays load_npz(std::span<const std::byte> file, const std::string& name);

// Raises IoError. `compressed` deflates each member. npz_bytes is what save_npz writes.
std::vector<std::byte> npz_bytes(const NamedArrays& arrays, bool compressed = false);
void save_npz(const std::string& path, const NamedArrays& arrays, bool compressed = false);

}  // namespace tandem
