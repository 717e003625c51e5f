// The operators of class array, from the operator columns of the op rows.
#include "array/operators.h"

#include <array>
#include <string_view>
#include <utility>

#include "array/objects.h"
#include "errors.h"
#include "tandem/op_table/row_info.h"

namespace tandem::python {
namespace {

using op_table::kRowCount;
using op_table::RowId;

PyObject* not_implemented() { return Py_NewRef(Py_NotImplemented); }

template <class Apply>
PyObject* binary(PyObject* left, PyObject* right, Apply apply_op) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    const std::optional<Operand> x = operand_from(left);
    if (!x) return not_implemented();
    const std::optional<Operand> y = operand_from(right);
    if (!y) return not_implemented();
    return wrap(apply_op(*x, *y));
  });
}

array apply_pair(RowId row, const Operand& x, const Operand& y) {
  const Operand operands[] = {x, y};
  return apply(row, operands);
}

template <RowId row>
PyObject* unary_slot(PyObject* self) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    const Operand operand = array_of(self);
    return wrap(apply(row, std::span(&operand, 1)));
  });
}

// Python calls it for both `a + b` and the reflected form: either operand may be the array.
template <RowId row>
PyObject* binary_slot(PyObject* left, PyObject* right) {
  return binary(left, right,
                [](const Operand& x, const Operand& y) { return apply_pair(row, x, y); });
}

// `a += b` changes the object `a`, as users of the ecosystem expect; arrays themselves never
// change.
template <RowId row>
PyObject* in_place_slot(PyObject* self, PyObject* other) {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    const std::optional<Operand> y = operand_from(other);
    if (!y) return not_implemented();
    array result = apply_pair(row, Operand(array_of(self)), *y);
    std::swap(array_of(self), result);
    return Py_NewRef(self);
  });
}

template <RowId row>
PyObject* power_slot(PyObject* left, PyObject* right, PyObject* modulus) {
  if (modulus != Py_None) return not_implemented();
  return binary_slot<row>(left, right);
}

template <RowId row>
PyObject* in_place_power_slot(PyObject* self, PyObject* other, PyObject* modulus) {
  if (modulus != Py_None) return not_implemented();
  return in_place_slot<row>(self, other);
}

// The slots of one row: its functions for each way Python may call it.
struct RowSlots {
  void* unary;
  void* binary;
  void* in_place;
  void* power;
  void* in_place_power;
};

template <RowId row>
RowSlots row_slots() {
  return {reinterpret_cast<void*>(unary_slot<row>), reinterpret_cast<void*>(binary_slot<row>),
          reinterpret_cast<void*>(in_place_slot<row>), reinterpret_cast<void*>(power_slot<row>),
          reinterpret_cast<void*>(in_place_power_slot<row>)};
}

const std::array<RowSlots, kRowCount>& all_row_slots() {
  static const auto table = []<size_t... i>(std::index_sequence<i...>) {
    return std::array<RowSlots, kRowCount>{row_slots<static_cast<RowId>(i)>()...};
  }(std::make_index_sequence<kRowCount>{});
  return table;
}

// Python's slots by the name of the method they stand for.
struct SlotName {
  std::string_view method;
  int slot;
};
constexpr SlotName kUnarySlots[] = {{"__neg__", Py_nb_negative},
                                    {"__pos__", Py_nb_positive},
                                    {"__abs__", Py_nb_absolute},
                                    {"__invert__", Py_nb_invert}};
constexpr SlotName kBinarySlots[] = {{"__add__", Py_nb_add},
                                     {"__sub__", Py_nb_subtract},
                                     {"__mul__", Py_nb_multiply},
                                     {"__truediv__", Py_nb_true_divide},
                                     {"__floordiv__", Py_nb_floor_divide},
                                     {"__mod__", Py_nb_remainder},
                                     {"__and__", Py_nb_and},
                                     {"__or__", Py_nb_or},
                                     {"__xor__", Py_nb_xor},
                                     {"__lshift__", Py_nb_lshift},
                                     {"__rshift__", Py_nb_rshift}};
