#include "tandem/kernel/leaf.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tandem/kernel/rows/leaf_carrier.h"
#include "tandem/kernel/scalar_bits.h"
#include "tandem/kernel/signatures.h"

namespace tandem::kernel {

namespace {

using namespace op_table;

template <class Carrier, class L>
ScalarFunction text_function(L) {
  return []<size_t... i>(std::index_sequence<i...>) -> ScalarFunction {
    return +[](const uint64_t* in) { return to_bits(L::text(from_bits_as<Carrier>(in[i])...)); };
  }(std::make_index_sequence<L::arity>{});
}

template <class L>
ScalarFunction text_function(L leaf, Type operand, bool is_unsigned) {
  if constexpr (L::info.operands == LeafOperands::real) {
    if (operand == Type::f64) return text_function<F64>(leaf);
    return operand == Type::f32 ? text_function<F32>(leaf) : nullptr;
  } else if (operand == Type::i32) {
    return is_unsigned ? text_function<U32>(leaf) : text_function<I32>(leaf);
  } else if constexpr (L::info.operands == LeafOperands::integer) {
    if (operand != Type::i64) return nullptr;
    return is_unsigned ? text_function<U64>(leaf) : text_function<I64>(leaf);
  } else {
    return nullptr;
  }
}

template <class V, class L>
NodeId expand(L, V prototype, std::span<const NodeId> inputs) {
  return [&]<size_t... i>(std::index_sequence<i...>) {
    const auto operand = [&](NodeId node) {
      V value = prototype;
      value.node = node;
      return value;
    };
    return L::text(operand(inputs[i])...).node;
  }(std::make_index_sequence<L::arity>{});
}

}  // namespace

ScalarFunction leaf_function(uint16_t leaf, Type operand, bool is_unsigned) {
  return visit_leaf(static_cast<LeafId>(leaf), [&](auto found) -> ScalarFunction {
    return text_function(found, operand, is_unsigned);
  });
}

std::string check_leaf(uint16_t leaf, Type result, std::span<const Type> operands) {
  if (leaf >= kLeafCount) return fmt::format("no leaf function has number {}", leaf);
  const LeafInfo& info = op_table::info(static_cast<LeafId>(leaf));
  if (static_cast<int>(operands.size()) != info.arity) {
    return fmt::format("{} takes {} operands, got {}", info.name, info.arity, operands.size());
  }
  const Type type = operands[0];
  const bool type_fits = info.operands == LeafOperands::real      ? is_float(type)
                         : info.operands == LeafOperands::integer ? is_int(type)
                                                                  : type == Type::i32;
  const bool all_same =
      std::ranges::all_of(operands, [&](Type operand) { return operand == type; });
  if (type_fits && all_same && result == type) return {};
  return fmt::format("{} does not take {} to give {}", info.name, name_of(type), name_of(result));
}

NodeId expand_leaf(Builder& builder, uint16_t leaf, std::span<const NodeId> inputs,
                   bool is_unsigned) {
  const Value first{&builder, inputs[0]};
  return visit_leaf(static_cast<LeafId>(leaf), [&](auto found) -> NodeId {
    if constexpr (decltype(found)::info.operands == LeafOperands::real) {
      return expand(found, FloatValue{first}, inputs);
    } else {
      return expand(found, IntValue{first, !is_unsigned}, inputs);
    }
  });
}

}  // namespace tandem::kernel
