#include "tandem/kernel/ir.h"

namespace tandem::kernel {

namespace {

struct OpInfo {
  std::string_view name;
  int arity;
};

constexpr OpInfo kOps[] = {
#define TANDEM_IR_OP(name, arity, signature) {#name, arity},
#include "tandem/kernel/ir_ops.def"
#undef TANDEM_IR_OP
};

}  // namespace

int arity_of(Op op) { return kOps[static_cast<int>(op)].arity; }

std::string_view name_of(Op op) {
  std::string_view name = kOps[static_cast<int>(op)].name;
  if (name.ends_with('_')) name.remove_suffix(1);  // and_, or_, xor_, not_: C++ keywords without it
  return name;
}

Type result_type(const Kernel& kernel, const Stage& stage) {
  if (stage.reduction == Reduction::argmin || stage.reduction == Reduction::argmax) {
    return Type::i64;
  }
  return kernel.nodes[stage.value].type;
}

}  // namespace tandem::kernel
