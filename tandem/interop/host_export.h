// HostExport: the host memory of an array while somebody else looks at it. The array is evaluated
// first; while an export lives, its memory is kept and nothing else is written into it.
#pragma once

#include "tandem/graph/array.h"

namespace tandem::interop {

// May die on any thread.
class HostExport {
 public:
  // Evaluates the array and waits for it; raises what its computation raised.
  explicit HostExport(const array& value);
  ~HostExport();
  HostExport(const HostExport&) = delete;

  void* data() const { return data_; }  // the first element
  // Whether the holder may write: what it writes is then seen by all who read the array afterwards,
  // on any device. Not where memory of somebody else came in read-only, nor where elements share an
  // address.
  bool writable() const { return writable_; }
  Dtype dtype() const { return value_.dtype(); }
  int rank() const { return static_cast<int>(shape_.size()); }
  int64_t* shape() { return shape_.data(); }
  int64_t* strides() { return strides_.data(); }  // in elements
  size_t bytes() const { return value_.nbytes(); }

 private:
  array value_;
  void* data_ = nullptr;
  Shape shape_;
  Strides strides_;
  bool writable_ = false;
  uint64_t before_ = 0;  // see Evaluator::begin_writable_export
};

}  // namespace tandem::interop
