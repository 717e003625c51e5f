#include "tandem/backends/common/copy/join.h"

#include <vector>

#include "tandem/backends/common/copy/strided_copy.h"
#include "tandem/backends/common/operands.h"
#include "tandem/base/check.h"
#include "tandem/base/dtype.h"

namespace tandem::backends::common {
namespace {

using Operands = std::span<const StridedOperand>;

class JoinExecutable final : public device::Executable {
 public:
  using Copy = void (*)(const JoinExecutable& self, Operands all, std::span<const uint64_t> words);

  JoinExecutable(const kernel::LibraryCall& call, Copy copy) : call_(call), copy_(copy) {}

  void run(const device::LaunchArguments& arguments) const {
    const std::vector<StridedOperand> operands = operands_of(call_.ranks, arguments);
    copy_(*this, operands, arguments.params);
  }
  size_t axis() const { return static_cast<size_t>(call_.attributes[0]); }
  size_t element_bytes(size_t operand) const { return size_of(call_.operands[operand]); }

 private:
  kernel::LibraryCall call_;
  Copy copy_;
};

void concatenate(const JoinExecutable& call, Operands operands, std::span<const uint64_t>) {
  const StridedOperand& out = operands.back();
  const size_t bytes = call.element_bytes(0);
  const int64_t step = out.strides[call.axis()] * static_cast<int64_t>(bytes);
  std::byte* target = out.data;
  for (const StridedOperand& input : operands.first(operands.size() - 1)) {
    copy_strided(bytes, input.shape, input.data, input.strides, target, out.strides);
    target += input.shape[call.axis()] * step;
  }
}

void pad(const JoinExecutable& call, Operands operands, std::span<const uint64_t> before) {
  const StridedOperand &input = operands[0], &value = operands[1], &out = operands[2];
  const size_t bytes = call.element_bytes(0);
  const Strides none(out.shape.size(), 0);
  Shape shape(out.shape);  // what is not written yet
  int64_t offset = 0;
  const auto fill = [&](int64_t from) {
    copy_strided(bytes, shape, value.data, none, out.data + from * static_cast<int64_t>(bytes),
                 out.strides);
  };
  for (size_t axis = 0; axis < out.shape.size(); ++axis) {
    const int64_t low = static_cast<int64_t>(before[axis]), stride = out.strides[axis];
    const int64_t middle = input.shape[axis];
    shape[axis] = low;
    fill(offset);
    shape[axis] = out.shape[axis] - low - middle;
    fill(offset + (low + middle) * stride);
    shape[axis] = middle;
    offset += low * stride;
  }
  copy_strided(bytes, shape, input.data, input.strides,
               out.data + offset * static_cast<int64_t>(bytes), out.strides);
}

void view_bytes(const JoinExecutable& call, Operands operands, std::span<const uint64_t>) {
  const StridedOperand &input = operands[0], &out = operands[1];
  const Strides dense = row_major_strides(input.shape);
  copy_strided(call.element_bytes(0), input.shape, input.data, input.strides, out.data, dense);
}

}  // namespace

std::shared_ptr<device::Executable> compile_join(const kernel::LibraryCall& call) {
  const bool joins = call.name == "concatenate";
  TANDEM_CHECK(call.operands.size() >= 2 && call.ranks.size() == call.operands.size() &&
                   call.attributes.size() == (joins ? 1U : 0U),
               "{} of {} operands", call.name, call.operands.size());
  if (call.name != "view_bytes") {
    for (const Dtype dtype : call.operands) {
      TANDEM_CHECK(dtype == call.operands[0], "{} of several dtypes", call.name);
    }
  }
  return std::make_shared<JoinExecutable>(call, joins                ? concatenate
                                                : call.name == "pad" ? pad
                                                                     : view_bytes);
}

void run_join(const device::Executable& executable, const device::LaunchArguments& arguments) {
  static_cast<const JoinExecutable&>(executable).run(arguments);
}

}  // namespace tandem::backends::common
