#include "tandem/kernel/text/printer.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <iterator>

#include "tandem/kernel/signatures.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::kernel {

namespace {

constexpr std::array<std::string_view, 3> kAccesses = {"general", "contiguous", "scalar"};
constexpr std::array<std::string_view, 3> kKinds = {"map", "reduce", "scan"};
constexpr std::array<std::string_view, 2> kExtents = {"element", "row"};

template <class E, size_t n>
std::string_view pick(const std::array<std::string_view, n>& names, E value) {
  const auto i = static_cast<size_t>(value);
  return i < n ? names[i] : "invalid";
}

std::string_view type_name(Type type) { return type <= Type::f64 ? name_of(type) : "invalid"; }

using Out = std::back_insert_iterator<std::string>;

void print_slot(Out out, const Node& node) {
  switch (node.op) {
    case Op::param:
      fmt::format_to(out, " p{}", node.slot);
      return;
    case Op::index:
      fmt::format_to(out, " a{}", node.slot);
      return;
    case Op::stage_result:
      fmt::format_to(out, " s{}", node.slot);
      return;
    case Op::load:
    case Op::load_at:
    case Op::store:
    case Op::store_at:
      fmt::format_to(out, " b{}", node.slot);
      break;
    case Op::call:
      if (node.slot < op_table::kLeafCount) {
        fmt::format_to(out, " {}", name_of(static_cast<op_table::LeafId>(node.slot)));
      } else {
        fmt::format_to(out, " leaf{}", node.slot);
      }
      break;
    default:
      return;
  }
  if (node.part != 0) fmt::format_to(out, ".{}", node.part);
}

void print_constant(Out out, const Node& node) {
  fmt::format_to(out, " {:#x}", node.bits);
  const auto low = static_cast<uint32_t>(node.bits);
  switch (node.type) {
    case Type::i32:
      fmt::format_to(out, "  # {}", static_cast<int32_t>(low));
      break;
    case Type::i64:
      fmt::format_to(out, "  # {}", static_cast<int64_t>(node.bits));
      break;
    case Type::f32:
      fmt::format_to(out, "  # {}", std::bit_cast<float>(low));
      break;
    case Type::f64:
      fmt::format_to(out, "  # {}", std::bit_cast<double>(node.bits));
      break;
    default:
      break;
  }
}

void print_node(Out out, NodeId id, const Node& node) {
  const bool known = node.op <= Op::call;
  fmt::format_to(out, "v{} = {} {}", id, known ? name_of(node.op) : "invalid",
                 type_name(node.type));
  print_slot(out, node);
  if (node.op == Op::constant) print_constant(out, node);
  for (int i = 0; i < node.input_count && i < kMaxInputs; ++i) {
    fmt::format_to(out, " v{}", node.in[i]);
  }
  fmt::format_to(out, "\n");
}

void print_stage(Out out, size_t number, const Stage& stage) {
  fmt::format_to(out, "stage s{} {}", number, name_of(stage.kind));
  if (stage.kind != StageKind::map) fmt::format_to(out, " {}", name_of(stage.reduction));
  fmt::format_to(out, " {}", name_of(stage.extent));
  if (stage.kind != StageKind::map) fmt::format_to(out, " value v{}", stage.value);
  if (stage.is_unsigned) fmt::format_to(out, " unsigned");
  if (stage.reverse) fmt::format_to(out, " reverse");
  if (stage.exclusive) fmt::format_to(out, " exclusive");
  fmt::format_to(out, "\n");
}

}  // namespace

std::string_view name_of(Access access) { return pick(kAccesses, access); }
std::string_view name_of(StageKind kind) { return pick(kKinds, kind); }
std::string_view name_of(Extent extent) { return pick(kExtents, extent); }

std::string print(const Kernel& kernel) {
  std::string text;
  const Out out(text);
  fmt::format_to(out, "kernel parallel {} reduced {}\n", kernel.parallel_rank, kernel.reduced_rank);
  if (kernel.relax != 0) fmt::format_to(out, "relax {:#x}\n", kernel.relax);
  for (size_t i = 0; i < kernel.buffers.size(); ++i) {
    const BufferParam& buffer = kernel.buffers[i];
    const bool known = buffer.dtype <= Dtype::complex64;
    fmt::format_to(out, "buffer b{} {} {}{}\n", i, known ? name_of(buffer.dtype) : "invalid",
                   name_of(buffer.access), buffer.written ? " written" : "");
  }
  for (size_t i = 0; i < kernel.params.size(); ++i) {
    fmt::format_to(out, "param p{} {}\n", i, type_name(kernel.params[i]));
  }
  NodeId next = 0;
  for (size_t s = 0; s < kernel.stages.size(); ++s) {
    const Stage& stage = kernel.stages[s];
    print_stage(out, s, stage);
    for (; next < stage.end && next < kernel.nodes.size(); ++next) {
      print_node(out, next, kernel.nodes[next]);
    }
  }
  for (; next < kernel.nodes.size(); ++next) print_node(out, next, kernel.nodes[next]);
  return text;
}

}  // namespace tandem::kernel
