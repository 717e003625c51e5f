#include "tandem/backends/cuda/text/sweep_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/backends/cuda/text/arguments.h"
#include "tandem/base/check.h"
#include "tandem/kernel/signatures.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::backends::cuda {

using kernel::Access;
using kernel::Extent;
using kernel::Kernel;
using kernel::Node;
using kernel::NodeId;
using kernel::Op;
using kernel::StageKind;
using kernel::Type;

std::string result_type_text(const Kernel& kernel, size_t stage) {
  return std::string(cuda_type(kernel::result_type(kernel, kernel.stages[stage])));
}

SweepPrinter::SweepPrinter(const Kernel& kernel, const TextOptions& options)
    : kernel_(share_nodes(kernel)), options_(options), sweeps_(sweeps_of(kernel_)) {
  if (options.keep) keeping_ = keeping_of(kernel_, sweeps_);
  if (!is_map() || sweeps_.empty()) return;
  // Maps over the same points in one go; the node order keeps loads before what may alias them.
  sweeps_.front().end = sweeps_.back().end;
  sweeps_.resize(1);
}

std::string SweepPrinter::structs() const {
  std::string text = "struct Arguments {\n  i64";
  const std::vector<Word> words = argument_words(kernel_, options_);
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].kind == WordKind::param) break;  // they stand last
    text += fmt::format("{} {}", i == 0 ? "" : ",", name_of(words[i]));
  }
  if (!kernel_.params.empty()) text += fmt::format(", p[{}]", kernel_.params.size());
  text += ";\n};\nstruct Row {\n  Index at, first;\n";
  if (options_.schedule == Schedule::columns) text += "  bool live;\n";
  for (int axis = 0; axis < kernel_.parallel_rank; ++axis) {
    text += fmt::format("  Index c{};\n", axis);
  }
  for (size_t s = 0; s < kernel_.stages.size(); ++s) {
    const StageKind kind = kernel_.stages[s].kind;
    if (kind == StageKind::reduce)
      text += fmt::format("  {} r{};\n", result_type_text(kernel_, s), s);
    if (kind == StageKind::scan)
      text += fmt::format("  {}* x{};\n", result_type_text(kernel_, s), s);
  }
  for (const KeptValue& value : keeping_.values) {
    text += fmt::format("  {}* k{};\n", cuda_type(kernel_.nodes[value.node].type), value.node);
  }
  return text + "};\n";
}

// What an earlier sweep left in shared memory.
std::vector<char> SweepPrinter::known_before(size_t sweep) const {
  std::vector<char> known(kernel_.nodes.size(), 0);
  if (sweeps_[sweep].extent == Extent::row) return known;
  for (const KeptValue& value : keeping_.values) {
    known[value.node] = value.first < static_cast<int>(sweep);
  }
  return known;
}

std::vector<NodeId> SweepPrinter::order_of(size_t sweep) const {
  return needed_nodes(kernel_, sweeps_[sweep], {}, known_before(sweep));
}

int SweepPrinter::cost(size_t sweep) const {
  float cost = 0;
  for (const NodeId id : order_of(sweep)) {
    const Node& node = kernel_.nodes[id];
    cost += node.op == Op::call ? op_table::info(static_cast<op_table::LeafId>(node.slot)).cost : 1;
  }
  return static_cast<int>(cost);
}

bool SweepPrinter::stores(size_t sweep) const {
  const auto kept_here = [&](const KeptValue& value) {
    return value.first == static_cast<int>(sweep);
  };
  if (std::ranges::any_of(keeping_.values, kept_here)) return true;
  const Sweep& found = sweeps_[sweep];
  return std::any_of(kernel_.nodes.begin() + found.begin, kernel_.nodes.begin() + found.end,
                     [](const Node& node) { return kernel::is_store(node.op); });
}

