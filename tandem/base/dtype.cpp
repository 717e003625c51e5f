#include "tandem/base/dtype.h"

#include "tandem/base/error.h"

namespace tandem {
namespace {

Dtype promote_integers(Dtype a, Dtype b) {
  const DtypeInfo& x = info(a);
  const DtypeInfo& y = info(b);
  if (x.is_signed == y.is_signed) return x.size >= y.size ? a : b;
  const Dtype with_sign = x.is_signed ? a : b;
  const Dtype without = x.is_signed ? b : a;
  if (size_of(with_sign) > size_of(without)) return with_sign;
  switch (size_of(without)) {
    case 1:
      return Dtype::int16;
    case 2:
      return Dtype::int32;
    case 4:
      return Dtype::int64;
    default:
      return Dtype::float32;
  }
}

}  // namespace

Dtype promote(Dtype a, Dtype b) {
  if (a == b || b == Dtype::bool_) return a;
  if (a == Dtype::bool_) return b;
  if (is_complex(a) || is_complex(b)) return Dtype::complex64;
  if (is_floating(a) != is_floating(b)) return is_floating(a) ? a : b;
  if (is_integer(a)) return promote_integers(a, b);
  if (size_of(a) == size_of(b)) return Dtype::float32;  // float16 with bfloat16
  return size_of(a) > size_of(b) ? a : b;
}

Dtype dtype_from_name(std::string_view name) {
  for (int i = 0; i < kDtypeCount; ++i) {
    if (kDtypeInfo[static_cast<size_t>(i)].name == name) return static_cast<Dtype>(i);
  }
  raise<DTypeError>("dtype", "unknown dtype name '{}'", name);
}

}  // namespace tandem
