// Matrix products.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

const auto kStream = [] { return nb::arg("stream") = nb::none(); };

using Product = array (*)(const array&, const array&, StreamOrDevice);
struct NamedProduct {
  const char* name;
  Product function;
  const char* doc;
};
constexpr NamedProduct kProducts[] = {
    {"inner", &inner,
     "Sums of products over the last axes; the product when one operand is a scalar. ShapeError "
     "when\n"
     "the last extents differ."},
    {"outer", &outer, "Every product of an element of flattened a with one of flattened b."},
    {"kron", &kron, "Every element of a times the whole of b, as blocks."},
};

// axes: a number, or one list of axes for each operand.
array tensordot_from(const array& a, const array& b, nb::handle axes, const StreamOrDevice& s) {
  if (PyLong_Check(axes.ptr())) return tensordot(a, b, nb::cast<int64_t>(axes), s);
  std::vector<int64_t> lists[2];
  TANDEM_USER(PySequence_Check(axes.ptr()) && PySequence_Size(axes.ptr()) == 2, ArgumentError,
              "tensordot", "expects axes as a number or two lists");
  for (size_t i = 0; i < 2; ++i) {
    const nb::object item = axes[i];
    TANDEM_USER(integers_from(item.ptr(), lists[i]), ArgumentError, "tensordot",
                "expects axes as a number or two lists");
  }
  return tensordot(a, b, lists[0], lists[1], s);
}

void bind_einsum(nb::module_& m) {
  m.def(
      "einsum",
      [](const std::string& subscripts, const nb::args& operands, const StreamOrDevice& s) {
        return einsum(subscripts, arrays_of(operands, "einsum"), s);
      },
      nb::arg("subscripts"), nb::arg("operands"), nb::kw_only(), kStream(),
      nb::sig("def einsum(subscripts: str, *operands: array, stream: Stream | Device | DeviceType "
              "| None = None) -> array"),
      "Sums of products in index notation, such as 'ij,jk->ik', 'bij,bjk', '...i->...', 'ii->i'.\n"
      "ArgumentError for bad subscripts, ShapeError when extents of one letter differ.");
  m.def(
      "einsum_path",
      [](const std::string& subscripts, const nb::args& operands) {
        const auto [steps, text] = einsum_path(subscripts, arrays_of(operands, "einsum_path"));
        nb::list path;
        for (const std::vector<int>& step : steps) {
          nb::list positions;
          for (const int position : step) positions.append(position);
          path.append(nb::tuple(positions));
        }
        return nb::make_tuple(path, text);
      },
      nb::arg("subscripts"), nb::arg("operands"),
      nb::sig("def einsum_path(subscripts: str, *operands: array) -> tuple[list[tuple[int, ...]], "
              "str]"),
      "The positions of the operands that each step of einsum combines (products go to the end of\n"
      "the list), and a text about the cost.");
}

void bind_partial_products(nb::module_& m) {
  m.def(
      "hadamard_transform",
      [](const array& a, std::optional<double> scale, const StreamOrDevice& s) {
        return hadamard_transform(a, scale, s);
      },
      nb::arg("a"), nb::arg("scale") = nb::none(), kStream(),
      "Products of the rows of the last axis with a Hadamard matrix, times `scale` (1 / sqrt(n)).\n"
      "ArgumentError unless a row has m * 2^k elements, m being 1, 12, 20 or 28.");
  m.def(
      "block_masked_mm",
      [](const array& a, const array& b, int64_t block_size, const std::optional<array>& out,
         const std::optional<array>& left, const std::optional<array>& right,
         const StreamOrDevice& s) {
        return block_masked_mm(a, b, block_size, out, left, right, s);
      },
      nb::arg("a"), nb::arg("b"), nb::arg("block_size") = 64, nb::arg("mask_out") = nb::none(),
      nb::arg("mask_lhs") = nb::none(), nb::arg("mask_rhs") = nb::none(), nb::kw_only(), kStream(),
      "The matrix product with square blocks of the operands and of the result left out (bool "
      "masks)\n"
      "or scaled (others). ShapeError unless a mask has one element per block.");
  m.def(
      "segmented_mm",
      [](const array& a, const array& b, const array& segments, const StreamOrDevice& s) {
        return segmented_mm(a, b, segments, s);
      },
      nb::arg("a"), nb::arg("b"), nb::arg("segments"), nb::kw_only(), kStream(),
      "For each pair (start, end) of `segments` the product of these columns of a with these rows "
      "of\n"
      "b. ShapeError unless both are matrices with equal inner sizes.");
}

}  // namespace

void bind_products(nb::module_& m) {
  bind_partial_products(m);
  for (const NamedProduct& product : kProducts) {
    m.def(
        product.name,
        [f = product.function](const Operand& a, const Operand& b, const StreamOrDevice& s) {
          return f(a.to_array(), b.to_array(), s);
        },
        nb::arg("a"), nb::arg("b"), nb::kw_only(), kStream(), product.doc);
  }
  bind_einsum(m);
  m.def("tensordot", &tensordot_from, nb::arg("a"), nb::arg("b"), nb::arg("axes") = 2,
        nb::kw_only(), kStream(),
        nb::sig("def tensordot(a: array, b: array, axes: int | "
                "collections.abc.Sequence[collections.abc.Sequence[int]] = 2, *, stream: Stream | "
                "Device | DeviceType | None = None) -> array"),
        "Sums of products over axes of a with axes of b: the last of a with the first of b by "
        "number,\n"
        "or one list for each. ShapeError when their extents differ.");
  m.def(
      "vecdot",
      [](const Operand& a, const Operand& b, int64_t axis, const StreamOrDevice& s) {
        return vecdot(a.to_array(), b.to_array(), axis, s);
      },
      nb::arg("a"), nb::arg("b"), nb::kw_only(), nb::arg("axis") = -1, kStream(),
      "Sum of conjugate(a) * b over one axis; the others broadcast. ShapeError when the extents "
      "differ.");
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
      "alpha * (a @ b) + beta * c with one rounding; for integers alpha and beta must be whole.\n"
      "ShapeError unless the inner extents agree and c broadcasts to the product.");
}

}  // namespace tandem::python
