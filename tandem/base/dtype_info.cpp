#include "tandem/base/dtype_info.h"

#include <cmath>
#include <limits>

#include "tandem/base/check.h"

namespace tandem {
namespace {

// The narrowest category of a dtype; bool belongs to none but `generic`.
DtypeCategory category_of(Dtype dtype) {
  switch (compute_class(dtype)) {
    case ComputeClass::boolean:
      return DtypeCategory::generic;
    case ComputeClass::integer:
      return info(dtype).is_signed ? DtypeCategory::signedinteger : DtypeCategory::unsignedinteger;
    case ComputeClass::real:
      return DtypeCategory::floating;
    case ComputeClass::complex:
      break;
  }
  return DtypeCategory::complexfloating;
}

// The category around one; `generic` is around itself.
DtypeCategory parent_of(DtypeCategory category) {
  switch (category) {
    case DtypeCategory::complexfloating:
    case DtypeCategory::floating:
      return DtypeCategory::inexact;
    case DtypeCategory::signedinteger:
    case DtypeCategory::unsignedinteger:
      return DtypeCategory::integer;
    case DtypeCategory::inexact:
    case DtypeCategory::integer:
      return DtypeCategory::number;
    case DtypeCategory::number:
    case DtypeCategory::generic:
      break;
  }
  return DtypeCategory::generic;
}

// Bits of the fraction and the exponents of the largest and the least normal number.
struct FloatFormat {
  int fraction, largest, least;
};

FloatFormat format_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::float16:
      return {10, 15, -14};
    case Dtype::bfloat16:
      return {7, 127, -126};
    case Dtype::float64:
      return {52, 1023, -1022};
    default:
      return {23, 127, -126};
  }
}

}  // namespace

bool issubdtype(Dtype a, Dtype b) { return a == b; }

bool issubdtype(Dtype a, DtypeCategory b) { return issubdtype(category_of(a), b); }

bool issubdtype(DtypeCategory a, DtypeCategory b) {
  while (a != b && a != DtypeCategory::generic) a = parent_of(a);
  return a == b;
}

bool issubdtype(DtypeCategory, Dtype) { return false; }

finfo::finfo(Dtype type) : dtype(type == Dtype::complex64 ? Dtype::float32 : type) {
  TANDEM_USER(is_inexact(type), DTypeError, "finfo", "expects a floating dtype: got {}",
              name_of(type));
  const FloatFormat format = format_of(dtype);
  bits = static_cast<int>(size_of(dtype)) * 8;
  eps = std::ldexp(1.0, -format.fraction);
  max = std::ldexp(2.0 - eps, format.largest);
  min = -max;
  smallest_normal = std::ldexp(1.0, format.least);
}

iinfo::iinfo(Dtype type) : dtype(type) {
  TANDEM_USER(is_integer(type), DTypeError, "iinfo", "expects an integer dtype: got {}",
              name_of(type));
  visit(type, [this](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      min = static_cast<int64_t>(std::numeric_limits<T>::min());
      max = static_cast<uint64_t>(std::numeric_limits<T>::max());
    }
  });
}

}  // namespace tandem
