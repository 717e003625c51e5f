// Questions about dtypes: categories, promotion, limits.
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "bindings.h"
#include "casters.h"

namespace tandem::python {
namespace {

void bind_categories(nb::module_& m) {
  nb::enum_<DtypeCategory>(m, "DtypeCategory",
                           "What dtypes have in common: generic holds all, number all but bool_,\n"
                           "integer is signedinteger or unsignedinteger, inexact is floating or\n"
                           "complexfloating. See issubdtype().")
      .value("complexfloating", DtypeCategory::complexfloating, "complex64.")
      .value("floating", DtypeCategory::floating, "float16, bfloat16, float32, float64.")
      .value("inexact", DtypeCategory::inexact, "floating and complexfloating.")
      .value("signedinteger", DtypeCategory::signedinteger, "int8 to int64.")
      .value("unsignedinteger", DtypeCategory::unsignedinteger, "uint8 to uint64.")
      .value("integer", DtypeCategory::integer, "signedinteger and unsignedinteger.")
      .value("number", DtypeCategory::number, "integer and inexact.")
      .value("generic", DtypeCategory::generic, "Every dtype.")
      .export_values();
}

std::string short_text(double value) { return fmt::format("{:.6g}", value); }

void bind_limits(nb::module_& m) {
  nb::class_<finfo>(m, "finfo",
                    "Limits of a floating dtype; of complex64 those of its parts.\n\n"
                    "DTypeError for other dtypes.")
      .def(nb::init<Dtype>(), nb::arg(), nb::sig("def __init__(self, arg: Dtype, /) -> None"))
      .def_ro("dtype", &finfo::dtype, "The floating dtype.")
      .def_ro("bits", &finfo::bits, "Bits of one number.")
      .def_ro("min", &finfo::min, "The least finite number.")
      .def_ro("max", &finfo::max, "The greatest finite number.")
      .def_ro("eps", &finfo::eps, "From 1 to the next larger number.")
      .def_ro("smallest_normal", &finfo::smallest_normal, "The least positive normal number.")
      .def("__repr__", [](const finfo& f) {
        return fmt::format("finfo(min={}, max={}, dtype={})", short_text(f.min), short_text(f.max),
                           name_of(f.dtype));
      });
  nb::class_<iinfo>(m, "iinfo",
                    "Limits of an integer dtype.\n\nDTypeError for other dtypes, bool_ among them.")
      .def(nb::init<Dtype>(), nb::arg(), nb::sig("def __init__(self, arg: Dtype, /) -> None"))
      .def_ro("dtype", &iinfo::dtype, "The integer dtype.")
      .def_ro("min", &iinfo::min, "The least number.")
      .def_ro("max", &iinfo::max, "The greatest number.")
      .def("__repr__", [](const iinfo& i) {
        return fmt::format("iinfo(min={}, max={}, dtype={})", i.min, i.max, name_of(i.dtype));
      });
}

std::optional<Dtype> dtype_of_argument(nb::handle argument) {
  if (is_array(argument.ptr())) return array_of(argument.ptr()).dtype();
  Dtype dtype;
  return dtype_from(argument.ptr(), dtype) ? std::optional(dtype) : std::nullopt;
}

Dtype common_dtype(const nb::args& arguments) {
  TANDEM_USER(arguments.size() > 0, ArgumentError, "result_type",
              "needs at least one array or dtype: got none");
  std::optional<Dtype> result;
  for (nb::handle argument : arguments) {
    const std::optional<Dtype> dtype = dtype_of_argument(argument);
    TANDEM_USER(dtype, ArgumentError, "result_type", "expects arrays and dtypes: got {}",
                Py_TYPE(argument.ptr())->tp_name);
    result = result ? promote(*result, *dtype) : *dtype;
  }
  return *result;
}

bool casts(nb::handle from, Dtype to) {
  const std::optional<Dtype> dtype = dtype_of_argument(from);
  TANDEM_USER(dtype, ArgumentError, "can_cast", "expects an array or a dtype: got {}",
              Py_TYPE(from.ptr())->tp_name);
  return can_cast(*dtype, to);
}

using Kind = std::variant<Dtype, DtypeCategory>;

Kind kind_from(nb::handle object) {
  Dtype dtype;
  if (dtype_from(object.ptr(), dtype)) return dtype;
  TANDEM_USER(nb::isinstance<DtypeCategory>(object), ArgumentError, "issubdtype",
              "expects a dtype or a category of dtypes: got {}", Py_TYPE(object.ptr())->tp_name);
  return nb::cast<DtypeCategory>(object);
}

// The kinds that the Python array API names.
struct NamedKind {
  std::string_view name;
  DtypeCategory category;
};
constexpr NamedKind kKinds[] = {{"signed integer", DtypeCategory::signedinteger},
                                {"unsigned integer", DtypeCategory::unsignedinteger},
                                {"integral", DtypeCategory::integer},
                                {"real floating", DtypeCategory::floating},
                                {"complex floating", DtypeCategory::complexfloating},
                                {"numeric", DtypeCategory::number}};

bool is_of_kind(Dtype dtype, nb::handle kind) {
  Dtype other;
  if (dtype_from(kind.ptr(), other)) return dtype == other;
  TANDEM_USER(nb::isinstance<nb::str>(kind), ArgumentError, "isdtype",
              "expects a dtype, a text or a tuple of them: got {}", Py_TYPE(kind.ptr())->tp_name);
  const std::string name = nb::cast<std::string>(kind);
  if (name == "bool") return dtype == Dtype::bool_;
  for (const NamedKind& known : kKinds) {
    if (known.name == name) return issubdtype(dtype, known.category);
  }
  raise<ArgumentError>("isdtype",
                       "unknown kind: got '{}', expected bool, signed integer, unsigned integer, "
                       "integral, real floating, complex floating or numeric",
                       name);
}

bool is_dtype(Dtype dtype, nb::handle kind) {
  if (!nb::isinstance<nb::tuple>(kind)) return is_of_kind(dtype, kind);
  for (nb::handle item : nb::borrow<nb::tuple>(kind)) {
    if (is_of_kind(dtype, item)) return true;
  }
  return false;
}

}  // namespace

void bind_dtype_info(nb::module_& m) {
  bind_categories(m);
  bind_limits(m);
  m.def("result_type", &common_dtype,
        nb::sig("def result_type(*arrays_and_dtypes: array | Dtype) -> Dtype"),
        "The dtype that holds all of the arrays and dtypes. ArgumentError for anything else.");
  m.def("can_cast", &casts, nb::arg("from_"), nb::arg("to"),
        nb::sig("def can_cast(from_: array | Dtype, to: Dtype) -> bool"),
        "Whether promotion of both dtypes gives `to`.");
  m.def(
      "issubdtype",
      [](nb::handle a, nb::handle b) {
        return std::visit([](auto x, auto y) { return issubdtype(x, y); }, kind_from(a),
                          kind_from(b));
      },
      nb::arg(), nb::arg(),
      nb::sig("def issubdtype(arg1: Dtype | DtypeCategory, arg2: Dtype | DtypeCategory, /) -> "
              "bool"),
      "Whether the first is the second or belongs to it: issubdtype(mx.int8, mx.integer).");
  m.def("isdtype", &is_dtype, nb::arg("dtype"), nb::arg("kind"),
        nb::sig("def isdtype(dtype: Dtype, kind: Dtype | str | tuple[Dtype | str, ...]) -> bool"),
        "Whether a dtype is another or of a kind: 'bool', 'signed integer', 'unsigned integer',\n"
        "'integral', 'real floating', 'complex floating', 'numeric', or any of a tuple.\n"
        "ArgumentError for an unknown kind.");
}

}  // namespace tandem::python
