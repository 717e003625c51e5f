#include "tandem/kernel/fuzz/case.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "tandem/kernel/reference/memory_access.h"
#include "tandem/kernel/reference/reference.h"
#include "tandem/kernel/text/printer.h"

namespace tandem::kernel::fuzz {

namespace {

// Compared element by element; a complex64 is two of them.
Dtype element_dtype(Dtype dtype) { return is_complex(dtype) ? Dtype::float32 : dtype; }

bool is_nan(Dtype dtype, uint64_t value) {
  if (dtype == Dtype::float64) return std::isnan(std::bit_cast<double>(value));
  return is_floating(dtype) && std::isnan(std::bit_cast<float>(static_cast<uint32_t>(value)));
}

std::string show(Dtype dtype, const std::byte* address) {
  if (dtype == Dtype::bool_) return fmt::format("{}", static_cast<int>(*address));
  const uint64_t value = load_element(dtype, address);
  const auto low = static_cast<uint32_t>(value);
  if (dtype == Dtype::float64)
    return fmt::format("{} ({:#x})", std::bit_cast<double>(value), value);
  if (is_floating(dtype)) return fmt::format("{} ({:#x})", std::bit_cast<float>(low), value);
  return fmt::format("{:#x}", value);
}

}  // namespace

Launch::Launch(const Case& fuzz_case, std::vector<Block>& blocks) {
  for (size_t i = 0; i < fuzz_case.layouts.size(); ++i) {
    const BufferLayout& layout = fuzz_case.layouts[i];
    Block& block = blocks[layout.block];
    device::BufferArgument argument;
    static std::byte nothing;  // an address for blocks without bytes
    std::byte* begin = block.empty() ? &nothing : block.data();
    argument.data = begin + layout.offset;
    argument.strides = layout.strides.data();
    argument.index_extent = layout.index_extent;
    argument.index_stride = layout.index_stride;
    argument.range_begin = begin + layout.margin;
    argument.range_end = begin + block.size() - layout.margin;
    argument.written = fuzz_case.kernel.buffers[i].written;
    buffers_.push_back(argument);
  }
  arguments_ = {fuzz_case.extents, buffers_, fuzz_case.params};
}

std::vector<Block> expected_blocks(const Case& fuzz_case) {
  std::vector<Block> blocks = fuzz_case.blocks;
  run_reference(fuzz_case.kernel, Launch(fuzz_case, blocks).arguments());
  return blocks;
}

std::optional<std::string> first_difference(const Case& fuzz_case,
                                            const std::vector<Block>& expected,
                                            const std::vector<Block>& got) {
  for (size_t i = 0; i < fuzz_case.layouts.size(); ++i) {
    if (!fuzz_case.kernel.buffers[i].written) continue;
    const BufferLayout& layout = fuzz_case.layouts[i];
    const Dtype dtype = element_dtype(fuzz_case.kernel.buffers[i].dtype);
    const Block& wanted = expected[layout.block];
    const Block& found = got[layout.block];
    for (size_t at = 0; at + size_of(dtype) <= wanted.size(); at += size_of(dtype)) {
      if (std::memcmp(&wanted[at], &found[at], size_of(dtype)) == 0) continue;
      const bool both_nan = is_nan(dtype, load_element(dtype, &wanted[at])) &&
                            is_nan(dtype, load_element(dtype, &found[at]));
      if (both_nan) continue;
      const int64_t element =
          (static_cast<int64_t>(at) - layout.offset) / static_cast<int64_t>(size_of(dtype));
      return fmt::format("buffer b{} ({}) at {} from its first element: got {}, expected {}", i,
                         name_of(dtype), element, show(dtype, &found[at]),
                         show(dtype, &wanted[at]));
    }
  }
  for (size_t b = 0; b < got.size(); ++b) {
    bool written = false;
    for (size_t i = 0; i < fuzz_case.layouts.size(); ++i) {
      written |= fuzz_case.layouts[i].block == b && fuzz_case.kernel.buffers[i].written;
    }
    if (!written && expected[b] != got[b]) return fmt::format("block {} is only read", b);
  }
  return std::nullopt;
}

std::string describe(const Case& fuzz_case) {
  std::string text = print(fuzz_case.kernel);
  text += fmt::format("# extents {}\n", fmt::join(fuzz_case.extents, " "));
  for (size_t i = 0; i < fuzz_case.layouts.size(); ++i) {
    const BufferLayout& layout = fuzz_case.layouts[i];
    text += fmt::format("# b{} block {} byte {} strides {} index {} x {}\n", i, layout.block,
                        layout.offset, fmt::join(layout.strides, " "), layout.index_extent,
                        layout.index_stride);
  }
  for (size_t i = 0; i < fuzz_case.params.size(); ++i) {
    text += fmt::format("# p{} {:#x}\n", i, fuzz_case.params[i]);
  }
  return text;
}

}  // namespace tandem::kernel::fuzz
