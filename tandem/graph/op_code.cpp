#include "tandem/graph/op_code.h"

namespace tandem::graph {

std::string_view name_of(OpCode op) {
  if (op.is_row()) return op_table::name_of(op.row());
  static constexpr std::string_view kNames[] = {
#define TANDEM_STRUCTURED(name, kind) #name,
#include "tandem/op_table/structured.def"
#undef TANDEM_STRUCTURED
  };
  return kNames[static_cast<size_t>(op.structured())];
}

}  // namespace tandem::graph
