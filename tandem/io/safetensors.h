// The safetensors format: a JSON header that names every array with its dtype, shape and place, then
// the elements of all.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "tandem/io/npz.h"

namespace tandem {

struct Safetensors {
  NamedArrays arrays;
  std::map<std::string, std::string> metadata;
};

// Memory-mapped: an element is read from the file when it is first used. Raises IoError.
Safetensors load_safetensors(const std::string& path);
Safetensors load_safetensors(std::span<const std::byte> file, const std::string& name);

// Raises IoError. safetensors_bytes is what save_safetensors writes.
std::vector<std::byte> safetensors_bytes(const NamedArrays& arrays,
                                         const std::map<std::string, std::string>& metadata = {});
void save_safetensors(const std::string& path, const NamedArrays& arrays,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace tandem
