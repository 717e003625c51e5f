// Arrays out to DLPack and back in, without Python.
#include "tandem/interop/dlpack.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tandem/tandem.h"

namespace tandem {
namespace {

constexpr Device kGpu{DeviceType::gpu, 0};

// Memory of somebody else, who counts how often it is given back.
struct Lender {
  std::vector<float> elements = std::vector<float>(12);
  int64_t shape[2] = {3, 4};
  int64_t strides[2] = {4, 1};
  int returned = 0;

  Lender() { std::iota(elements.begin(), elements.end(), 0.0f); }
  dlpack::VersionedTensor tensor(uint64_t flags = 0) {
    dlpack::VersionedTensor result{};
    result.major = 1;
    result.context = this;
    result.deleter = [](dlpack::VersionedTensor* t) {
      ++static_cast<Lender*>(t->context)->returned;
    };
    result.flags = flags;
    result.tensor = {elements.data(), {dlpack::kCpu, 0}, 2, dlpack::element_type(Dtype::float32),
                     shape,           strides,           0};
    return result;
  }
};

array ramp_of_twelve() { return array({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}) * array(2); }

TEST(Dlpack, every_dtype_keeps_its_type) {
  for (const Dtype dtype : {Dtype::bool_, Dtype::uint8, Dtype::uint16, Dtype::uint32, Dtype::uint64,
                            Dtype::int8, Dtype::int16, Dtype::int32, Dtype::int64, Dtype::float16,
                            Dtype::bfloat16, Dtype::float32, Dtype::float64, Dtype::complex64}) {
    EXPECT_EQ(dlpack::dtype_of(dlpack::element_type(dtype)), dtype);
  }
  EXPECT_EQ(dlpack::dtype_of({dlpack::TypeCode::real, 32, 4}), std::nullopt);
  EXPECT_EQ(dlpack::dtype_of({dlpack::TypeCode::real, 8, 1}), std::nullopt);
  EXPECT_EQ(dlpack::dtype_of({dlpack::TypeCode::complex, 128, 1}), std::nullopt);
  EXPECT_EQ(dlpack::dtype_of({dlpack::TypeCode::opaque, 64, 1}), std::nullopt);
}

TEST(Dlpack, out_shares_memory_and_keeps_it) {
  std::optional<array> a = ramp_of_twelve();
  const auto* data = a->data<int32_t>();
  dlpack::VersionedTensor* tensor = to_dlpack(transpose(reshape(*a, Shape{3, 4})));
  a.reset();
  EXPECT_EQ(tensor->tensor.data, data);
  EXPECT_EQ(tensor->tensor.device.type, dlpack::kCpu);
  EXPECT_EQ(tensor->tensor.shape[0], 4);
  EXPECT_EQ(tensor->tensor.strides[0], 1);
  EXPECT_EQ(tensor->flags, 0u);
  EXPECT_EQ(data[11], 22);
  tensor->deleter(tensor);
  dlpack::ManagedTensor* old = to_dlpack_unversioned(array({1.0f, 2.0f}));
  EXPECT_EQ(static_cast<float*>(old->tensor.data)[1], 2.0f);
  old->deleter(old);
}

// What a simulated GPU computed goes out as host memory: it is none of DLPack's devices.
TEST(Dlpack, values_of_a_simulated_gpu_go_out_in_host_memory) {
  const array a = add(array({1.0f, 2.0f}), Scalar(1.0), kGpu);
  dlpack::VersionedTensor* tensor = to_dlpack(a);
  EXPECT_EQ(tensor->tensor.device.type, dlpack::kCpu);
  EXPECT_EQ(static_cast<float*>(tensor->tensor.data)[1], 3.0f);
  tensor->deleter(tensor);
}

TEST(Dlpack, in_shares_memory_and_gives_it_back_when_nobody_uses_it) {
  Lender lender;
  dlpack::VersionedTensor tensor = lender.tensor();
  std::optional<array> a = from_dlpack(&tensor);
  EXPECT_EQ(a->data(), lender.elements.data());
  std::optional<array> sum = tandem::sum(add(*a, Scalar(1.0), kGpu));
  a.reset();
  release_foreign_owners();
  EXPECT_EQ(lender.returned, 0);
  EXPECT_EQ(sum->item<float>(), 78.0f);
  synchronize_all();
  release_foreign_owners();
  EXPECT_EQ(lender.returned, 1);
}

TEST(Dlpack, read_only_memory_goes_out_read_only) {
  Lender lender;
  dlpack::VersionedTensor tensor = lender.tensor(dlpack::kReadOnly);
  std::optional<array> a = from_dlpack(&tensor);
  dlpack::VersionedTensor* again = to_dlpack(*a);
  EXPECT_EQ(again->flags, dlpack::kReadOnly);
  EXPECT_EQ(again->tensor.data, lender.elements.data());
  a.reset();
  release_foreign_owners();
  EXPECT_EQ(lender.returned, 0);
  again->deleter(again);
  release_foreign_owners();
  EXPECT_EQ(lender.returned, 1);
  dlpack::VersionedTensor* repeated = to_dlpack(broadcast_to(array({1.0f}), Shape{3}));
  EXPECT_EQ(repeated->flags, dlpack::kReadOnly);  // elements that share an address
  repeated->deleter(repeated);
}

template <class E>
std::string refusal_of(dlpack::VersionedTensor tensor) {
  try {
    from_dlpack(&tensor);
  } catch (const E& error) {
    return error.what();
  }
  return "taken";
}

TEST(Dlpack, what_is_refused_is_given_back) {
  Lender lender;
  dlpack::VersionedTensor tensor = lender.tensor();
  tensor.tensor.device.type = 2;
  EXPECT_EQ(refusal_of<DeviceError>(tensor),
            "[from_dlpack] only host memory is taken: got DLPack device type 2, expected 1 (cpu)");
  tensor = lender.tensor();
  tensor.tensor.element.lanes = 4;
  EXPECT_EQ(refusal_of<DTypeError>(tensor),
            "[from_dlpack] no dtype for DLPack type code 2 of 32 bits");
  tensor = lender.tensor();
  tensor.major = 2;
  EXPECT_EQ(refusal_of<ArgumentError>(tensor),
            "[from_dlpack] unknown version of DLPack: got 2.0, expected 1.x");
  tensor = lender.tensor();
  tensor.tensor.byte_offset = 2;
  EXPECT_EQ(refusal_of<ArgumentError>(tensor),
            "[from_dlpack] the memory is not aligned to elements of 4 bytes");
  release_foreign_owners();
  EXPECT_EQ(lender.returned, 4);
}

}  // namespace
}  // namespace tandem
