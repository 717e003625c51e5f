#include "tandem/backends/common/copy/strided_copy.h"
#include "tandem/backends/common/operands.h"
#include "tandem/backends/common/scatter/scatter.h"
#include "tandem/base/check.h"

namespace tandem::backends::common {
namespace {

class SliceRest final : public device::Executable {
 public:
  explicit SliceRest(const kernel::LibraryCall& call)
      : size_(size_of(call.operands.back())), ranks_(call.ranks) {
    TANDEM_CHECK(ranks_.size() == 3 && ranks_[0] == ranks_[1] && ranks_[0] == ranks_[2],
                 "slice_rest of {} operands", ranks_.size());
  }

  // Axis by axis: all that lies before and behind the slice, between its borders on the axes before.
  void run(const device::LaunchArguments& arguments) const {
    const auto operands = operands_of(ranks_, arguments);
    const StridedOperand &base = operands[0], &slice = operands[1], &out = operands[2];
    if (base.data == out.data || element_count(out.shape) == 0) return;
    int64_t offset = (slice.data - out.data) / static_cast<int64_t>(size_);
    Shape shape(out.shape), starts(out.shape.size(), 0);
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      const int64_t start = offset / out.strides[axis], end = start + slice.shape[axis];
      offset %= out.strides[axis];
      const auto copy = [&](int64_t first, int64_t last) {
        if (first == last) return;
        starts[axis] = first, shape[axis] = last - first;
        copy_part(base, out, starts, shape);
      };
      copy(0, start);
      copy(end, out.shape[axis]);
      starts[axis] = start, shape[axis] = slice.shape[axis];
    }
  }

 private:
  void copy_part(const StridedOperand& base, const StridedOperand& out, Dims starts,
                 Dims shape) const {
    int64_t from = 0, to = 0;
    for (size_t axis = 0; axis < starts.size(); ++axis) {
      from += starts[axis] * base.strides[axis];
      to += starts[axis] * out.strides[axis];
    }
    const auto size = static_cast<int64_t>(size_);
    copy_strided(size_, shape, base.data + from * size, base.strides, out.data + to * size,
                 out.strides);
  }

  size_t size_;
  std::vector<uint8_t> ranks_;
};

}  // namespace

std::shared_ptr<device::Executable> compile_slice_rest(const kernel::LibraryCall& call) {
  return std::make_shared<SliceRest>(call);
}

void run_slice_rest(const device::Executable& executable,
                    const device::LaunchArguments& arguments) {
  static_cast<const SliceRest&>(executable).run(arguments);
}

}  // namespace tandem::backends::common
