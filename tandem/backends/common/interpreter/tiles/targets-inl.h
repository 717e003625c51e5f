// Which Highway targets have tile functions, and the choice between them. Include after highway.h;
// a file of tile functions stands under `#if TANDEM_TILE_TARGET`.
//
//   TANDEM_EXPORT_TILES(add_x)  after the targets, defines add_x(Isa, TileTable&) from the add_x of
//                               each target's namespace
#undef TANDEM_TILE_TARGET
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
#define TANDEM_TILE_TARGET 1
#else
#define TANDEM_TILE_TARGET 0
#endif

#ifndef TANDEM_EXPORT_TILES
#if HWY_ARCH_X86
#define TANDEM_EXPORT_TILES(add)                   \
  bool add(Isa isa, TileTable& table) {            \
    if (isa == Isa::avx2) N_AVX2::add(table);      \
    if (isa == Isa::avx512) N_AVX3::add(table);    \
    return isa == Isa::avx2 || isa == Isa::avx512; \
  }
#else
#define TANDEM_EXPORT_TILES(add)              \
  bool add(Isa isa, TileTable& table) {       \
    if (isa == Isa::neon) N_NEON::add(table); \
    return isa == Isa::neon;                  \
  }
#endif
#endif
