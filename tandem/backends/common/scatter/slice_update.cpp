#include "tandem/backends/common/copy/strided_copy.h"
#include "tandem/backends/common/operands.h"
#include "tandem/backends/common/scatter/scatter.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

class SliceUpdate final : public device::Executable {
 public:
  explicit SliceUpdate(const kernel::LibraryCall& call)
      : size_(size_of(call.operands.back())), ranks_(call.ranks), steps_(call.attributes) {
    TANDEM_CHECK(ranks_.size() == 3 && ranks_[0] == steps_.size() && ranks_[1] == steps_.size(),
                 "slice_update of {} operands and {} steps", ranks_.size(), steps_.size());
  }

  void run(const device::LaunchArguments& arguments) const {
    const auto operands = operands_of(ranks_, arguments);
    const StridedOperand &base = operands[0], &update = operands[1], &out = operands[2];
    if (base.data != out.data) {
      copy_strided(size_, base.shape, base.data, base.strides, out.data, out.strides);
    }
    Strides strides;
    int64_t offset = 0;
    for (size_t axis = 0; axis < steps_.size(); ++axis) {
      offset += static_cast<int64_t>(arguments.params[axis]) * out.strides[axis];
      strides.push_back(out.strides[axis] * steps_[axis]);
    }
    copy_strided(size_, update.shape, update.data, update.strides,
                 out.data + offset * static_cast<int64_t>(size_), strides);
  }

 private:
  size_t size_;
  std::vector<uint8_t> ranks_;
  std::vector<int64_t> steps_;
};

}  // namespace

std::shared_ptr<device::Executable> compile_slice_update(const kernel::LibraryCall& call) {
  return std::make_shared<SliceUpdate>(call);
}

void run_slice_update(const device::Executable& executable,
                      const device::LaunchArguments& arguments) {
  static_cast<const SliceUpdate&>(executable).run(arguments);
}

}  // namespace tandem::backends::common
