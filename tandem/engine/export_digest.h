// Whether a holder of a writable view has written: digests of the host's elements and of the copies
// that devices have, taken before and after. Most views are only read (NumPy asks for writable ones
// whenever it can), and what devices have then stays.
#pragma once

#include <cstdint>

#include "tandem/memory/buffer.h"

namespace tandem::engine {

// Of the copies beside the host's: where they are and when they were made. 0 when there is none.
// Caller holds the engine's lock.
uint64_t digest_of_mirrors(memory::Buffer& buffer);

// Of the host's elements and of `mirrors`; 0 when there are no mirrors or the buffer is so large
// that copying it again costs less than reading it twice. Any change of one 64-bit word changes the
// digest.
uint64_t digest_of_elements(memory::Buffer& buffer, uint64_t mirrors);

}  // namespace tandem::engine
