#include "tandem/kernel/fuzz/mutate.h"

#include "tandem/kernel/signatures.h"

namespace tandem::kernel::fuzz {

namespace {

class Mutator {
 public:
  Mutator(Random& random, Kernel& kernel) : random_(random), kernel_(kernel) {}

  void run() {
    switch (random_.below(10)) {
      case 0:
        return change_stage();
      case 1:
        return change_buffer();
      case 2:
        return change_shape();
      case 3:
        return change_list();
      default:
        return change_node();
    }
  }

 private:
  NodeId any_node() {
    if (random_.one_in(12)) return static_cast<NodeId>(random_.bits());
    return static_cast<NodeId>(random_.below(static_cast<int64_t>(kernel_.nodes.size()) + 2));
  }

  void change_node() {
    if (kernel_.nodes.empty()) return;
    Node& node = kernel_.nodes[random_.below(static_cast<int64_t>(kernel_.nodes.size()))];
    switch (random_.below(9)) {
      case 0:
        node.op = static_cast<Op>(random_.below(kOpCount + 1));
        break;
      case 1: {  // an operation with as many operands
        const Op op = static_cast<Op>(random_.below(kOpCount));
        if (arity_of(op) == node.input_count) node.op = op;
        break;
      }
      case 2:
        node.type = static_cast<Type>(random_.below(kTypeCount + 1));
        break;
      case 3:
        node.part = static_cast<uint8_t>(random_.below(3));
        break;
      case 4:
        node.slot = static_cast<uint16_t>(random_.one_in(6) ? random_.bits() : random_.below(9));
        break;
      case 5:
        node.input_count = static_cast<uint8_t>(random_.below(6));
        break;
      case 6:
        node.bits = random_.one_in(2) ? random_.bits() : 0;
        break;
      default:
        node.in[random_.below(node.input_count == 0 ? kMaxInputs : node.input_count)] = any_node();
    }
  }

  void change_stage() {
    if (kernel_.stages.empty()) return;
    Stage& stage = kernel_.stages[random_.below(static_cast<int64_t>(kernel_.stages.size()))];
    switch (random_.below(9)) {
      case 0:
        stage.kind = static_cast<StageKind>(random_.below(4));
        break;
      case 1:
        stage.extent = static_cast<Extent>(random_.below(3));
        break;
      case 2:
        stage.begin += static_cast<NodeId>(random_.between(-1, 1));
        break;
      case 3:
        stage.end += static_cast<NodeId>(random_.between(-1, 1));
        break;
      case 4:
        stage.reduction = static_cast<Reduction>(random_.below(9));
        break;
      case 5:
        stage.value = any_node();
        break;
      case 6:
        stage.reverse = !stage.reverse;
        break;
      case 7:
        stage.is_unsigned = !stage.is_unsigned;
        break;
      default:
        stage.exclusive = !stage.exclusive;
    }
  }

  void change_buffer() {
    BufferParam& buffer =
        kernel_.buffers[random_.below(static_cast<int64_t>(kernel_.buffers.size()))];
    switch (random_.below(3)) {
      case 0:
        buffer.dtype = static_cast<Dtype>(random_.below(kDtypeCount + 1));
        break;
      case 1:
        buffer.access = static_cast<Access>(random_.below(4));
        break;
      default:
        buffer.written = !buffer.written;
    }
  }

  void change_shape() {
    switch (random_.below(3)) {
      case 0:
        kernel_.parallel_rank = static_cast<uint8_t>(random_.below(5));
        break;
      case 1:
        kernel_.reduced_rank = static_cast<uint8_t>(random_.below(3));
        break;
      default:
        if (!kernel_.params.empty()) kernel_.params[0] = static_cast<Type>(random_.below(6));
    }
  }

  void change_list() {
    if (kernel_.nodes.size() < 2 || kernel_.stages.empty()) return;
    const auto last = static_cast<int64_t>(kernel_.nodes.size()) - 1;
    switch (random_.below(5)) {
      case 0:
        std::swap(kernel_.nodes[random_.between(0, last)], kernel_.nodes[random_.between(0, last)]);
        break;
      case 1:  // a node once more, at the end
        kernel_.nodes.push_back(Node(kernel_.nodes[random_.between(0, last)]));
        ++kernel_.stages.back().end;
        break;
      case 2:
        kernel_.nodes.pop_back();
        if (random_.one_in(2)) --kernel_.stages.back().end;
        break;
      case 3:
        kernel_.stages.erase(kernel_.stages.begin() +
                             random_.below(static_cast<int64_t>(kernel_.stages.size())));
        break;
      default:
        if (kernel_.buffers.size() > 1) kernel_.buffers.pop_back();
    }
  }

  Random& random_;
  Kernel& kernel_;
};

}  // namespace

Kernel mutate(Random& random, const Kernel& kernel) {
  Kernel result = kernel;
  const int64_t changes = random.pick<int64_t>({1, 1, 1, 2, 3});
  for (int64_t i = 0; i < changes; ++i) Mutator(random, result).run();
  return result;
}

Kernel widened(const Kernel& kernel) {
  Kernel result = kernel;
  for (BufferParam& buffer : result.buffers) {
    if (!buffer.written || buffer.dtype == Dtype::bool_ || size_of(buffer.dtype) > 2) continue;
    buffer.dtype = is_integer(buffer.dtype) ? Dtype::int32 : Dtype::float32;
  }
  return result;
}

}  // namespace tandem::kernel::fuzz
