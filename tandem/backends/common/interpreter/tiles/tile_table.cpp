#include <hwy/targets.h>

#include <array>
#include <memory>
#include <mutex>

#include "tandem/backends/common/interpreter/tiles/tile.h"
#include "tandem/base/check.h"
#include "tandem/base/log.h"
#include "tandem/base/settings.h"

namespace tandem::backends::common::interpreter {
namespace {

Isa widest_isa() {
  const int64_t targets = hwy::SupportedTargets();
#if HWY_ARCH_X86
  if ((targets & HWY_AVX3) != 0) return Isa::avx512;
  if ((targets & HWY_AVX2) != 0) return Isa::avx2;
#elif HWY_ARCH_ARM
  if ((targets & HWY_NEON) != 0) return Isa::neon;
#endif
  static_cast<void>(targets);
  return Isa::scalar;
}

void add_leaves(Isa isa, TileTable& table) {
#if HWY_ARCH_X86
  if (isa == Isa::avx2) add_leaves_avx2(table);
  if (isa == Isa::avx512) add_leaves_avx512(table);
#else
  if (isa == Isa::neon) add_leaves_neon(table);
#endif
}

std::unique_ptr<const TileTable> make_table(Isa isa) {
  auto table = std::make_unique<TileTable>();
  const bool complete = add_float_operations(isa, *table) && add_integer_operations(isa, *table) &&
                        add_conversions(isa, *table) && add_packing(isa, *table) &&
                        add_reductions(isa, *table) && add_scans(isa, *table) &&
                        add_gathers(isa, *table);
  TANDEM_CHECK(complete, "no tile functions of instruction set {}", static_cast<int>(isa));
  add_leaves(isa, *table);
  return table;
}

}  // namespace

Isa chosen_isa() {
  static const Isa widest = widest_isa();
  const std::string& wanted = settings().isa;
  if (wanted == "scalar") return Isa::scalar;
  if (wanted == "avx2" && widest == Isa::avx512) return Isa::avx2;
  if (wanted == "avx512" && widest != Isa::avx512) {
    warn_once("isa", "TANDEM_ISA=avx512: this machine has no AVX-512, using what it has");
  }
  return widest;
}

const TileTable& tile_table(Isa isa) {
  static std::array<std::once_flag, 4> once;
  static std::array<std::unique_ptr<const TileTable>, 4> tables;
  const auto number = static_cast<size_t>(isa);
  std::call_once(once[number], [&] { tables[number] = make_table(isa); });
  return *tables[number];
}

}  // namespace tandem::backends::common::interpreter
