#include "tandem/interop/host_export.h"

#include "tandem/graph/evaluator.h"

namespace tandem::interop {

HostExport::HostExport(const array& value)
    : value_(value), data_(const_cast<void*>(value_.data())), strides_(value_.strides()) {
  shape_ = Shape(value_.shape());
  memory::Buffer& buffer = *value_.node()->storage()->buffer;
  writable_ = !buffer.foreign() || buffer.writable_exports().load() > 0;
  for (size_t i = 0; i < shape_.size(); ++i) writable_ &= strides_[i] != 0 || shape_[i] <= 1;
  buffer.exports().fetch_add(1);
  if (writable_) before_ = graph::evaluator().begin_writable_export(buffer);
}

HostExport::~HostExport() {
  memory::Buffer& buffer = *value_.node()->storage()->buffer;
  if (writable_) graph::evaluator().end_writable_export(buffer, before_);
  buffer.exports().fetch_sub(1);
}

}  // namespace tandem::interop
