// Sizes of the processor's data caches.
#pragma once

#include <cstdint>

namespace tandem::backends::common {

// Bytes of the cache of level 1, 2 or 3 that one core reaches.
int64_t cache_bytes(int level);

}  // namespace tandem::backends::common