// The coordinates c0, c1, .. of a point, where anything needs them. Those of a row are in `row`.
std::string SweepPrinter::coordinates(const Sweep& sweep, const std::vector<NodeId>& order) const {
  const int first = is_map() ? 0 : kernel_.parallel_rank;
  const int rank = kernel_.parallel_rank + kernel_.reduced_rank;
  if (sweep.extent == Extent::row || first == rank) return {};
  const bool needed = std::ranges::any_of(order, [&](NodeId id) {
    const Node& node = kernel_.nodes[id];
    if (node.op == Op::index) return node.slot >= first;
    const bool accesses =
        kernel::is_store(node.op) || node.op == Op::load || node.op == Op::load_at;
    return accesses && kernel_.buffers[node.slot].access == Access::general;
  });
  if (!needed) return {};
  std::string text;
  std::string rest = "j";
  for (int axis = rank; axis-- > first + 1;) {
    text += fmt::format(
        "  const Index q{0} = quotient({1}, a.extent{0}), c{0} = {1} - q{0} * "
        "(Index)a.extent{0};\n",
        axis, rest);
    rest = fmt::format("q{}", axis);
  }
  return text + fmt::format("  const Index c{} = {};\n", first, rest);
}

// Elements from the buffer's first to the one at the point.
std::string SweepPrinter::position(const Sweep& sweep, uint16_t buffer) const {
  const bool per_element = sweep.extent == Extent::element;
  const int axes = moving_axes(kernel_, buffer);
  switch (kernel_.buffers[buffer].access) {
    case Access::scalar:
      return "0";
    case Access::contiguous:
      if (is_map()) return "j";
      if (axes == kernel_.parallel_rank && kernel_.reduced_rank > 0) return "row.at";
      return per_element ? "row.first + j" : "row.first";
    case Access::general:
      break;
  }
  std::string text;
  for (int axis = 0; axis < (per_element ? axes : kernel_.parallel_rank); ++axis) {
    const bool of_row = !is_map() && axis < kernel_.parallel_rank;
    text += fmt::format("{}{}c{} * (Index)a.b{}_s{}", axis == 0 ? "" : " + ", of_row ? "row." : "",
                        axis, buffer, axis);
  }
  return text.empty() ? "0" : text;
}

std::string SweepPrinter::place(const Sweep& sweep, const Node& node,
                                const std::string& index) const {
  const Dtype dtype = kernel_.buffers[node.slot].dtype;
  std::string at = position(sweep, node.slot);
  if (!index.empty()) at = fmt::format("(i64)({}) + {} * a.b{}_step", at, index, node.slot);
  if (is_complex(dtype)) at = fmt::format("2 * (i64)({}) + {}", at, int{node.part});
  return fmt::format("(({}*)a.b{})[{}]", storage_type(dtype), node.slot, at);
}

std::string SweepPrinter::source_text(const Sweep& sweep, const Node& node, const Names& names,
                                      const std::string& slot) {
  switch (node.op) {
    case Op::param:
      switch (node.type) {
        case Type::b1:
          return fmt::format("(a.p[{}] & 1) != 0", slot);
        case Type::f32:
          return fmt::format("__uint_as_float((u32)a.p[{}])", slot);
        case Type::f64:
          return fmt::format("__longlong_as_double(a.p[{}])", slot);
        default:
          return fmt::format("({})a.p[{}]", cuda_type(node.type), slot);
      }
    case Op::index: {
      const bool of_row = !is_map() && node.slot < kernel_.parallel_rank;
      return fmt::format("(u64){}c{}", of_row ? "row." : "", node.slot);
    }
    case Op::stage_result:
      if (kernel_.stages[node.slot].kind == StageKind::scan)
        return fmt::format("row.x{}[j]", node.slot);
      return fmt::format("row.r{}", node.slot);
    case Op::load:
      return loaded_text(library_.helpers, kernel_.buffers[node.slot].dtype, place(sweep, node));
    case Op::load_at: {
      const std::string index =
          fmt::format("clamped((i64){}, a.b{}_n)", names[node.in[0]], node.slot);
      return fmt::format("a.b{}_n == 0 ? ({})0 : {}", node.slot, cuda_type(node.type),
                         loaded_text(library_.helpers, kernel_.buffers[node.slot].dtype,
                                     place(sweep, node, index)));
    }
    default:
      break;
  }
  raise_internal("source_text", __FILE__, __LINE__, std::string(kernel::name_of(node.op)));
}

