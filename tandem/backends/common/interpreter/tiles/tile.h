// Tiles: the unit of interpretation. A tile function computes one IR operation on up to 1,024
// elements that lie side by side in registers of the compute type (b1: i32, 0 or all ones).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tandem/base/dtype.h"
#include "tandem/kernel/ir.h"

namespace tandem::backends::common::interpreter {

inline constexpr int64_t kTile = 1024;  // elements, one chunk of a reduction
inline constexpr int64_t kGroup = 64;   // tile functions compute whole groups
inline constexpr size_t kMaxLeaves = 64;

constexpr int64_t whole_groups(int64_t n) { return (n + kGroup - 1) / kGroup * kGroup; }

constexpr size_t tile_size(kernel::Type type) {
  return type == kernel::Type::i64 || type == kernel::Type::f64 ? 8 : 4;
}

// Element i lies at data + (i & mask) * size: mask 0 is one vector that stands for every element.
struct Register {
  std::byte* data = nullptr;
  size_t mask = 0;
};

// operands[0] is the result, then the inputs; n is a multiple of kGroup. The result may be one of
// the inputs of the same width.
using TileFunction = void (*)(const Register* registers, const uint16_t* operands, size_t n);
// n elements, contiguous, any alignment; nothing outside them is touched.
using ConvertFunction = void (*)(void* to, const void* from, size_t n);
// A rectangle between memory with strides (in elements) and a packed one with `pitch` elements a
// row.
using PackFunction = void (*)(void* packed, int64_t pitch, const void* memory, int64_t rows,
                              int64_t columns, int64_t row_stride, int64_t column_stride);
using UnpackFunction = void (*)(void* memory, const void* packed, int64_t pitch, int64_t rows,
                                int64_t columns, int64_t row_stride, int64_t column_stride);
// to[r * to_step + c] = from[c * from_step + r], past the caches where `streams` and whole lines
// allow.
using TransposeFunction = void (*)(void* to, int64_t to_step, const void* from, int64_t from_step,
                                   int64_t rows, int64_t columns, bool streams);
// Folds one chunk of n elements, n a multiple of kGroup, into *result.
using ChunkFunction = void (*)(const void* tile, size_t n, void* result);
// First position of the extreme of n elements, 0 < n <= kTile: first NaN if there is one.
using ArgFunction = int64_t (*)(const void* tile, size_t n);

// out[i] = memory[entry * stride + i * column_stride], the entry being index[i & mask], wrapped once
// if it is negative, then clamped.
struct GatherRow {
  void* out = nullptr;
  const void* memory = nullptr;
  const int64_t* index = nullptr;
  size_t mask = 0;
  int64_t extent = 0, stride = 0, column_stride = 0, count = 0;
  // Lines of 64 bytes to ask for meanwhile: what the next row reads, `lines_ahead` for 64 elements.
  const std::byte* ahead = nullptr;
  int64_t lines_ahead = 0;
};
using GatherFunction = void (*)(const GatherRow& row);

inline constexpr size_t kScanBlock = 32;  // kernel/ir.h

// Scans up to one chunk, as the first of its row or after `carry`, the last value so far. Works on
// whole blocks of 32, in place too.
struct ScanTile {
  const void* in = nullptr;
  void* out = nullptr;
  size_t count = 0;
  const uint64_t* carry = nullptr;  // an element
  bool exclusive = false;
  uint64_t first = 0;  // exclusive: the element before
};
// `count` rows of `width` columns, from row `position` of the scan on; reverse: the last row first.
struct ScanRows {
  const void* in = nullptr;
  void* out = nullptr;
  int64_t count = 0, position = 0;
  size_t width = 0;
  bool exclusive = false, reverse = false;
  // kScanHistory rows, which the scan fills; the last begins as the identity.
  void* history = nullptr;
};
inline constexpr size_t kScanHistory = kScanBlock - 1 + 3;

struct ScanFunctions {
  uint64_t (*tile)(const ScanTile& tile) = nullptr;  // gives the last value, as an element
  void (*rows)(const ScanRows& rows) = nullptr;
};

enum class Isa : uint8_t { scalar, avx2, avx512, neon };

// The functions of one instruction set; null where an operation does not exist.
struct TileTable {
  using PerType = std::array<TileFunction, kernel::kTypeCount>;
  // By operation, type of the last operand, type of the result.
  std::array<std::array<PerType, kernel::kTypeCount>, kernel::kOpCount> operation{};
  // By leaf; 8-byte operands count 2, unsigned ones 1.
  std::array<std::array<TileFunction, 4>, kMaxLeaves> leaf{};
  // From and to stored elements; null where both have the same bits. complex64: one part.
  std::array<ConvertFunction, kDtypeCount> load{};
  std::array<ConvertFunction, kDtypeCount> store{};
  // By log2 of the element size.
  std::array<PackFunction, 4> pack{};
  std::array<UnpackFunction, 4> unpack{};
  std::array<TransposeFunction, 4> transpose{};
  std::array<GatherFunction, 4> gather{};
  ConvertFunction stream =
      nullptr;  // bytes past the caches; `to` aligned to 64, n a multiple of 64
  // By type; sum, prod, min, max, all, any and unsigned min, max.
  std::array<std::array<ChunkFunction, kernel::kTypeCount>, 6> chunk{};
  std::array<std::array<ChunkFunction, kernel::kTypeCount>, 6> chunk_unsigned{};
  std::array<std::array<ScanFunctions, kernel::kTypeCount>, 6> scan{};
  std::array<std::array<ScanFunctions, kernel::kTypeCount>, 6> scan_unsigned{};
  std::array<ConvertFunction, 2> reverse{};  // n elements of 4, of 8 bytes; not in place
  // By [argmin, argmax][unsigned][type].
  std::array<std::array<std::array<ArgFunction, kernel::kTypeCount>, 2>, 2> arg{};

  TileFunction find(kernel::Op op, kernel::Type operand, kernel::Type result) const {
    return operation[static_cast<size_t>(op)][static_cast<size_t>(operand)]
                    [static_cast<size_t>(result)];
  }
  void set(kernel::Op op, kernel::Type operand, kernel::Type result, TileFunction function) {
    operation[static_cast<size_t>(op)][static_cast<size_t>(operand)][static_cast<size_t>(result)] =
        function;
  }
};

// The instruction set that settings().isa asks for, as far as this machine has it.
Isa chosen_isa();
// The table of an instruction set that chosen_isa() gave, but for scalar.
const TileTable& tile_table(Isa isa);

// Filled in by the files of tile functions, one theme each; false where this build lacks the
// target.
bool add_float_operations(Isa isa, TileTable& table);
bool add_integer_operations(Isa isa, TileTable& table);
bool add_conversions(Isa isa, TileTable& table);
bool add_packing(Isa isa, TileTable& table);
bool add_gathers(Isa isa, TileTable& table);
bool add_reductions(Isa isa, TileTable& table);
bool add_scans(Isa isa, TileTable& table);
void add_leaves_avx2(TileTable& table);
void add_leaves_avx512(TileTable& table);
void add_leaves_neon(TileTable& table);

}  // namespace tandem::backends::common::interpreter
