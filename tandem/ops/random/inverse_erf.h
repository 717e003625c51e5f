// The inverse of the error function, for random numbers; private to ops/.
#pragma once

#include "tandem/graph/array.h"
#include "tandem/graph/streams.h"

namespace tandem::ops {

// Of float32 values on (-1, 1).
array inverse_erf(const array& x, const StreamOrDevice& s);

}  // namespace tandem::ops
