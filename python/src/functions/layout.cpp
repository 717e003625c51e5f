// Further arrangements and creations: views of bytes, grids, triangles, windows.
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

using AtLeast = array (*)(const array&, StreamOrDevice);
struct NamedAtLeast {
  const char* name;
  AtLeast function;
  const char* signature;
  const char* doc;
};
constexpr NamedAtLeast kAtLeasts[] = {
    {"atleast_1d", &atleast_1d,
     "def atleast_1d(*arys: array, stream: Stream | Device | DeviceType | None = None) "
     "-> array | list[array]",
     "At least one dimension: the array, or a list of several."},
    {"atleast_2d", &atleast_2d,
     "def atleast_2d(*arys: array, stream: Stream | Device | DeviceType | None = None) "
     "-> array | list[array]",
     "At least two dimensions, new ones in front: the array, or a list of several."},
    {"atleast_3d", &atleast_3d,
     "def atleast_3d(*arys: array, stream: Stream | Device | DeviceType | None = None) "
     "-> array | list[array]",
     "At least three dimensions, (n,) as (1, n, 1) and (m, n) as (m, n, 1): the array, or a list "
     "of\n"
     "several."},
};

void bind_several(nb::module_& m) {
  for (const NamedAtLeast& op : kAtLeasts) {
    m.def(
        op.name,
        [op](const nb::args& arguments, const StreamOrDevice& s) -> nb::object {
          std::vector<array> arrays = arrays_of(arguments, op.name);
          for (array& a : arrays) a = op.function(a, s);
          if (arrays.size() == 1) return nb::steal(wrap(arrays[0]));
          return list_of(arrays);
        },
        nb::arg("arys"), nb::kw_only(), kStream(), nb::sig(op.signature), op.doc);
  }
  m.def(
      "broadcast_arrays",
      [](const nb::args& arguments, const StreamOrDevice& s) {
        return nb::tuple(list_of(broadcast_arrays(arrays_of(arguments, "broadcast_arrays"), s)));
      },
      nb::arg("arrays"), nb::kw_only(), kStream(),
      nb::sig("def broadcast_arrays(*arrays: array, stream: Stream | Device | DeviceType | None = "
              "None) -> tuple[array, ...]"),
      "The arrays broadcast to one shape, without copies. ShapeError if there is none.");
  m.def(
      "meshgrid",
      [](const nb::args& arguments, bool sparse, const std::string& indexing,
         const StreamOrDevice& s) {
        TANDEM_USER(indexing == "xy" || indexing == "ij", ArgumentError, "meshgrid",
                    "expects indexing 'xy' or 'ij': got '{}'", indexing);
        const Grid grid = indexing == "ij" ? Grid::ij : Grid::xy;
        return nb::tuple(list_of(meshgrid(arrays_of(arguments, "meshgrid"), sparse, grid, s)));
      },
      nb::arg("arrays"), nb::kw_only(), nb::arg("sparse") = false, nb::arg("indexing") = "xy",
      kStream(),
      nb::sig("def meshgrid(*arrays: array, sparse: bool = False, indexing: str = 'xy', "
              "stream: Stream | Device | DeviceType | None = None) -> tuple[array, ...]"),
      "Grids of coordinates: array i varies along axis i, the first two exchanged for 'xy'; "
      "sparse\n"
      "grids have extent 1 along the other axes.");
}

void bind_triangles(nb::module_& m) {
  m.def(
      "tri",
      [](int64_t n, std::optional<int64_t> columns, int64_t k, std::optional<Dtype> dtype,
         const StreamOrDevice& s) { return tri(n, columns, k, dtype.value_or(Dtype::float32), s); },
      nb::arg("n"), nb::arg("m") = nb::none(), nb::arg("k") = 0, nb::arg("dtype") = nb::none(),
      nb::kw_only(), kStream(),
      "An n x m matrix (n x n by default) with ones on and below its k-th diagonal, zeros above.");
  m.def(
      "tril", [](const array& x, int64_t k, const StreamOrDevice& s) { return tril(x, k, s); },
      nb::arg("x"), nb::arg("k") = 0, nb::kw_only(), kStream(),
      "The elements on and below the k-th diagonal of the last two axes, zeros elsewhere. "
      "ShapeError\n"
      "for fewer than two dimensions.");
  m.def(
      "triu", [](const array& x, int64_t k, const StreamOrDevice& s) { return triu(x, k, s); },
      nb::arg("x"), nb::arg("k") = 0, nb::kw_only(), kStream(),
      "The elements on and above the k-th diagonal of the last two axes, zeros elsewhere. "
      "ShapeError\n"
      "for fewer than two dimensions.");
}

using Window = array (*)(int64_t, StreamOrDevice);
struct NamedWindow {
  const char* name;
  Window function;
  const char* doc;
};
constexpr NamedWindow kWindows[] = {
    {"hanning", &hanning, "Hann window of M points: 0.5 - 0.5 cos(2 pi i / (M - 1))."},
    {"hamming", &hamming, "Hamming window of M points: 0.54 - 0.46 cos(2 pi i / (M - 1))."},
    {"blackman", &blackman,
     "Blackman window of M points: 0.42 - 0.5 cos(2 pi i / (M - 1)) + 0.08 cos(4 pi i / (M - 1))."},
    {"bartlett", &bartlett, "Bartlett window of M points: 1 - |2 i / (M - 1) - 1|."},
};

}  // namespace

void bind_layout(nb::module_& m, ArrayClass& cls) {
  bind_several(m);
  bind_triangles(m);
  for (const NamedWindow& window : kWindows) {
    m.def(
        window.name,
        [f = window.function](int64_t count, const StreamOrDevice& s) { return f(count, s); },
        nb::arg("M"), nb::kw_only(), kStream(), window.doc);
  }
  m.def(
      "unflatten",
      [](const array& a, int64_t axis, const ShapeArgument& shape, const StreamOrDevice& s) {
        return unflatten(a, axis, shape.value, s);
      },
      nb::arg("a"), nb::arg("axis"), nb::arg("shape"), nb::kw_only(), kStream(),
      "One axis becomes several of the given extents, one of which may be -1. ShapeError when the\n"
      "element counts differ.");
  m.def(
      "view",
      [](const Operand& a, Dtype dtype, const StreamOrDevice& s) {
        return view(a.to_array(), dtype, s);
      },
      nb::arg("a"), nb::arg("dtype"), kStream(),
      "The same bytes as elements of another dtype, whose size scales the last axis. ShapeError "
      "when\n"
      "they do not fit.");
  m.def(
      "astype",
      [](const Operand& a, Dtype dtype, const StreamOrDevice& s) {
        return astype(a.to_array(), dtype, s);
      },
      nb::arg("a"), nb::arg("dtype"), nb::kw_only(), kStream(),
      "The same values as another dtype; the array itself when it has that dtype.");
  cls.def(
      "view",
      [](const array& a, Dtype dtype, const StreamOrDevice& s) { return view(a, dtype, s); },
      nb::arg("dtype"), nb::kw_only(), kStream(), "See the function view.");
}

}  // namespace tandem::python
