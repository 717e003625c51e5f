// DLPack 1.0: its exchange structures as they stand in memory, and arrays out of and into them.
// Arrays are given out in host memory, wherever they were computed; a simulated GPU is none of
// DLPack's devices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "tandem/graph/array.h"

namespace tandem::dlpack {

enum class TypeCode : uint8_t { integer, unsigned_integer, real, opaque, bfloat, complex, boolean };

struct ElementType {
  TypeCode code;
  uint8_t bits;
  uint16_t lanes;
};
ElementType element_type(Dtype dtype);
// Empty for elements that no array holds.
std::optional<Dtype> dtype_of(ElementType type);

inline constexpr int32_t kCpu = 1;
struct DeviceId {
  int32_t type;
  int32_t index;
};

struct Tensor {
  void* data;
  DeviceId device;
  int32_t rank;
  ElementType element;
  int64_t* shape;
  int64_t* strides;  // in elements; null for row-major
  uint64_t byte_offset;
};

struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor*);
};

inline constexpr uint64_t kReadOnly = 1;
struct VersionedTensor {
  uint32_t major, minor;
  void* context;
  void (*deleter)(VersionedTensor*);
  uint64_t flags;
  Tensor tensor;
};

inline constexpr char kName[] = "dltensor";
inline constexpr char kUsedName[] = "used_dltensor";
inline constexpr char kVersionedName[] = "dltensor_versioned";
inline constexpr char kUsedVersionedName[] = "used_dltensor_versioned";

}  // namespace tandem::dlpack

namespace tandem {

// The array's host memory, evaluated and waited for. The receiver calls the deleter once, on any
// thread; until then the memory is kept.
dlpack::VersionedTensor* to_dlpack(const array& a);
dlpack::ManagedTensor* to_dlpack_unversioned(
    const array& a);  // for receivers older than DLPack 1.0

// An array over the tensor's memory, which nothing is copied from; takes the tensor. Its deleter is
// called by release_foreign_owners() once nobody uses the memory any more, and at once when this
// raises: DeviceError unless it is host memory, DTypeError for elements of an unknown type.
array from_dlpack(dlpack::VersionedTensor* tensor);
array from_dlpack(dlpack::ManagedTensor* tensor);

}  // namespace tandem
