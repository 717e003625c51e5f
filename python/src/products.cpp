// Matrix products.
#include "bindings.h"
#include "casters.h"

namespace tandem::python {

void bind_products(nb::module_& m) {
  m.def(
      "matmul",
      [](const Operand& a, const Operand& b, const StreamOrDevice& s) {
        return matmul(a.to_array(), b.to_array(), s);
      },
      nb::arg(), nb::arg(), nb::kw_only(), nb::arg("stream") = nb::none(),
      nb::sig("def matmul(a: array, b: array, /, *, stream: Stream | Device | DeviceType | None = "
              "None) -> array"),
      "Matrix product of the last two axes; earlier axes broadcast, vectors count as one row or\n"
      "column. ShapeError unless the inner extents agree, DTypeError for dtypes without a "
      "product.");
  m.def(
      "addmm",
      [](const Operand& c, const Operand& a, const Operand& b, float alpha, float beta,
         const StreamOrDevice& s) {
        return addmm(c.to_array(), a.to_array(), b.to_array(), alpha, beta, s);
      },
      nb::arg(), nb::arg(), nb::arg(), nb::arg("alpha") = 1.0f, nb::arg("beta") = 1.0f,
      nb::kw_only(), nb::arg("stream") = nb::none(),
      nb::sig(
          "def addmm(c: array, a: array, b: array, /, alpha: float = 1.0, beta: float = 1.0, *, "
          "stream: Stream | Device | DeviceType | None = None) -> array"),
      "alpha * (a @ b) + beta * c with one rounding. ShapeError unless the inner extents agree "
      "and\n"
      "c broadcasts to the product.");
}

}  // namespace tandem::python
