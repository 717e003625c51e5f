#include "tandem/backends/common/gemm/simd.h"

#include <complex>

#include "tandem/base/settings.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/gemm/simd.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#define TANDEM_SIMD_TARGET \
  (HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON)

#if TANDEM_SIMD_TARGET
#include "tandem/backends/common/gemm/runs-inl.h"
#include "tandem/backends/common/gemm/stream-inl.h"
#include "tandem/backends/common/gemm/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tandem::backends::common {
namespace HWY_NAMESPACE {

template <class S>
void fill_runs(Simd& simd, Dtype dtype) {
  simd.runs[static_cast<size_t>(dtype)] = make_run_kernels<S>();
}

template <class S>
void fill_streams(Simd& simd, Dtype dtype) {
  simd.streams[static_cast<size_t>(dtype)] = make_stream_kernels<S>();
}

Simd make_simd() {
  Simd simd = {};
  simd.name = HWY_TARGET == HWY_AVX3 ? "avx512" : HWY_TARGET == HWY_AVX2 ? "avx2" : "neon";
  simd.f32 = make_tile_kernels<float>();
  simd.f64 = make_tile_kernels<double>();
  simd.u32 = make_tile_kernels<uint32_t>();
  simd.u64 = make_tile_kernels<uint64_t>();
  fill_runs<uint8_t>(simd, Dtype::uint8);
  fill_runs<uint8_t>(simd, Dtype::int8);
  fill_runs<uint16_t>(simd, Dtype::uint16);
  fill_runs<uint16_t>(simd, Dtype::int16);
  fill_runs<uint32_t>(simd, Dtype::uint32);
  fill_runs<uint32_t>(simd, Dtype::int32);
  fill_runs<uint64_t>(simd, Dtype::uint64);
  fill_runs<uint64_t>(simd, Dtype::int64);
  fill_runs<float16_t>(simd, Dtype::float16);
  fill_runs<bfloat16_t>(simd, Dtype::bfloat16);
  fill_runs<float>(simd, Dtype::float32);
  fill_runs<double>(simd, Dtype::float64);
  fill_runs<std::complex<float>>(simd, Dtype::complex64);
  fill_streams<float16_t>(simd, Dtype::float16);
  fill_streams<bfloat16_t>(simd, Dtype::bfloat16);
  fill_streams<float>(simd, Dtype::float32);
  return simd;
}

const Simd& simd_table() {
  static const Simd table = make_simd();
  return table;
}

}  // namespace HWY_NAMESPACE
}  // namespace tandem::backends::common
HWY_AFTER_NAMESPACE();
#endif  // TANDEM_SIMD_TARGET

#if HWY_ONCE
namespace tandem::backends::common {

const Simd* find_simd() {
  const std::string& isa = settings().isa;
  // Asks the processor, which traps in a virtual machine: once.
  [[maybe_unused]] static const int64_t supported = hwy::SupportedTargets();
  if (isa == "scalar") return nullptr;
#if HWY_TARGETS & HWY_AVX3
  if ((supported & HWY_AVX3) != 0 && isa != "avx2") return &N_AVX3::simd_table();
#endif
#if HWY_TARGETS & HWY_AVX2
  if ((supported & HWY_AVX2) != 0) return &N_AVX2::simd_table();
#endif
#if HWY_TARGETS & HWY_NEON
  if ((supported & HWY_NEON) != 0) return &N_NEON::simd_table();
#endif
  return nullptr;
}

StoreTarget store_target(const Problem& problem, int64_t index, int64_t row, int64_t column) {
  const auto element = static_cast<int64_t>(size_of(problem.dtype));
  StoreTarget target = {};
  const MatrixView& out = problem.out;
  target.out = problem.at(out, index) + (row * out.row + column * out.column) * element;
  target.out_stride = out.column;
  if (!problem.scaled) return target;
  const MatrixView& c = problem.c;
  target.c = problem.at(c, index) + (row * c.row + column * c.column) * element;
  target.c_stride = c.column;
  target.alpha = problem.alpha;
  target.beta = problem.beta;
  return target;
}

const TileKernels& tile_kernels(const Simd& simd, Dtype dtype) {
  if (dtype == Dtype::float64) return simd.f64;
  if (!is_integer(dtype)) return simd.f32;
  return size_of(dtype) == 8 ? simd.u64 : simd.u32;
}

}  // namespace tandem::backends::common
#endif
