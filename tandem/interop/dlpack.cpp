#include "tandem/interop/dlpack.h"

#include "tandem/base/check.h"
#include "tandem/interop/host_export.h"

namespace tandem {
namespace dlpack {

ElementType element_type(Dtype dtype) {
  const auto bits = static_cast<uint8_t>(size_of(dtype) * 8);
  using enum TypeCode;
  if (dtype == Dtype::bool_) return {boolean, bits, 1};
  if (dtype == Dtype::bfloat16) return {bfloat, bits, 1};
  if (is_complex(dtype)) return {complex, bits, 1};
  if (is_floating(dtype)) return {real, bits, 1};
  return {info(dtype).is_signed ? integer : unsigned_integer, bits, 1};
}

std::optional<Dtype> dtype_of(ElementType type) {
  if (type.lanes != 1) return std::nullopt;
  const int size = type.bits == 8    ? 0
                   : type.bits == 16 ? 1
                   : type.bits == 32 ? 2
                   : type.bits == 64 ? 3
                                     : -1;
  if (size < 0) return std::nullopt;
  using enum Dtype;
  constexpr Dtype kSigned[] = {int8, int16, int32, int64};
  constexpr Dtype kUnsigned[] = {uint8, uint16, uint32, uint64};
  switch (type.code) {
    case TypeCode::integer:
      return kSigned[size];
    case TypeCode::unsigned_integer:
      return kUnsigned[size];
    case TypeCode::real:
      if (size == 0) return std::nullopt;
      return size == 1 ? float16 : size == 2 ? float32 : float64;
    case TypeCode::bfloat:
      return size == 1 ? std::optional(bfloat16) : std::nullopt;
    case TypeCode::complex:
      return size == 3 ? std::optional(complex64) : std::nullopt;
    case TypeCode::boolean:
      return size == 0 ? std::optional(bool_) : std::nullopt;
    case TypeCode::opaque:
      break;
  }
  return std::nullopt;
}

namespace {

// The structure that is handed out, and what it points to.
template <class Managed>
Managed* hand_out(const array& a, Managed head) {
  struct Whole {
    explicit Whole(const array& value) : elements(value) {}
    Managed managed;
    interop::HostExport elements;
  };
  auto whole = std::make_unique<Whole>(a);
  interop::HostExport& elements = whole->elements;
  if constexpr (std::is_same_v<Managed, VersionedTensor>) {
    head.flags = elements.writable() ? 0 : kReadOnly;
  }
  head.tensor = {elements.data(),
                 {kCpu, 0},
                 elements.rank(),
                 element_type(elements.dtype()),
                 elements.shape(),
                 elements.strides(),
                 0};
  head.deleter = [](Managed* tensor) { delete static_cast<Whole*>(tensor->context); };
  whole->managed = head;
  whole->managed.context = whole.get();
  return &whole.release()->managed;
}

array take_in(const Tensor& tensor, bool read_only, std::shared_ptr<void> owner) {
  TANDEM_USER(tensor.device.type == kCpu, DeviceError, "from_dlpack",
              "only host memory is taken: got DLPack device type {}, expected 1 (cpu)",
              tensor.device.type);
  const auto dtype = dtype_of(tensor.element);
  TANDEM_USER(dtype.has_value(), DTypeError, "from_dlpack",
              "no dtype for DLPack type code {} of {} bits", static_cast<int>(tensor.element.code),
              tensor.element.bits);
  const auto rank = static_cast<size_t>(tensor.rank);
  const Dims shape{tensor.shape, rank};
  const Strides strides =
      tensor.strides ? Strides(tensor.strides, tensor.strides + rank) : row_major_strides(shape);
  std::byte* data = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
  TANDEM_USER(reinterpret_cast<uintptr_t>(data) % size_of(*dtype) == 0, ArgumentError,
              "from_dlpack", "the memory is not aligned to elements of {} bytes", size_of(*dtype));
  array result = array::from_foreign(data, shape, strides, *dtype, std::move(owner));
  // The holder of writable memory may go on writing into it for as long as the array lives.
  if (!read_only) result.node()->storage()->buffer->writable_exports().fetch_add(1);
  return result;
}

template <class Managed>
std::shared_ptr<void> owner_of(Managed* managed) {
  return {managed, [](void* p) {
            auto* tensor = static_cast<Managed*>(p);
            if (tensor->deleter) tensor->deleter(tensor);
          }};
}

}  // namespace
}  // namespace dlpack

dlpack::VersionedTensor* to_dlpack(const array& a) {
  return dlpack::hand_out(a, dlpack::VersionedTensor{1, 0, nullptr, nullptr, 0, {}});
}

dlpack::ManagedTensor* to_dlpack_unversioned(const array& a) {
  return dlpack::hand_out(a, dlpack::ManagedTensor{{}, nullptr, nullptr});
}

array from_dlpack(dlpack::VersionedTensor* tensor) {
  auto owner = dlpack::owner_of(tensor);
  TANDEM_USER(tensor->major == 1, ArgumentError, "from_dlpack",
              "unknown version of DLPack: got {}.{}, expected 1.x", tensor->major, tensor->minor);
  const bool read_only = (tensor->flags & dlpack::kReadOnly) != 0;
  return dlpack::take_in(tensor->tensor, read_only, std::move(owner));
}

array from_dlpack(dlpack::ManagedTensor* tensor) {
  return dlpack::take_in(tensor->tensor, false, dlpack::owner_of(tensor));
}

}  // namespace tandem
