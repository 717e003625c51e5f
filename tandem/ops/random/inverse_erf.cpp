#include "tandem/ops/random/inverse_erf.h"

#include "tandem/ops/elementwise.h"

namespace tandem::ops {

// After M. Giles, "Approximating the erfinv function"
// (2010), single precision: a polynomial in w = -log(1 - x^2) near the centre, one in sqrt(w) in
// the tails.
array inverse_erf(const array& x, const StreamOrDevice& s) {
  const auto polynomial = [&](const array& t, std::initializer_list<double> coefficients) {
    auto next = coefficients.begin();
    array result = add(multiply(t, Scalar(next[0]), s), Scalar(next[1]), s);
    for (next += 2; next != coefficients.end(); ++next) {
      result = add(multiply(result, t, s), Scalar(*next), s);
    }
    return result;
  };
  const array product = multiply(subtract(Scalar(1.0), x, s), add(x, Scalar(1.0), s), s);
  const array w = negative(log(product, s), s);
  const array centre =
      polynomial(subtract(w, Scalar(2.5), s),
                 {2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
                  -0.00125372503, -0.00417768164, 0.246640727, 1.50140941});
  const array tail =
      polynomial(subtract(sqrt(w, s), Scalar(3.0), s),
                 {-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
                  -0.0076224613, 0.00943887047, 1.00167406, 2.83297682});
  return multiply(where(less(w, Scalar(5.0), s), centre, tail, s), x, s);
}

}  // namespace tandem::ops
