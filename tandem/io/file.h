// Files as the formats of this folder need them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tandem::io {

// Gives bytes to a file that is being written.
using Sink = std::function<void(std::span<const std::byte>)>;

// Calls write(sink) on a new file beside `path` and gives it the name when it is complete, so that
// a reader never meets half a file and a failure leaves the old one. Raises IoError.
void write_file(const std::string& path, const std::function<void(const Sink&)>& write);

}  // namespace tandem::io