constexpr SlotName kInPlaceSlots[] = {{"__iadd__", Py_nb_inplace_add},
                                      {"__isub__", Py_nb_inplace_subtract},
                                      {"__imul__", Py_nb_inplace_multiply},
                                      {"__itruediv__", Py_nb_inplace_true_divide},
                                      {"__ifloordiv__", Py_nb_inplace_floor_divide},
                                      {"__imod__", Py_nb_inplace_remainder},
                                      {"__iand__", Py_nb_inplace_and},
                                      {"__ior__", Py_nb_inplace_or},
                                      {"__ixor__", Py_nb_inplace_xor},
                                      {"__ilshift__", Py_nb_inplace_lshift},
                                      {"__irshift__", Py_nb_inplace_rshift}};
constexpr std::string_view kComparisons[] = {"__lt__", "__le__", "__eq__",
                                             "__ne__", "__gt__", "__ge__"};
static_assert(Py_LT == 0 && Py_LE == 1 && Py_EQ == 2 && Py_NE == 3 && Py_GT == 4 && Py_GE == 5);

template <size_t n>
int find_slot(const SlotName (&names)[n], std::string_view method) {
  for (const SlotName& name : names) {
    if (name.method == method) return name.slot;
  }
  return 0;
}

std::array<RowId, 6> comparison_rows;

PyObject* compare(PyObject* left, PyObject* right, int operation) noexcept {
  return binary(left, right, [operation](const Operand& x, const Operand& y) {
    return apply_pair(comparison_rows[static_cast<size_t>(operation)], x, y);
  });
}

PyObject* product(PyObject* left, PyObject* right) noexcept {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    const std::optional<Operand> x = operand_from(left), y = operand_from(right);
    if (!x || !y || !x->as_array() || !y->as_array()) return not_implemented();
    return wrap(matmul(*x->as_array(), *y->as_array()));
  });
}

PyObject* in_place_product(PyObject* self, PyObject* other) noexcept {
  return guarded(static_cast<PyObject*>(nullptr), [&] {
    const std::optional<Operand> y = operand_from(other);
    if (!y || !y->as_array()) return not_implemented();
    array result = matmul(array_of(self), *y->as_array());
    std::swap(array_of(self), result);
    return Py_NewRef(self);
  });
}

PyObject* positive(PyObject* self) { return wrap(array_of(self)); }

void add_row(const op_table::RowInfo& row, std::vector<PyType_Slot>& slots) {
  const RowSlots& functions = all_row_slots()[static_cast<size_t>(row.id)];
  const std::string_view method = row.python.slot;
  if (method == "__pow__") {
    slots.push_back({Py_nb_power, functions.power});
    if (!row.python.in_place_slot.empty()) {
      slots.push_back({Py_nb_inplace_power, functions.in_place_power});
    }
    return;
  }
  if (const int slot = find_slot(kUnarySlots, method)) slots.push_back({slot, functions.unary});
  if (const int slot = find_slot(kBinarySlots, method)) slots.push_back({slot, functions.binary});
  if (const int slot = find_slot(kInPlaceSlots, row.python.in_place_slot)) {
    slots.push_back({slot, functions.in_place});
  }
  for (size_t i = 0; i < std::size(kComparisons); ++i) {
    if (method == kComparisons[i]) comparison_rows[i] = row.id;
  }
}

}  // namespace

void add_operator_slots(std::vector<PyType_Slot>& slots) {
  for (int i = 0; i < kRowCount; ++i) {
    const op_table::RowInfo& row = op_table::row(static_cast<RowId>(i));
    if (!row.python.slot.empty()) add_row(row, slots);
  }
  slots.push_back({Py_tp_richcompare, reinterpret_cast<void*>(compare)});
  slots.push_back({Py_nb_positive, reinterpret_cast<void*>(positive)});
  slots.push_back({Py_nb_matrix_multiply, reinterpret_cast<void*>(product)});
  slots.push_back({Py_nb_inplace_matrix_multiply, reinterpret_cast<void*>(in_place_product)});
}

}  // namespace tandem::python
