#include "tandem/op_table/op.h"

#include <fmt/format.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "tandem/base/check.h"

namespace tandem::op_table {
namespace {

constexpr auto kRows = []<size_t... i>(std::index_sequence<i...>) {
  return std::array<RowInfo, kRowCount>{Row<static_cast<RowId>(i)>::info...};
}(std::make_index_sequence<kRowCount>{});

std::string join(std::span<const std::string> words, std::string_view last_separator) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last_separator : std::string_view(", ");
    text += words[i];
  }
  return text;
}

std::string describe(std::span<const Dtype> dtypes) {
  std::vector<std::string> names;
  for (Dtype dtype : dtypes) names.emplace_back(name_of(dtype));
  return join(names, " and ");
}

// "integers or booleans": the classes of operands a row takes.
std::string describe_classes(const RowInfo& op) {
  std::vector<std::string> names;
  const auto add = [&](ComputeClass c, const char* name) {
    if (op.rule(c) != ClassRule::absent) names.emplace_back(name);
  };
  add(ComputeClass::integer, "integers");
  add(ComputeClass::boolean, "booleans");
  add(ComputeClass::real, "floats");
  add(ComputeClass::complex, "complex numbers");
  return join(names, " or ");
}

Dtype promote_class(const RowInfo& op, Dtype dtype) {
  if (dtype == Dtype::bool_ && op.rule(ComputeClass::integer) == ClassRule::present) {
    return Dtype::uint8;
  }
  return Dtype::float32;
}

Dtype result_of(const RowInfo& op, Dtype operand) {
  switch (op.result) {
    case ResultRule::boolean:
      return Dtype::bool_;
    case ResultRule::component:
      return is_complex(operand) ? Dtype::float32 : operand;
    case ResultRule::same:
      break;
  }
  return operand;
}

}  // namespace

const RowInfo& row(RowId id) { return kRows[static_cast<size_t>(id)]; }

std::optional<RowId> find_row(std::string_view name_or_alias) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, RowId> map;
    for (const RowInfo& op : kRows) {
      map.emplace(op.name, op.id);
      for (std::string_view alias : op.aliases.names) {
        if (!alias.empty()) map.emplace(alias, op.id);
      }
    }
    return map;
  }();
  const auto found = kByName.find(name_or_alias);
  if (found == kByName.end()) return std::nullopt;
  return found->second;
}

Signature infer(RowId id, std::span<const Dtype> inputs) {
  const RowInfo& op = row(id);
  TANDEM_USER(static_cast<int>(inputs.size()) == op.arity, ArgumentError, op.name,
              "wrong number of operands: got {}, expected {}", inputs.size(), op.arity);
  const size_t first = op.first_is_mask ? 1 : 0;
  Dtype common = inputs[first];
  for (size_t i = first + 1; i < inputs.size(); ++i) common = promote(common, inputs[i]);
  const ClassRule rule = op.rule(compute_class(common));
  TANDEM_USER(rule != ClassRule::absent, DTypeError, op.name, "expects {}: got {}",
              describe_classes(op), describe(inputs));
  if (rule == ClassRule::promotes) common = promote_class(op, common);
  Signature signature;
  signature.operands.fill(common);
  if (op.first_is_mask) signature.operands[0] = Dtype::bool_;
  signature.result = result_of(op, common);
  return signature;
}

}  // namespace tandem::op_table
