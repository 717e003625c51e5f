// Rounding, subnormals and contraction on the interpreter.
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "launch_case.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/settings.h"
#include "tandem/kernel/builder.h"

namespace tandem::backends::common {
namespace {

using kernel::Builder;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Type;

constexpr const char* kIsas[] = {"scalar", "avx2", "avx512"};

template <class Out, class In>
std::vector<Out> run_flat(const Kernel& kernel, const std::vector<std::vector<In>>& inputs) {
  const auto size = static_cast<int64_t>(inputs[0].size());
  std::vector<Out> out(inputs[0].size());
  const int64_t stride = 1;
  std::vector<device::BufferArgument> arguments(inputs.size() + 1);
  for (auto& argument : arguments) argument.strides = &stride;
  for (size_t i = 0; i < inputs.size(); ++i) {
    arguments[i].data = const_cast<In*>(inputs[i].data());
  }
  arguments.back().data = out.data();
  arguments.back().written = true;
  run_interpreted(*compile_interpreted(kernel), {{&size, 1}, arguments, {}});
  return out;
}

Kernel unary_kernel(Dtype from, Op op, Dtype to) {
  Builder b(1);
  const uint16_t in = b.input(from);
  const uint16_t out = b.output(to);
  b.store(out, b.convert(op, Type::f32, b.load(in)));
  return b.finish();
}

// Every stored half is read exactly, and every float near one, or half way to the next, rounds
// right.
TEST(InterpreterNumbers, AllHalvesAndTheirNeighbours) {
  for (const char* isa : kIsas) {
    const ScopedSetting setting("isa", isa);
    for (const bool brain : {false, true}) {
      const Dtype dtype = brain ? Dtype::bfloat16 : Dtype::float16;
      const Op round = brain ? Op::round_bf16 : Op::round_f16;
      const auto widen = [&](uint16_t h) {
        return brain ? bfloat_bits_to_float(h) : half_bits_to_float(h);
      };
      const auto narrow = [&](float f) {
        return brain ? float_to_bfloat_bits(f) : float_to_half_bits(f);
      };
      std::vector<uint16_t> halves(65536);
      for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
      const auto wide =
          run_flat<float, uint16_t>(unary_kernel(dtype, round, Dtype::float32), {halves});
      std::vector<float> near;
      for (size_t i = 0; i < halves.size(); ++i) {
        const float value = widen(halves[i]);
        if (std::isnan(value)) {
          ASSERT_TRUE(std::isnan(wide[i])) << isa << i;
          continue;
        }
        ASSERT_EQ(std::bit_cast<uint32_t>(wide[i]), std::bit_cast<uint32_t>(value)) << isa << i;
        const float middle =
            std::isinf(value) ? value : (value + widen(static_cast<uint16_t>(i ^ 1))) / 2;
        for (const float f : {value, middle}) {
          near.push_back(f);
          near.push_back(std::nextafter(f, INFINITY));
          near.push_back(std::nextafter(f, -INFINITY));
        }
      }
      const auto rounded =
          run_flat<uint16_t, float>(unary_kernel(Dtype::float32, round, dtype), {near});
      for (size_t i = 0; i < near.size(); ++i) {
        if (std::isnan(near[i])) continue;
        ASSERT_EQ(rounded[i], narrow(near[i])) << isa << " " << near[i];
      }
    }
  }
}

#if defined(__x86_64__)
TEST(InterpreterNumbers, SubnormalsAreKeptWhateverTheCallerSet) {
  Builder b(1);
  const uint16_t in = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  b.store(out, b.binary(Op::mul, b.load(in), b.float_constant(Type::f32, 0.5)));
  const Kernel kernel = b.finish();
  const unsigned before = _mm_getcsr();
  for (const char* isa : kIsas) {
    const ScopedSetting setting("isa", isa);
    for (const int threads : {1, 4}) {
      const ScopedThreadCount scope(threads);
      constexpr unsigned kFlushToZero = 0x8040 | 0x6000;  // and rounding towards zero
      _mm_setcsr(before | kFlushToZero);
      const auto got = run_flat<float, float>(kernel, {std::vector<float>(200'000, 0x1.8p-148f)});
      const unsigned after = _mm_getcsr();
      _mm_setcsr(before);
      EXPECT_EQ(after & 0xffc0u, (before | kFlushToZero) & 0xffc0u);
      EXPECT_EQ(got, std::vector<float>(200'000, 0x1p-148f)) << isa;  // 1.5 ulp to even
    }
  }
}
#endif

TEST(InterpreterNumbers, ProductsAndSumsAreNotContracted) {
  Builder b(1);
  const uint16_t xs = b.input(Dtype::float32);
  const uint16_t ys = b.input(Dtype::float32);
  const uint16_t zs = b.input(Dtype::float32);
  const uint16_t out = b.output(Dtype::float32);
  const NodeId product = b.binary(Op::mul, b.load(xs), b.load(ys));
  b.store(out, b.binary(Op::add, product, b.load(zs)));
  const Kernel kernel = b.finish();
  const float x = 1 + 0x1p-12f;
  const std::vector<std::vector<float>> inputs(3, std::vector<float>(1000, x));
  std::vector<std::vector<float>> operands = inputs;
  operands[2].assign(1000, -(1 + 0x1p-11f));
  for (const char* isa : kIsas) {
    const ScopedSetting setting("isa", isa);
    // x * x rounds to 1 + 2^-11; fused, the sum would be 2^-24.
    EXPECT_EQ((run_flat<float, float>(kernel, operands)), std::vector<float>(1000, 0.0f)) << isa;
  }
}

}  // namespace
}  // namespace tandem::backends::common
