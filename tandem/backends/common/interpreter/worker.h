// Runs the steps of a pass on one tile, on one thread, with that thread's registers.
#pragma once

#include <optional>
#include <vector>

#include "tandem/backends/common/gemm/scratch.h"
#include "tandem/backends/common/interpreter/launch.h"

namespace tandem::backends::common::interpreter {

// The points of a tile: a range of `columns` for each position of a range of `rows` (one, at the
// start, where rows is null), further shifted by base[access]. Row r of the tile begins at r *
// pitch.
struct TileRange {
  const Space* columns = nullptr;
  int64_t begin = 0, count = 0;
  const Space* rows = nullptr;
  int64_t row_begin = 0, row_count = 1;
  int64_t pitch = 0;
  const int64_t* base = nullptr;  // null: no shift

  // Part of one row, which begins at `base`.
  bool one_row() const { return rows == nullptr && base != nullptr; }
  int64_t elements() const { return rows == nullptr ? count : row_count * pitch; }
};

// What outlives a tile: results of Reduce stages and rows of Scan stages, for the points a pass is
// at.
struct RowState {
  // By stage: the result at every point of the block, as bits.
  std::vector<std::vector<uint64_t>> results;
  // By kept row: the rows of all points, one after the other, in the compute type.
  std::vector<std::byte*> kept;
  std::optional<Scratch> scratch;  // holds them
};

inline constexpr int64_t kMaxColumns = 128;  // of a tile of columns

class Worker {
 public:
  explicit Worker(const Launch& launch);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void run(size_t pass, const TileRange& range);

  // Asks for the memory that the first gather of the pass reads in a line: where it is one block,
  // found from values of the line alone.
  void prefetch_line(size_t pass, const TileRange& range);

  // Results of Reduce stages for what follows: one for all elements; or one a column of tiles with
  // `rows` rows, repeated in each.
  void set_row_values(size_t pass, const RowState& state, int64_t position);
  void set_row_values(size_t pass, const RowState& state, int64_t begin, int64_t count,
                      int64_t pitch, int64_t rows);

  // Scans: a row begins; the kept row and where in it the next tile lies.
  void begin_row() { scan_begun_ = false; }
  // A block of columns, `width` to a row of its tiles, begins.
  void begin_columns(size_t pass, int64_t width);
  // In the middle of a row: the last value of its scan so far, as an element.
  void resume_row(uint64_t carry) {
    scan_begun_ = true;
    carry_ = carry;
  }
  // The last value that the scan of the pass has in a tile by itself, as bits; nothing is stored.
  uint64_t scan_total(size_t pass, const TileRange& range);
  void set_kept(size_t kept_row, std::byte* row, int64_t position) {
    kept_[kept_row] = {row, position};
  }

  // rows x pitch elements side by side of the value the pass reduces.
  const std::byte* reduced_rows(size_t pass, int64_t n);

  // n elements side by side of the value the pass reduces, padded to whole groups with `absent`.
  std::byte* reduced_value(size_t pass, int64_t n, uint64_t absent);

 private:
  struct PassState {
    Register* registers = nullptr;
    std::byte* splats = nullptr;  // kUniformBytes each
    char* bound = nullptr;        // by step: a store whose value lies in the output
  };

  void compute_uniforms();
  void prepare(size_t pass, std::byte*& free);
  Register home(const RegisterPlace& place) const;
  void compute_or_splat(const Pass& pass, const Step& step, PassState& state, size_t padded);
  void bind_kept(const Pass& pass, PassState& state);
  void copy_kept(const Pass& pass, PassState& state, int64_t n);
  void bind_outputs(const Pass& pass, PassState& state, const TileRange& range);
  void run_step(const Pass& pass, size_t number, PassState& state, const TileRange& range,
                size_t padded);
  void load(const Pass& pass, const Step& step, PassState& state, const TileRange& range);
  void load_splat(const Step& step, Register& target, std::byte* place, int64_t offset);
  void load_shifted(const Pass& pass, const Step& step, PassState& state, const TileRange& range,
                    int64_t shift);
  void pack(const Step& step, std::byte* to, const TileRange& range, int64_t shift);
  std::byte* splat_of(const Pass& pass, const PassState& state, uint16_t value) const;
  void coordinates(const Pass& pass, const Step& step, PassState& state, const TileRange& range);
  void gather(const Pass& pass, const Step& step, PassState& state, const TileRange& range);
  void store(const Step& step, PassState& state, const TileRange& range, int64_t shift);
  void scatter(const Step& step, PassState& state, const TileRange& range);
  void scan(const Step& step, PassState& state, const TileRange& range);
  void scan_columns(const Step& step, PassState& state, const TileRange& range);
  const std::byte* scan_input(const Step& step, PassState& state, int64_t n);
  const std::byte* side_by_side(const Register& value, kernel::Type type, int64_t n);
  std::byte* in_place(const Step& step, const TileRange& range, int64_t shift) const;

  const Launch& launch_;
  const TileTable& table_;
  std::byte* raw_ = nullptr;      // one tile of stored elements
  std::byte* spread_ = nullptr;   // one tile of a value that was one vector
  std::byte* blocks_ = nullptr;   // one tile of a scan in its own order
  std::byte* history_ = nullptr;  // rows of a scan of columns
  std::byte* uniforms_ = nullptr;
  std::byte* tiles_ = nullptr;
  PassState* passes_ = nullptr;

  // The scan of the pass in work.
  bool scan_begun_ = false;
  uint64_t carry_ = 0;         // the last value so far, as an element
  int64_t scan_position_ = 0;  // of columns: rows done
  struct Kept {
    std::byte* row = nullptr;
    int64_t position = 0;
  };
  Kept* kept_ = nullptr;  // by kept row
};

// Copies `size` bytes over 64 of them.
void splat(std::byte* to, const void* element, size_t size);
// The bits of an IR value as an element of its tile (b1: all ones).
uint64_t tile_bits(kernel::Type type, uint64_t bits);
uint64_t ir_bits(kernel::Type type, uint64_t element);

}  // namespace tandem::backends::common::interpreter
