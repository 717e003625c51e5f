// The op rows: Row<RowId::add> holds the texts and gradients of one elementwise op as generic
// lambdas over a carrier (scalar.h lists what carriers offer), made from elementwise.def.
//
//   real_text integer_text boolean_text complex_text   (x), (x, y) or (x, y, z) -> value; or Absent
//                                                      or Promotes
//   gradients   std::tuple with one entry per operand: (g, out, x, ..) -> the cotangent of that
//               operand, linear in g; Absent where the derivative is zero or does not exist.
// Text of comparisons and of logical ops gives a mask. A complex text takes Complex<F> (complex.h).
// An integer text is run with the signedness of the dtype. Leaf functions (scalar_math.h) may be
// kept whole by a carrier. Gradient texts use operators, comparisons, select, like, leaf
// functions and functions named like a row, so that they can be evaluated on whole arrays too.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tandem/op_table/complex.h"
#include "tandem/op_table/complex_math.h"
#include "tandem/op_table/row_info.h"
#include "tandem/op_table/row_math.h"
#include "tandem/op_table/scalar.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::op_table {

struct Absent {};
struct Promotes {};
inline constexpr Absent none{};
inline constexpr Promotes promotes{};

template <class... G>
constexpr std::tuple<G...> gradients(G... g) {
  return {g...};
}

template <class Text>
constexpr ClassRule class_rule(Text) {
  if constexpr (std::same_as<Text, Absent>) return ClassRule::absent;
  if constexpr (std::same_as<Text, Promotes>) return ClassRule::promotes;
  return ClassRule::present;
}

template <RowId id>
struct Row;

// Texts of one, two, three operands, and gradients of rows with that many.
#define X(...) []([[maybe_unused]] auto x) { return __VA_ARGS__; }
#define XY(...) []([[maybe_unused]] auto x, [[maybe_unused]] auto y) { return __VA_ARGS__; }
#define XYZ(...)                                                                  \
  []([[maybe_unused]] auto x, [[maybe_unused]] auto y, [[maybe_unused]] auto z) { \
    return __VA_ARGS__;                                                           \
  }
#define GX(...)                                                                     \
  []([[maybe_unused]] auto g, [[maybe_unused]] auto out, [[maybe_unused]] auto x) { \
    return __VA_ARGS__;                                                             \
  }
#define GXY(...)                                                                  \
  []([[maybe_unused]] auto g, [[maybe_unused]] auto out, [[maybe_unused]] auto x, \
     [[maybe_unused]] auto y) { return __VA_ARGS__; }
#define GXYZ(...)                                                                 \
  []([[maybe_unused]] auto g, [[maybe_unused]] auto out, [[maybe_unused]] auto x, \
     [[maybe_unused]] auto y, [[maybe_unused]] auto z) { return __VA_ARGS__; }
#define TANDEM_ROW(row_name, row_aliases, row_arity, rule, real_, integer_, boolean_, complex_,   \
                   row_gradients, row_traits, row_cost, row_domain, row_ulp, row_python, row_doc) \
  template <>                                                                                     \
  struct Row<RowId::row_name> {                                                                   \
    static constexpr RowId id = RowId::row_name;                                                  \
    static constexpr int arity = row_arity;                                                       \
    static constexpr auto real_text = real_;                                                      \
    static constexpr auto integer_text = integer_;                                                \
    static constexpr auto boolean_text = boolean_;                                                \
    static constexpr auto complex_text = complex_;                                                \
    static constexpr auto gradients = op_table::row_gradients;                                    \
    static_assert(std::tuple_size_v<decltype(gradients)> == arity, "one gradient per operand");   \
    static constexpr RowInfo info = {                                                             \
        .id = id,                                                                                 \
        .name = #row_name,                                                                        \
        .aliases = row_aliases,                                                                   \
        .arity = row_arity,                                                                       \
        .result = ResultRule::rule,                                                               \
        .classes = {class_rule(boolean_text), class_rule(integer_text), class_rule(real_text),    \
                    class_rule(complex_text)},                                                    \
        .first_is_mask = row_arity == 3,                                                          \
        .traits = row_traits,                                                                     \
        .cost = row_cost,                                                                         \
        .domain = row_domain,                                                                     \
        .ulp = row_ulp,                                                                           \
        .python = row_python,                                                                     \
        .doc = row_doc};                                                                          \
  };
#include "tandem/op_table/elementwise.def"
#undef TANDEM_ROW
#undef GXYZ
#undef GXY
#undef GX
#undef XYZ
#undef XY
#undef X

// The text of a row for one class: row_text<ComputeClass::real>(Row<..>{}).
template <ComputeClass c, class R>
constexpr auto row_text(R) {
  if constexpr (c == ComputeClass::boolean) return R::boolean_text;
  if constexpr (c == ComputeClass::integer) return R::integer_text;
  if constexpr (c == ComputeClass::real) return R::real_text;
  if constexpr (c == ComputeClass::complex) return R::complex_text;
}
template <class Text>
inline constexpr bool kIsText = !std::same_as<Text, Absent> && !std::same_as<Text, Promotes>;

// Calls f(Row<id>{}) for each row, in the order of RowId.
template <class F>
void for_each_row(F&& f) {
  [&]<size_t... i>(std::index_sequence<i...>) {
    (f(Row<static_cast<RowId>(i)>{}), ...);
  }(std::make_index_sequence<kRowCount>{});
}

// Calls f(Row<id>{}) for a row known at run time; f gives the same type for every row.
template <class F>
decltype(auto) visit_row(RowId id, F&& f) {
  using Result = decltype(f(Row<RowId{}>{}));
  using Entry = Result (*)(F&);
  static constexpr auto kTable = []<size_t... i>(std::index_sequence<i...>) {
    return std::array<Entry, kRowCount>{
        [](F& g) -> Result { return g(Row<static_cast<RowId>(i)>{}); }...};
  }(std::make_index_sequence<kRowCount>{});
  return kTable[static_cast<size_t>(id)](f);
}

}  // namespace tandem::op_table
