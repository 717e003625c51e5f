// What the library knows about every elementwise op at run time: names, rules of dtypes, traits.
// The texts themselves are in op.h; both come from elementwise.def.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tandem/base/dtype.h"

namespace tandem::op_table {

enum class RowId : uint16_t {
#define TANDEM_ROW(name, ...) name,
#include "tandem/op_table/elementwise.def"
#undef TANDEM_ROW
};
#define TANDEM_ROW(name, ...) +1
inline constexpr int kRowCount = 0
#include "tandem/op_table/elementwise.def"
    ;
#undef TANDEM_ROW

inline constexpr int kMaxArity = 3;

// Facts that passes and backends rely on; each is verified by tests/op_table.
enum Trait : uint32_t {
  kNoTraits = 0,
  kCommutative = 1,  // swapping the two operands changes no bit
  kExact = 2,        // a result from float16 or bfloat16 operands needs no rounding
  kBounded = 4,      // a result from 8- or 16-bit integers is in their range: needs no wrap
  kOdd = 8,          // f(-x) = -f(x), bit for bit
  kEven = 16,        // f(-x) = f(x), bit for bit
  kLeaf = 32,        // the real text calls leaf functions (scalar_math.def)
};

// The dtype of the result, from the dtype the operands were promoted to.
enum class ResultRule : uint8_t { same, boolean, component };  // component: float32 of complex64

// What a row does with operands of one compute class.
enum class ClassRule : uint8_t {
  absent,    // refused with a DTypeError
  present,   // the row has a text
  promotes,  // operands are converted: bool to uint8 where there is an integer text, else to
             // float32
};

struct Interval {
  double low = 0, high = 0;
};

// Range of each operand in which values and gradients are tested on random points.
struct Domain {
  std::array<Interval, kMaxArity> operand;
};
constexpr Domain on(Interval x, Interval y = {}, Interval z = {}) { return {{x, y, z}}; }

// Largest error of the real text in units in the last place, with float32 and float64 operands.
struct UlpBound {
  double f32 = 0, f64 = 0;
};
constexpr UlpBound ulp(double f32, double f64) { return {f32, f64}; }

enum class PythonMember : uint8_t { none, method, property };

// How the Python module shows a row: a function of the module unless `function` is false, a member
// of `array`, operator slots (empty where there is none), parameter names.
struct PythonInfo {
  bool function = true;
  PythonMember member = PythonMember::none;
  std::string_view member_name;  // empty: the row's own name
  std::string_view slot, reflected_slot, in_place_slot;
  bool positional_only = true;  // the operands; `stream` is then keyword-only
  std::array<std::string_view, kMaxArity> parameters = {"a", "b", "c"};

  constexpr PythonInfo slots(std::string_view forward, std::string_view reflected = {},
                             std::string_view in_place = {}) const {
    PythonInfo result = *this;
    result.slot = forward;
    result.reflected_slot = reflected;
    result.in_place_slot = in_place;
    return result;
  }
  constexpr PythonInfo named() const {
    PythonInfo result = *this;
    result.positional_only = false;
    return result;
  }
  constexpr PythonInfo with_parameters(std::string_view x, std::string_view y,
                                       std::string_view z) const {
    PythonInfo result = *this;
    result.parameters = {x, y, z};
    return result;
  }
};
constexpr PythonInfo function() { return {}; }
constexpr PythonInfo hidden() {
  PythonInfo result;
  result.function = false;
  return result;
}
constexpr PythonInfo method(std::string_view name = {}) {
  PythonInfo result;
  result.member = PythonMember::method;
  result.member_name = name;
  return result;
}
constexpr PythonInfo property() {
  PythonInfo result;
  result.member = PythonMember::property;
  return result;
}

struct Aliases {
  std::array<std::string_view, 2> names;
};
constexpr Aliases no_aliases() { return {}; }
constexpr Aliases aliases(std::string_view first, std::string_view second = {}) {
  return {{first, second}};
}

struct RowInfo {
  RowId id{};
  std::string_view name;
  Aliases aliases;  // unused places are empty
  int arity = 0;
  ResultRule result = ResultRule::same;
  std::array<ClassRule, 4> classes{};  // by ComputeClass
  bool first_is_mask = false;          // where: operand 0 is bool, the others are promoted together
  uint32_t traits = kNoTraits;
  float cost = 0;  // in float32 additions
  Domain domain;
  UlpBound ulp;
  PythonInfo python;
  std::string_view doc;

  constexpr bool has(Trait trait) const { return (traits & trait) != 0; }
  constexpr ClassRule rule(ComputeClass c) const { return classes[static_cast<size_t>(c)]; }
};

const RowInfo& row(RowId id);
inline std::string_view name_of(RowId id) { return row(id).name; }
std::optional<RowId> find_row(std::string_view name_or_alias);

struct Signature {
  std::array<Dtype, kMaxArity> operands{};  // the dtype each operand is converted to; arity of them
  Dtype result{};
  bool operator==(const Signature&) const = default;
};

// The dtypes a row computes in. Raises DTypeError for operands it does not take.
Signature infer(RowId id, std::span<const Dtype> inputs);

}  // namespace tandem::op_table
