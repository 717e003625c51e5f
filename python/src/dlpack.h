// The exchange structures of DLPack 1.0 as they stand in memory, and their capsules' names.
#pragma once

#include <cstdint>

namespace tandem::python::dlpack {

enum class TypeCode : uint8_t { integer, unsigned_integer, real, opaque, bfloat, complex, boolean };

struct ElementType {
  TypeCode code;
  uint8_t bits;
  uint16_t lanes;
};

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

}  // namespace tandem::python::dlpack
