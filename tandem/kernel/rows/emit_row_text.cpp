#include "tandem/kernel/rows/emit_row_text.h"

#include <utility>

#include "tandem/base/check.h"
#include "tandem/kernel/rows/leaf_carrier.h"
#include "tandem/op_table/op.h"

namespace tandem::kernel {

namespace {

using op_table::Complex;

template <ComputeClass c>
auto carrier_value(Builder& builder, const EmittedValue& value) {
  const Value first{&builder, value.nodes[0]};
  if constexpr (c == ComputeClass::boolean) return MaskValue{first};
  if constexpr (c == ComputeClass::integer) return IntValue{first, info(value.dtype).is_signed};
  if constexpr (c == ComputeClass::real) return FloatValue{first};
  if constexpr (c == ComputeClass::complex) {
    return Complex<FloatValue>{FloatValue{first}, FloatValue{{&builder, value.nodes[1]}}};
  }
}

EmittedValue emitted(const Value& value, Dtype dtype) { return {{value.node, kNoNode}, dtype}; }
EmittedValue emitted(const Complex<FloatValue>& value, Dtype dtype) {
  return {{value.re.node, value.im.node}, dtype};
}

template <ComputeClass c, class R>
EmittedValue evaluate(R row, Builder& builder, std::span<const EmittedValue> operands,
                      Dtype result) {
  constexpr auto kText = op_table::row_text<c>(row);
  if constexpr (op_table::kIsText<std::remove_const_t<decltype(kText)>>) {
    return [&]<size_t... i>(std::index_sequence<i...>) {
      const auto operand = [&]<size_t k>(std::integral_constant<size_t, k>) {
        if constexpr (R::info.first_is_mask && k == 0) {
          return carrier_value<ComputeClass::boolean>(builder, operands[0]);
        } else {
          return carrier_value<c>(builder, operands[k]);
        }
      };
      return emitted(kText(operand(std::integral_constant<size_t, i>{})...), result);
    }(std::make_index_sequence<R::arity>{});
  } else {
    TANDEM_CHECK(false, "{} has no text for {}", R::info.name, name_of(operands.back().dtype));
  }
}

}  // namespace

EmittedValue emit_row_text(Builder& builder, op_table::RowId row,
                           std::span<const EmittedValue> operands, Dtype result) {
  return op_table::visit_row(row, [&](auto r) -> EmittedValue {
    switch (compute_class(operands.back().dtype)) {
      case ComputeClass::boolean:
        return evaluate<ComputeClass::boolean>(r, builder, operands, result);
      case ComputeClass::integer:
        return evaluate<ComputeClass::integer>(r, builder, operands, result);
      case ComputeClass::real:
        return evaluate<ComputeClass::real>(r, builder, operands, result);
      case ComputeClass::complex:
        break;
    }
    return evaluate<ComputeClass::complex>(r, builder, operands, result);
  });
}

}  // namespace tandem::kernel
