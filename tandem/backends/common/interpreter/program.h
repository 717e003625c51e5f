// A kernel as the interpreter runs it: passes over the domain, each a list of steps on tile
// registers. Immutable after lower().
#pragma once

#include <optional>
#include <vector>

#include "tandem/backends/common/interpreter/tiles/tile.h"
#include "tandem/device/launch.h"
#include "tandem/kernel/fold.h"
#include "tandem/kernel/ir.h"

namespace tandem::backends::common::interpreter {

// What a step needs of memory: an affine map from points to elements. A coordinate is one without
// memory, the map itself being the value.
struct Access {
  static constexpr uint16_t kNoBuffer = 0xffff;
  uint16_t buffer = kNoBuffer;
  uint8_t axis = 0;         // of a coordinate
  uint8_t part_offset = 0;  // bytes into the element
  uint8_t scale = 1;        // strides and offsets count elements of `scale` units
  uint8_t size_log2 = 2;    // of a unit, in bytes
  bool indexed = false;     // used by load_at or store_at
  Dtype dtype = Dtype::float32;
};

enum class StepKind : uint8_t {
  compute,     // function(operands)
  load,        // access -> out
  coordinate,  // access -> out
  gather,      // access, index -> out
  row_value,   // result of the Reduce stage -> out
  kept_value,  // kept row of an earlier pass -> out
  scan,        // in -> out, in the order of the row
  store,       // in -> access
  scatter      // index, in -> access
};

struct Step {
  StepKind kind = StepKind::compute;
  kernel::Type type = kernel::Type::f32;  // of the value loaded, computed or stored
  uint8_t inputs = 0;                     // operands behind the first
  bool direct = false;  // store: the value's register may lie in the output itself
  bool splats = false;  // compute: one vector may stand for the result where it does for the inputs
  TileFunction function = nullptr;
  std::array<uint16_t, 5> operands{};  // out, then inputs; stores have no out
  uint16_t access = 0;
  uint16_t stage = 0;  // row_value, scan; of a kept_value the kept row
};

// Where a register lies: tile registers share memory when their lives do not overlap.
struct RegisterPlace {
  uint32_t offset = 0;  // bytes into the tiles, or into the uniform values
  uint16_t splat = 0;   // of a value that may be one for all elements: a group of its own
  bool uniform = false;
};

// A value of an element pass that a later pass reads instead of computing it again.
struct Keep {
  uint16_t value = 0;   // register
  uint16_t row = 0;     // number of the kept row
  bool copies = false;  // else the register lies in the kept row while the pass runs
};

struct Pass {
  kernel::Extent extent = kernel::Extent::element;
  std::vector<Step> steps;
  std::vector<RegisterPlace> registers;
  std::vector<uint16_t> direct_stores;  // steps
  uint32_t tile_bytes = 0;
  uint16_t splat_count = 0;
  std::optional<uint16_t> reduce;  // the Reduce stage at its end
  uint16_t value = 0;              // and the register it reduces
  std::optional<uint16_t> scan;    // the Scan stage inside
  std::vector<Keep> keeps;
  std::vector<uint64_t> index_sources;  // of each gather and scatter: accesses, as bits
  float cost = 0;                       // nanoseconds an element, roughly
};

// How a Reduce or Scan stage combines.
struct Combination {
  kernel::Reduction reduction = kernel::Reduction::sum;
  kernel::Type type = kernel::Type::f32;
  bool is_arg = false, is_unsigned = false, reverse = false, exclusive = false;
  TileFunction combine = nullptr;  // older op newer
  kernel::ScalarFunction scalar = nullptr;
  ChunkFunction chunk = nullptr;
  ArgFunction arg = nullptr;
  ScanFunctions scan;
  uint64_t identity = 0;  // bits, as the IR's constants
  uint64_t absent = 0;    // x op absent is x, to the bit
};

struct Program {
  const TileTable* table = nullptr;
  int parallel_rank = 0, reduced_rank = 0;
  std::vector<Access> accesses;
  std::vector<char> written;  // by buffer
  // Values that are the same at every point, computed once: constants and params first.
  std::vector<Step> uniform_steps;  // compute only
  struct Splat {
    uint16_t out;
    kernel::Type type;
    bool is_param;
    uint64_t bits;  // or the number of the parameter
  };
  std::vector<Splat> splats;
  uint16_t uniform_count = 0;  // registers [0, uniform_count) of every pass
  std::vector<Pass> passes;
  std::vector<std::optional<Combination>> combinations;  // by stage
  bool by_rows = false;                                  // a pass reduces, scans or has row extent
  bool has_scan = false;
  std::vector<kernel::Type> kept;  // rows that passes leave for later ones, by number
  size_t kept_bytes() const;       // of all kept rows, an element

  // Planted defects.
  bool drops_tail = false, slips_stride = false, folds_left = false;
};

inline constexpr uint32_t kUniformBytes = 512;  // one group of 8-byte elements

// What becomes of a value that several passes need. Scans are always kept.
enum class CrossPass : uint8_t { recompute, keep };

Program lower(const kernel::Kernel& kernel, const TileTable& table, CrossPass values);

}  // namespace tandem::backends::common::interpreter
