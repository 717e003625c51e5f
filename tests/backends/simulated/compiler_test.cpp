#include "tandem/device/trace.h"
#include "tandem/kernel/builder.h"
#include "tests/backends/conformance.h"
#include "tests/backends/simulated/support.h"

namespace tandem::backends {
namespace {

using simulated::make_simulated_backend;
using simulated::make_simulated_compiler;
using simulated::SimulatedOptions;

BackendUnderTest gpu(const std::string& name, bool verify, bool adversarial) {
  SimulatedOptions options;
  options.memory_bytes = size_t{256} << 20;
  options.verify = verify;
  options.adversarial = adversarial;
  return {name, [options] { return make_simulated_backend(0, options); }, make_simulated_compiler};
}

INSTANTIATE_TEST_SUITE_P(SimulatedGpu, BackendConformance,
                         testing::Values(gpu("plain", false, false), gpu("verifying", true, false),
                                         gpu("adversarial", true, true)),
                         [](const auto& chosen) { return chosen.param.name; });

}  // namespace
}  // namespace tandem::backends

namespace tandem::backends::simulated {
namespace {

using kernel::Op;

struct Compiled : testing::Test {
  static SimulatedOptions options() {
    SimulatedOptions options = small_gpu();
    options.verify = true;
    options.model.latency_seconds = 0;
    options.model.memory_bytes_per_second = 1e9;
    options.model.flops_per_second = 1e9;
    return options;
  }

  static device::BufferArgument argument(const float* data, size_t count, const int64_t* strides,
                                         bool written) {
    return {const_cast<float*>(data),
            strides,
            0,
            0,
            reinterpret_cast<const std::byte*>(data),
            reinterpret_cast<const std::byte*>(data + count),
            written};
  }

  Rig rig{options()};
  std::unique_ptr<kernel::Compiler> compiler = make_simulated_compiler();
};

TEST_F(Compiled, KernelsRunOnDeviceMemoryAndTakeModelTime) {
  kernel::Builder builder(2);
  const uint16_t in = builder.input(Dtype::float32);
  const uint16_t out = builder.output(Dtype::float32);
  builder.store(out, builder.binary(Op::mul, builder.load(in), builder.load(in)));
  const auto square = compiler->compile(builder.finish());

  constexpr size_t kRows = 30;
  constexpr size_t kColumns = 20;
  std::vector<float> host(kRows * kColumns);
  for (size_t i = 0; i < host.size(); ++i) host[i] = static_cast<float>(i);
  float* const a = rig.floats(host.size());
  float* const b = rig.floats(host.size());
  device::Trace::instance().start();
  rig.to_device(1, a, host);
  // The result is transposed.
  const int64_t extents[] = {kRows, kColumns};
  const int64_t from[] = {kColumns, 1};
  const int64_t to[] = {1, kRows};
  const device::BufferArgument buffers[] = {argument(a, host.size(), from, false),
                                            argument(b, host.size(), to, true)};
  rig.gpu().launch(rig.queue(1), *square, {extents, buffers, {}, "square"});
  std::vector<float> result(host.size());
  rig.to_host(1, result, b);
  rig.finish_and_await(1);
  ASSERT_EQ(rig.failure(1), "");
  EXPECT_EQ(result[7 * kRows + 3], host[3 * kColumns + 7] * host[3 * kColumns + 7]);
  for (const device::TraceEvent& event : device::Trace::instance().stop()) {
    if (event.name != "square") continue;
    EXPECT_EQ(event.kind, device::EventKind::kernel);
    EXPECT_EQ(event.bytes, 4800);
    EXPECT_EQ(event.end_ns - event.begin_ns, 4800) << "bound by memory at 1 GB/s";
  }
}

TEST_F(Compiled, LibraryCallsCountTwoFlopsPerPoint) {
  const auto matmul =
      compiler->library({"matmul", {Dtype::float32, Dtype::float32, Dtype::float32}, 3});
  constexpr int64_t kSize = 64;
  const std::vector<float> ones(kSize * kSize, 1.0f);
  float* const a = rig.floats(ones.size());
  float* const out = rig.floats(ones.size());
  rig.to_device(1, a, ones);
  const int64_t extents[] = {kSize, kSize, kSize};
  const int64_t left[] = {kSize, 0, 1};
  const int64_t right[] = {0, 1, kSize};
  const int64_t result[] = {kSize, 1, 0};
  const device::BufferArgument buffers[] = {argument(a, ones.size(), left, false),
                                            argument(a, ones.size(), right, false),
                                            argument(out, ones.size(), result, true)};
  device::Trace::instance().start();
  rig.gpu().launch(rig.queue(1), *matmul, {extents, buffers, {}, "product"});
  std::vector<float> host(ones.size());
  rig.to_host(1, host, out);
  rig.finish_and_await(1);
  ASSERT_EQ(rig.failure(1), "");
  EXPECT_EQ(host.back(), 64);
  for (const device::TraceEvent& event : device::Trace::instance().stop()) {
    if (event.name != "product") continue;
    EXPECT_EQ(event.kind, device::EventKind::library);
    EXPECT_EQ(event.end_ns - event.begin_ns, 2 * kSize * kSize * kSize);
  }
}

TEST_F(Compiled, BadArgumentsAreRefusedWhenVerifying) {
  kernel::Builder builder(1);
  const uint16_t out = builder.output(Dtype::float32);
  builder.store(out, builder.float_constant(kernel::Type::f32, 1));
  const auto ones = compiler->compile(builder.finish());
  float* const a = rig.floats(16);
  const int64_t extents[] = {4};
  const int64_t strides[] = {0};
  const device::BufferArgument buffers[] = {argument(a, 16, strides, true)};
  EXPECT_THROW(rig.gpu().launch(rig.queue(1), *ones, {extents, buffers, {}, "ones"}), InternalError)
      << "four stores to one address";
}

}  // namespace
}  // namespace tandem::backends::simulated
