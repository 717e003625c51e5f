// Kernels as text, one line per buffer, parameter, stage and node, and back:
//
//   kernel parallel 1 reduced 1
//   buffer b0 float32 general
//   buffer b1 float16 contiguous written
//   param p0 f32
//   stage s0 reduce sum element value v1
//   v0 = load f32 b0
//   v1 = mul f32 v0 v0
//   stage s1 map row
//   v2 = stage_result f32 s0
//   v3 = constant f32 0x3f000000  # 0.5
//   v4 = max f32 v2 v3
//   v5 = round_f16 f32 v4
//   v6 = store f32 b1 v5
//
// b1.1 is part 1 of a complex64; after # comes a comment. Stages may add unsigned, reverse,
// exclusive.
#pragma once

#include <string>
#include <string_view>

#include "tandem/kernel/ir.h"

namespace tandem::kernel {

// Any kernel, malformed ones included.
std::string print(const Kernel& kernel);

// parse(print(k)) == k for every verified kernel. Raises ArgumentError with the line's number and
// text. What it reads is not verified.
Kernel parse(std::string_view text);

std::string_view name_of(Access access);
std::string_view name_of(StageKind kind);
std::string_view name_of(Extent extent);

}  // namespace tandem::kernel
