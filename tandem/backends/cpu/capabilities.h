// What this machine's CPU is, as reports show it.
#pragma once

#include <string>
#include <string_view>

#include "tandem/device/backend.h"

namespace tandem::backends::cpu {

device::Capabilities read_capabilities();

// Bytes of RAM; 0 when unknown.
size_t physical_memory();

// The processor's name in the text of /proc/cpuinfo; empty when it is not there.
std::string brand_of(std::string_view cpuinfo);

}  // namespace tandem::backends::cpu
