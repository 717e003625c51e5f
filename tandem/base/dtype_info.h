// Questions about dtypes: which category one belongs to, what casts to what, and the limits of its
// values.
#pragma once

#include <cstdint>

#include "tandem/base/dtype.h"

namespace tandem {

// generic > bool_ and number; number > integer and inexact; integer > signedinteger and
// unsignedinteger; inexact > floating and complexfloating.
enum class DtypeCategory : uint8_t {
  complexfloating,
  floating,
  inexact,
  signedinteger,
  unsignedinteger,
  integer,
  number,
  generic,
};

// A dtype is a subtype of itself and of the categories it belongs to, a category of itself and of
// those around it.
bool issubdtype(Dtype a, Dtype b);
bool issubdtype(Dtype a, DtypeCategory b);
bool issubdtype(DtypeCategory a, DtypeCategory b);
bool issubdtype(DtypeCategory a, Dtype b);

inline Dtype promote_types(Dtype a, Dtype b) { return promote(a, b); }
// Whether `to` holds both, so that promotion of the two gives it.
inline bool can_cast(Dtype from, Dtype to) { return promote(from, to) == to; }

// Limits of a floating dtype; of complex64 those of its parts. Raises DTypeError for others.
struct finfo {
  explicit finfo(Dtype dtype);
  Dtype dtype;
  int bits;
  double min, max;
  double eps;  // from 1 to the next larger number
  double smallest_normal;
};

// Limits of an integer dtype. Raises DTypeError for others, bool among them.
struct iinfo {
  explicit iinfo(Dtype dtype);
  Dtype dtype;
  int64_t min;
  uint64_t max;
};

}  // namespace tandem
