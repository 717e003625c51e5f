// The functions, methods and properties of class array that op rows name, all from the rows
// themselves.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <deque>
#include <string>
#include <vector>

#include "bindings.h"
#include "casters.h"
#include "tandem/op_table/row_info.h"

namespace tandem::python {
namespace {

using op_table::kRowCount;
using op_table::PythonMember;
using op_table::RowId;
using op_table::RowInfo;

// Texts that nanobind and the rows' functions point to, for the life of the process.
const char* keep(std::string text) {
  static std::deque<std::string> texts;
  return texts.emplace_back(std::move(text)).c_str();
}

std::string operand_type(bool array_only) {
  return array_only ? "array" : std::string("array") + kOperandText;
}

constexpr char kStreamParameter[] = "stream: Stream | Device | DeviceType | None = None";

// "def add(a: array | ..., b: array | ..., stream: ... = None) -> array"
const char* function_signature(const RowInfo& row, std::string_view name) {
  std::string text = "def " + std::string(name) + "(";
  for (int i = 0; i < row.arity; ++i) {
    text += std::string(row.python.parameters[static_cast<size_t>(i)]) + ": " +
            operand_type(false) + ", ";
  }
  if (row.python.positional_only) text += "/, *, ";
  return keep(text + kStreamParameter + ") -> array");
}

std::string classes_text(const RowInfo& row) {
  const auto taken = [&](ComputeClass c) { return row.rule(c) != op_table::ClassRule::absent; };
  std::vector<std::string> names;
  if (taken(ComputeClass::boolean)) names.emplace_back("bool");
  if (taken(ComputeClass::integer)) names.emplace_back("integers");
  if (taken(ComputeClass::real)) names.emplace_back("floats");
  if (taken(ComputeClass::complex)) names.emplace_back("complex64");
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) text += (i ? ", " : "") + names[i];
  return text;
}

const char* function_doc(const RowInfo& row) {
  std::string text(row.doc);
  text += "\n\nTakes " + classes_text(row);
  if (row.rule(ComputeClass::integer) == op_table::ClassRule::promotes) {
    text += " (integers as float32)";
  }
  text += row.result == op_table::ResultRule::boolean     ? "; gives bool."
          : row.result == op_table::ResultRule::component ? "; complex64 gives float32."
                                                          : ".";
  if (row.arity > 1) text += " Operands broadcast together: ShapeError if their shapes do not.";
  text += " DTypeError for other dtypes.";
  return keep(text);
}

// nb::arg's for the operands are unnamed where the row's parameters are positional only.
const char* parameter(const RowInfo& row, int index) {
  return row.python.positional_only
             ? nullptr
             : keep(std::string(row.python.parameters[static_cast<size_t>(index)]));
}

void bind_function(nb::module_& m, const RowInfo& row, std::string_view name) {
  const RowId id = row.id;
  const char* signature = function_signature(row, name);
  const char* doc = function_doc(row);
  const auto one = [id](const Operand& x, const StreamOrDevice& s) {
    return apply(id, std::span(&x, 1), s);
  };
  const auto two = [id](const Operand& x, const Operand& y, const StreamOrDevice& s) {
    const Operand operands[] = {x, y};
    return apply(id, operands, s);
  };
  const auto three = [id](const Operand& x, const Operand& y, const Operand& z,
                          const StreamOrDevice& s) {
    const Operand operands[] = {x, y, z};
    return apply(id, operands, s);
  };
  const auto define = [&](auto function, auto... operands) {
    const std::string text(name);
    if (row.python.positional_only) {
      m.def(text.c_str(), function, operands..., nb::kw_only(), nb::arg("stream") = nb::none(),
            nb::sig(signature), doc);
    } else {
      m.def(text.c_str(), function, operands..., nb::arg("stream") = nb::none(), nb::sig(signature),
            doc);
    }
  };
  if (row.arity == 1) define(one, nb::arg(parameter(row, 0)));
  if (row.arity == 2) define(two, nb::arg(parameter(row, 0)), nb::arg(parameter(row, 1)));
  if (row.arity == 3) {
    define(three, nb::arg(parameter(row, 0)), nb::arg(parameter(row, 1)),
           nb::arg(parameter(row, 2)));
  }
}

void bind_member(ArrayClass& cls, const RowInfo& row) {
  const RowId id = row.id;
  const std::string name(row.python.member_name.empty() ? row.name : row.python.member_name);
  if (row.python.member == PythonMember::property) {
    cls.def_prop_ro(
        name.c_str(),
        [id](const array& a) {
          const Operand operand = a;
          return apply(id, std::span(&operand, 1));
        },
        keep(std::string(row.doc)));
    return;
  }
  const char* doc =
      keep(std::string(row.doc) + "\n\nSee the function " + std::string(row.name) + ".");
  if (row.arity == 1) {
    cls.def(
        name.c_str(),
        [id](const array& a, const StreamOrDevice& s) {
          const Operand operand = a;
          return apply(id, std::span(&operand, 1), s);
        },
        nb::kw_only(), nb::arg("stream") = nb::none(), doc);
  } else if (row.arity == 2) {
    cls.def(
        name.c_str(),
        [id](const array& a, const Operand& y, const StreamOrDevice& s) {
          const Operand operands[] = {a, y};
          return apply(id, operands, s);
        },
        nb::arg("other"), nb::kw_only(), nb::arg("stream") = nb::none(), doc);
  }
}

nb::dict describe(const RowInfo& row) {
  nb::dict result;
  const auto text = [](std::string_view view) { return nb::str(view.data(), view.size()); };
  result["name"] = text(row.name);
  nb::list aliases, classes, domain, parameters;
  for (std::string_view alias : row.aliases.names) {
    if (!alias.empty()) aliases.append(text(alias));
  }
  constexpr const char* kRules[] = {"absent", "present", "promotes"};
  for (op_table::ClassRule rule : row.classes) classes.append(kRules[static_cast<size_t>(rule)]);
  for (int i = 0; i < row.arity; ++i) {
    const op_table::Interval& interval = row.domain.operand[static_cast<size_t>(i)];
    domain.append(nb::make_tuple(interval.low, interval.high));
    parameters.append(text(row.python.parameters[static_cast<size_t>(i)]));
  }
  constexpr const char* kMembers[] = {"none", "method", "property"};
  constexpr const char* kResults[] = {"same", "boolean", "component"};
  result["aliases"] = aliases;
  result["arity"] = row.arity;
  result["classes"] = classes;
  result["result"] = kResults[static_cast<size_t>(row.result)];
  result["domain"] = domain;
  result["ulp"] = nb::make_tuple(row.ulp.f32, row.ulp.f64);
  result["traits"] = row.traits;
  result["function"] = row.python.function;
  result["member"] = kMembers[static_cast<size_t>(row.python.member)];
  result["member_name"] = text(row.python.member_name.empty() ? row.name : row.python.member_name);
  result["slot"] = text(row.python.slot);
  result["reflected_slot"] = text(row.python.reflected_slot);
  result["in_place_slot"] = text(row.python.in_place_slot);
  result["positional_only"] = row.python.positional_only;
  result["parameters"] = parameters;
  result["doc"] = text(row.doc);
  return result;
}

}  // namespace