std::string SweepPrinter::functions(size_t number) {
  const Sweep& sweep = sweeps_[number];
  const std::vector<char> known = known_before(number);
  std::vector<NodeId> order = order_of(number);
  std::vector<NodeId> roots;
  std::string members, fills;
  const auto add = [&](const std::string& name, NodeId id) {
    roots.push_back(id);
    members += fmt::format("  {} {};\n", cuda_type(kernel_.nodes[id].type), name);
  };
  if (sweep.result >= 0) add("value", kernel_.stages[sweep.result].value);
  for (const NodeId id : order) {
    const Node& node = kernel_.nodes[id];
    if (!kernel::is_store(node.op)) continue;
    add(fmt::format("s{}", id), node.in[node.input_count - 1]);
    if (node.op == Op::store_at) add(fmt::format("i{}", id), node.in[0]);
  }
  for (const KeptValue& value : keeping_.values) {
    if (value.first == static_cast<int>(number)) add(fmt::format("k{}", value.node), value.node);
  }
  Names names;
  std::string body = coordinates(sweep, order);
  for (const NodeId id : order) {
    if (!known[id]) continue;
    body += fmt::format("  const {0} v{1} = row.k{1}[j];\n", cuda_type(kernel_.nodes[id].type), id);
  }
  std::erase_if(order, [&](NodeId id) { return known[id] != 0; });
  body += statements(
      library_, kernel_, order, roots,
      [&](const Node& node, const Names& named, const std::string& slot) {
        return source_text(sweep, node, named, slot);
      },
      names);
  if (sweep.result >= 0) {
    fills += fmt::format("  out.value = {};\n", names[kernel_.stages[sweep.result].value]);
  }
  for (const NodeId id : order) {
    const Node& node = kernel_.nodes[id];
    if (!kernel::is_store(node.op)) continue;
    fills += fmt::format("  out.s{} = {};\n", id, names[node.in[node.input_count - 1]]);
    if (node.op == Op::store_at) fills += fmt::format("  out.i{} = {};\n", id, names[node.in[0]]);
  }
  for (const KeptValue& value : keeping_.values) {
    if (value.first != static_cast<int>(number)) continue;
    fills += fmt::format("  out.k{} = {};\n", value.node, names[value.node]);
  }
  std::string text = fmt::format("struct Out{} {{\n{}}};\n", number, members);
  text += fmt::format(
      "static __device__ __forceinline__ Out{0} compute{0}(const Arguments& a, const Row& row, "
      "const Index j) {{\n{1}  Out{0} out;\n{2}  return out;\n}}\n",
      number, body, fills);
  return text + write_function(number, order);
}

std::string SweepPrinter::write_function(size_t number, const std::vector<NodeId>& order) {
  const Sweep& sweep = sweeps_[number];
  std::vector<NodeId> written;
  std::string text;
  for (const NodeId id : order) {
    const Node& node = kernel_.nodes[id];
    if (!kernel::is_store(node.op)) continue;
    written.push_back(id);
    const Dtype dtype = kernel_.buffers[node.slot].dtype;
    const std::string value = stored_text(library_.helpers, dtype, fmt::format("out.s{}", id));
    if (node.op == Op::store) {
      text += fmt::format("  {} = {};\n", place(sweep, node), value);
      continue;
    }
    text += fmt::format(
        "  const i64 at{0} = wrapped((i64)out.i{0}, a.b{1}_n);\n"
        "  if (at{0} >= 0 && at{0} < a.b{1}_n) {2} = {3};\n",
        id, node.slot, place(sweep, node, fmt::format("at{}", id)), value);
  }
  for (const KeptValue& value : keeping_.values) {
    if (value.first != static_cast<int>(number)) continue;
    text += fmt::format("  row.k{0}[j] = out.k{0};\n", value.node);
  }
  if (options_.schedule == Schedule::columns && !text.empty()) {
    text = "  if (!row.live) return;\n" + text;
  }
  return fmt::format(
      "static __device__ __forceinline__ void write{0}(const Arguments& a, const Row& row, "
      "const Index j, const Out{0}& out) {{\n{1}{2}}}\n",
      number, coordinates(sweep, written), text);
}

}  // namespace tandem::backends::cuda
