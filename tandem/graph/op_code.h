// OpCode: the operation of a node, an elementwise row or a structured op, in one 16-bit number.
#pragma once

#include <cstdint>
#include <string_view>

#include "tandem/op_table/row_info.h"

namespace tandem::graph {

enum class Structured : uint16_t {
#define TANDEM_STRUCTURED(name, kind) name,
#include "tandem/op_table/structured.def"
#undef TANDEM_STRUCTURED
};

// See structured.def.
enum class StructuredKind : uint8_t { source, generator, view, kernel, product, library };

constexpr StructuredKind kind_of(Structured op) {
  constexpr StructuredKind kKinds[] = {
#define TANDEM_STRUCTURED(name, kind) StructuredKind::kind,
#include "tandem/op_table/structured.def"
#undef TANDEM_STRUCTURED
  };
  return kKinds[static_cast<size_t>(op)];
}

// In the words of a gather: the source axis that the index runs over, and one of extent 1 that no
// axis of the result follows.
inline constexpr int64_t kGatheredAxis = -1, kDroppedAxis = -2;

class OpCode {
 public:
  constexpr OpCode() = default;
  constexpr OpCode(op_table::RowId row) : code_(static_cast<uint16_t>(row)) {}
  constexpr OpCode(Structured op)
      : code_(static_cast<uint16_t>(kFirst + static_cast<uint16_t>(op))) {}

  constexpr bool is_row() const { return code_ < kFirst; }
  constexpr op_table::RowId row() const { return static_cast<op_table::RowId>(code_); }
  constexpr Structured structured() const { return static_cast<Structured>(code_ - kFirst); }
  constexpr bool is(Structured op) const { return *this == OpCode(op); }
  constexpr bool is(StructuredKind kind) const {
    return !is_row() && kind_of(structured()) == kind;
  }
  // Views share the storage of their input.
  constexpr bool is_view() const { return is(StructuredKind::view); }
  // Cheap to make again and without inputs in memory: never kept as a side output.
  constexpr bool is_generator() const { return is(StructuredKind::generator); }
  constexpr bool is_product() const { return is(StructuredKind::product); }
  // Computed by a library call, a matrix product included.
  constexpr bool is_library() const { return is_product() || is(StructuredKind::library); }
  constexpr uint16_t code() const { return code_; }
  constexpr bool operator==(const OpCode&) const = default;

 private:
  static constexpr uint16_t kFirst = 0x4000;
  uint16_t code_ = kFirst;
};

std::string_view name_of(OpCode op);

}  // namespace tandem::graph