void bind_rows(nb::module_& m, ArrayClass& cls) {
  for (int i = 0; i < kRowCount; ++i) {
    const RowInfo& row = op_table::row(static_cast<RowId>(i));
    if (row.python.function) {
      bind_function(m, row, row.name);
      for (std::string_view alias : row.aliases.names) {
        if (!alias.empty()) bind_function(m, row, alias);
      }
    }
    if (row.python.member != PythonMember::none) bind_member(cls, row);
  }
  m.def(
      "_rows",
      [] {
        nb::list rows;
        for (int i = 0; i < kRowCount; ++i)
          rows.append(describe(op_table::row(static_cast<RowId>(i))));
        return rows;
      },
      nb::sig("def _rows() -> list[dict[str, typing.Any]]"), "The op rows as the tests read them.");
  m.def(
      "_infer",
      [](const std::string& name, const nb::list& dtypes) {
        const auto id = op_table::find_row(name);
        TANDEM_USER(id.has_value(), ArgumentError, "infer", "no op row of this name: got {}", name);
        std::vector<Dtype> inputs;
        for (nb::handle dtype : dtypes) inputs.push_back(nb::cast<Dtype>(dtype));
        const op_table::Signature signature = op_table::infer(*id, inputs);
        nb::list operands;
        for (size_t i = 0; i < inputs.size(); ++i) operands.append(signature.operands[i]);
        return nb::make_tuple(operands, signature.result);
      },
      nb::arg("name"), nb::arg("dtypes"), "Dtypes a row computes in: (operands, result).");
}

}  // namespace tandem::python
