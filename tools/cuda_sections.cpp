#include "cuda_sections.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <thread>

#include "cuda_cases.h"
#include "tandem/kernel/fuzz/generator.h"
#include "tandem/kernel/fuzz/values.h"
#include "tandem/kernel/reference/reference.h"

namespace tandem::tools {

using backends::cuda::Schedule;
using backends::cuda::TextOptions;
using kernel::Kernel;
using kernel::fuzz::Block;
using kernel::fuzz::Case;

void Section::fail(const std::string& text) {
  const std::lock_guard lock(mutex_);
  failures.push_back(text);
}

void parallel_for(const HarnessContext& context, Section& section, int64_t count,
                  const std::function<void(int64_t)>& f) {
  std::atomic<int64_t> next{0};
  const auto work = [&] {
    context.device.enter();
    for (int64_t i = next++; i < count; i = next++) {
      try {
        f(i);
      } catch (const std::exception& error) {
        section.fail(fmt::format("{} {}: {}", section.name, i, error.what()));
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < context.threads; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

namespace {

int64_t written_elements(const Case& fuzz_case) {
  int64_t points = 1;
  for (const int64_t extent : fuzz_case.extents) points *= extent;
  return points;
}

void compare(const HarnessContext& context, Section& section, const std::string& name,
             const Case& fuzz_case, const TextOptions& options,
             const std::vector<Block>& expected) {
  const CudaKernel kernel(context.compiler, context.device, fuzz_case.kernel, options);
  // Twice: what a launch leaves in its scratch memory must serve the next one.
  const std::vector<Block> got = run_on_device(context.device, kernel, fuzz_case, 2);
  section.count(written_elements(fuzz_case));
  if (const auto difference = kernel::fuzz::first_difference(fuzz_case, expected, got)) {
    section.fail(fmt::format("{} as {}{}{}, {} warps: {}\n{}", name, name_of(options.schedule),
                             options.narrow_index ? ", narrow" : "", options.keep ? ", keep" : "",
                             options.warps, *difference, kernel::fuzz::describe(fuzz_case)));
  }
}

// Under every schedule that the launch can use, with narrow positions by turns.
void compare_schedules(const HarnessContext& context, Section& section, const std::string& name,
                       const Case& fuzz_case, bool narrow) {
  const std::vector<Block> expected = kernel::fuzz::expected_blocks(fuzz_case);
  std::vector<Block> blocks = fuzz_case.blocks;
  const kernel::fuzz::Launch launch(fuzz_case, blocks);
  for (const Schedule schedule : backends::cuda::schedules_of(fuzz_case.kernel)) {
    narrow = !narrow;
    TextOptions options{schedule, narrow};
    if (!backends::cuda::can_launch(launch.arguments(), fuzz_case.kernel, options)) continue;
    compare(context, section, name, fuzz_case, options, expected);
    options.keep = backends::cuda::kept_words(fuzz_case.kernel, schedule) > 0;
    const bool scans = std::ranges::any_of(fuzz_case.kernel.stages, [](const auto& stage) {
      return stage.kind == kernel::StageKind::scan;
    });
    if (schedule == Schedule::row_block && !scans && narrow) options.warps = 32;
    if (options == TextOptions{schedule, narrow}) continue;
    if (!backends::cuda::can_launch(launch.arguments(), fuzz_case.kernel, options)) continue;
    compare(context, section, name, fuzz_case, options, expected);
  }
}

// A launch of a kernel whose plain buffers lie contiguous, or with their axes turned round.
Case plain_case(const Kernel& kernel, const std::vector<int64_t>& extents, bool turned,
                uint64_t seed, kernel::fuzz::Mood mood) {
  kernel::fuzz::Random random(seed);
  Case result{kernel, extents, {}, {}, {}};
  for (uint16_t b = 0; b < kernel.buffers.size(); ++b) {
    const bool per_row = kernel.buffers[b].written && kernel.reduced_rank > 0;
    const size_t axes = per_row ? kernel.parallel_rank : extents.size();
    kernel::fuzz::BufferLayout layout;
    layout.strides.assign(extents.size(), 0);
    int64_t step = 1;
    for (size_t i = 0; i < axes; ++i) {
      const size_t axis = turned ? i : axes - 1 - i;
      layout.strides[axis] = step;
      step *= extents[axis];
    }
    Block block(static_cast<size_t>(step) * size_of(kernel.buffers[b].dtype));
    kernel::fuzz::fill(random, kernel.buffers[b].dtype, mood, block);
    layout.block = result.blocks.size();
    result.blocks.push_back(std::move(block));
    result.layouts.push_back(std::move(layout));
  }
  return result;
}

bool same_value(Dtype dtype, const std::byte* a, const std::byte* b) {
  if (std::equal(a, a + size_of(dtype), b)) return true;
  const auto is_nan = [&](const std::byte* at) {
    if (dtype == Dtype::float32) {
      uint32_t bits;
      std::copy_n(at, 4, reinterpret_cast<std::byte*>(&bits));
      return (bits & 0x7fffffffu) > 0x7f800000u;
    }
    uint16_t bits;
    std::copy_n(at, 2, reinterpret_cast<std::byte*>(&bits));
    if (dtype == Dtype::float16) return (bits & 0x7fff) > 0x7c00;
    return dtype == Dtype::bfloat16 && (bits & 0x7fff) > 0x7f80;
  };
  return (dtype == Dtype::float32 || size_of(dtype) == 2) && is_floating(dtype) && is_nan(a) &&
         is_nan(b);
}

// One input, one output, contiguous: the kernel on all of `input` on the GPU and, in slices, on
// the reference.
void compare_unary(const HarnessContext& context, Section& section, const std::string& name,
                   const Kernel& kernel, const std::vector<std::byte>& input, int slices) {
  const Dtype in = kernel.buffers[0].dtype, out = kernel.buffers[1].dtype;
  const auto count = static_cast<int64_t>(input.size() / size_of(in));
  const int64_t strides[] = {1};
  std::vector<std::byte> got(static_cast<size_t>(count) * size_of(out)), expected(got.size());
  const auto arguments = [&](void* source, void* target, const int64_t& extent,
                             std::array<device::BufferArgument, 2>& buffers) {
    buffers[0].data = source;
    buffers[1].data = target;
    for (auto& buffer : buffers) buffer.strides = strides;
    buffers[1].written = true;
    return device::LaunchArguments{std::span(&extent, 1), buffers, {}};
  };
  {
    void* source = context.device.allocate(input.size());
    void* target = context.device.allocate(got.size());
    context.device.upload(source, input.data(), input.size());
    std::array<device::BufferArgument, 2> buffers;
    const CudaKernel compiled(context.compiler, context.device, kernel, {Schedule::map, false});
    CudaKernel::Launch(compiled, arguments(source, target, count, buffers)).run();
    context.device.download(got.data(), target, got.size());
    context.device.release(source);
    context.device.release(target);
  }
  std::atomic<int64_t> different{-1};
  const auto slice = [&](int64_t s) {
    const int64_t begin = count * s / slices, end = count * (s + 1) / slices;
    const int64_t extent = end - begin;
    std::array<device::BufferArgument, 2> buffers;
    kernel::run_reference(kernel, arguments(const_cast<std::byte*>(&input[begin * size_of(in)]),
                                            &expected[begin * size_of(out)], extent, buffers));
    for (int64_t i = begin; i < end; ++i) {
      if (!same_value(out, &got[i * size_of(out)], &expected[i * size_of(out)])) different = i;
    }
  };
  if (slices == 1) {
    slice(0);
  } else {
    parallel_for(context, section, slices, slice);
  }
  section.count(count);
  if (different >= 0)
    section.fail(fmt::format("{} differs at input number {}", name, different.load()));
}

bool is_unary(op_table::RowId row) { return op_table::row(row).arity == 1; }

}  // namespace

void compare_corpus(const HarnessContext& context, Section& section) {
  std::vector<CudaCase> cases;
  for (auto part : {row_cases, cast_cases, reduction_cases, composed_cases}) {
    for (CudaCase& each : part()) cases.push_back(std::move(each));
  }
  const auto count = static_cast<int64_t>(cases.size());
  parallel_for(context, section, count * context.launches, [&](int64_t i) {
    const CudaCase& each = cases[i % count];
    kernel::fuzz::Random random(static_cast<uint64_t>(i) + 1);
    Kernel kernel = each.kernel;  // what is known of its buffers is up to the launch
    for (kernel::BufferParam& buffer : kernel.buffers) buffer.access = kernel::Access::general;
    const Case launch =
        kernel::fuzz::random_launch(random, {kernel, std::vector<int>(kernel.buffers.size(), -1)});
    compare_schedules(context, section, each.name, launch, i % 3 == 0);
  });
}

void compare_random(const HarnessContext& context, Section& section) {
  parallel_for(context, section, context.random_kernels, [&](int64_t i) {
    const auto seed = static_cast<uint64_t>(i) + 1;
    compare_schedules(context, section, fmt::format("seed {}", seed),
                      kernel::fuzz::random_case(seed), i % 3 == 0);
  });
}

void compare_reductions(const HarnessContext& context, Section& section) {
  struct Shape {
    int64_t rows, elements;
  };
  constexpr Shape kShapes[] = {{3, 0},         {1, 1},         {40, 1},        {33, 31},
                               {5, 63},        {5, 64},        {70, 65},       {9, 1023},
                               {9, 1024},      {33, 1025},     {300, 257},     {2, 5000},
                               {64, 3073},     {1, 70'000},    {7, 16385},     {3, 300'000},
                               {1, 1'000'000}, {2, 1'048'577}, {1, 3'000'000}, {1000, 100}};
  const std::vector<CudaCase> cases = [] {
    std::vector<CudaCase> result;
    for (CudaCase& each : reduction_cases()) {
      if (each.name.starts_with("reduce")) result.push_back(std::move(each));
    }
    return result;
  }();
  constexpr auto kShapeCount = static_cast<int64_t>(std::size(kShapes));
  const auto count = static_cast<int64_t>(cases.size()) * kShapeCount * 2;
  parallel_for(context, section, count, [&](int64_t i) {
    const CudaCase& each = cases[i / 2 / kShapeCount];
    const Shape& shape = kShapes[i / 2 % kShapeCount];
    const bool turned = i % 2 == 1;
    const Case launch =
        plain_case(each.kernel, {shape.rows, shape.elements}, turned, static_cast<uint64_t>(i),
                   i % 5 == 0 ? kernel::fuzz::Mood::mixed : kernel::fuzz::Mood::ordinary);
    compare_schedules(context, section,
                      fmt::format("{} of {} x {}{}", each.name, shape.rows, shape.elements,
                                  turned ? " turned" : ""),
                      launch, i % 3 == 0);
  });
}

void compare_half_rows(const HarnessContext& context, Section& section) {
  std::vector<std::byte> input(2 * 65536);
  for (size_t i = 0; i < 65536; ++i) {
    input[2 * i] = static_cast<std::byte>(i & 255);
    input[2 * i + 1] = static_cast<std::byte>(i >> 8);
  }
  parallel_for(context, section, 2 * op_table::kRowCount, [&](int64_t i) {
    const auto row = static_cast<op_table::RowId>(i / 2);
    const Dtype dtype = i % 2 == 0 ? Dtype::float16 : Dtype::bfloat16;
    if (!is_unary(row)) return;
    const Kernel kernel = row_kernel(row, dtype, kernel::Access::contiguous);
    if (kernel.nodes.empty()) return;
    compare_unary(context, section, fmt::format("{} of {}", name_of(row), name_of(dtype)), kernel,
                  input, 1);
  });
}

void compare_float_rows(const HarnessContext& context, Section& section) {
  constexpr uint32_t kCount = 1u << 24;
  std::vector<std::byte> input(size_t{4} * kCount);
  for (uint32_t i = 0; i < kCount; ++i) {
    const uint32_t bits = (i << 8) + (i * 2654435761u >> 24);  // one of each 256 neighbours
    std::copy_n(reinterpret_cast<const std::byte*>(&bits), 4, &input[size_t{4} * i]);
  }
  for (int i = 0; i < op_table::kRowCount; ++i) {
    const auto row = static_cast<op_table::RowId>(i);
    if (!is_unary(row)) continue;
    const Kernel kernel = row_kernel(row, Dtype::float32, kernel::Access::contiguous);
    if (kernel.nodes.empty()) continue;
    compare_unary(context, section, fmt::format("{} of float32", name_of(row)), kernel, input,
                  4 * context.threads);
  }
}

}  // namespace tandem::tools
