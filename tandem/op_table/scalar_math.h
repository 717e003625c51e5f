// Leaf functions of row texts: exp, log, ... as straight-line texts over any carrier of scalar.h.
// No loop or branch depends on data, so one text runs on scalars, vectors and the IR builder. The
// texts of float64 stand in float64/, under the same names.
//
// A row calls leaves by name: exp(x). A carrier that wants to keep such a call whole (the IR
// builder, a double-precision reference) provides, beside its type,
//   template <LeafId id> V call_leaf(LeafTag<id>, V x, ...);
// otherwise the text is evaluated in place.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tandem/op_table/error_function.h"
#include "tandem/op_table/exp_log.h"
#include "tandem/op_table/float64/arc.h"
#include "tandem/op_table/float64/error_function.h"
#include "tandem/op_table/float64/exp_log.h"
#include "tandem/op_table/float64/hyperbolic.h"
#include "tandem/op_table/float64/inverse.h"
#include "tandem/op_table/float64/power.h"
#include "tandem/op_table/float64/trigonometric.h"
#include "tandem/op_table/hyperbolic.h"
#include "tandem/op_table/inverse.h"
#include "tandem/op_table/power.h"
#include "tandem/op_table/scalar.h"
#include "tandem/op_table/threefry.h"
#include "tandem/op_table/trigonometric.h"

namespace tandem::op_table {

enum class LeafId : uint16_t {
#define TANDEM_LEAF(name, ...) name,
#include "tandem/op_table/scalar_math.def"
#undef TANDEM_LEAF
};
#define TANDEM_LEAF(name, ...) +1
inline constexpr int kLeafCount = 0
#include "tandem/op_table/scalar_math.def"
    ;
#undef TANDEM_LEAF

enum class LeafOperands : uint8_t { real, word, integer };
enum class LeafForm : uint8_t { expanded, tile };

struct LeafInfo {
  LeafId id{};
  std::string_view name;
  int arity = 0;
  LeafOperands operands = LeafOperands::real;
  LeafForm form = LeafForm::expanded;
  float cost = 0;
  double ulp = 0, ulp_f64 = 0;
  std::string_view doc;
};

template <LeafId id>
struct LeafTag {};

// The text for the width of x, known from its type or, on the IR builder, from the node.
template <class Single, class Double, class F, class... More>
F by_width(Single single, Double twice, F x, More... more) {
  const auto wide = is_double(x);
  if constexpr (std::is_same_v<decltype(wide), const bool>) {
    return wide ? twice(x, more...) : single(x, more...);
  } else if constexpr (decltype(wide)::value) {
    return twice(x, more...);
  } else {
    return single(x, more...);
  }
}

// Leaf<LeafId::exp>::text(x) evaluates the text itself on any carrier.
template <LeafId id>
struct Leaf;

#define TANDEM_LEAF_TEXT_real(name)                                                 \
  [](auto... x) {                                                                   \
    return by_width([](auto... y) { return op_table::leaf::name(y...); },           \
                    [](auto... y) { return op_table::float64::name(y...); }, x...); \
  }
#define TANDEM_LEAF_TEXT_word(name) [](auto... x) { return op_table::leaf::name(x...); }
#define TANDEM_LEAF_TEXT_integer(name) TANDEM_LEAF_TEXT_word(name)
#define TANDEM_LEAF(leaf_name, leaf_arity, leaf_operands, leaf_form, leaf_cost, leaf_ulp, \
                    leaf_ulp_f64, leaf_doc)                                               \
  template <>                                                                             \
  struct Leaf<LeafId::leaf_name> {                                                        \
    static constexpr LeafId id = LeafId::leaf_name;                                       \
    static constexpr int arity = leaf_arity;                                              \
    static constexpr LeafInfo info = {.id = id,                                           \
                                      .name = #leaf_name,                                 \
                                      .arity = leaf_arity,                                \
                                      .operands = LeafOperands::leaf_operands,            \
                                      .form = LeafForm::leaf_form,                        \
                                      .cost = leaf_cost,                                  \
                                      .ulp = leaf_ulp,                                    \
                                      .ulp_f64 = leaf_ulp_f64,                            \
                                      .doc = leaf_doc};                                   \
    static constexpr auto text = TANDEM_LEAF_TEXT_##leaf_operands(leaf_name);             \
  };
#include "tandem/op_table/scalar_math.def"
#undef TANDEM_LEAF
#undef TANDEM_LEAF_TEXT_integer
#undef TANDEM_LEAF_TEXT_word
#undef TANDEM_LEAF_TEXT_real

// A call from a row's text: kept whole where the carrier offers call_leaf.
template <LeafId id, class... V>
auto invoke_leaf(V... x) {
  if constexpr (requires { call_leaf(LeafTag<id>{}, x...); }) {
    return call_leaf(LeafTag<id>{}, x...);
  } else {
    return Leaf<id>::text(x...);
  }
}
#define TANDEM_LEAF(name, ...)                    \
  template <class V, class... More>               \
  auto name(V x, More... more) {                  \
    return invoke_leaf<LeafId::name>(x, more...); \
  }
#include "tandem/op_table/scalar_math.def"
#undef TANDEM_LEAF

template <class F>
void for_each_leaf(F&& f) {
  [&]<size_t... i>(std::index_sequence<i...>) {
    (f(Leaf<static_cast<LeafId>(i)>{}), ...);
  }(std::make_index_sequence<kLeafCount>{});
}

// Calls f(Leaf<id>{}) for a leaf known at run time; f gives the same type for every leaf.
template <class F>
decltype(auto) visit_leaf(LeafId id, F&& f) {
  using Result = decltype(f(Leaf<LeafId{}>{}));
  using Entry = Result (*)(F&);
  static constexpr auto kTable = []<size_t... i>(std::index_sequence<i...>) {
    return std::array<Entry, kLeafCount>{
        [](F& g) -> Result { return g(Leaf<static_cast<LeafId>(i)>{}); }...};
  }(std::make_index_sequence<kLeafCount>{});
  return kTable[static_cast<size_t>(id)](f);
}

inline constexpr auto kLeafInfo = []<size_t... i>(std::index_sequence<i...>) {
  return std::array<LeafInfo, kLeafCount>{Leaf<static_cast<LeafId>(i)>::info...};
}(std::make_index_sequence<kLeafCount>{});
constexpr const LeafInfo& info(LeafId id) { return kLeafInfo[static_cast<size_t>(id)]; }
constexpr std::string_view name_of(LeafId id) { return info(id).name; }

}  // namespace tandem::op_table
