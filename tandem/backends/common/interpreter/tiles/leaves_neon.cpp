#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tandem/backends/common/interpreter/tiles/leaves_neon.cpp"
#undef TANDEM_LEAF_TARGET
#define TANDEM_LEAF_TARGET HWY_NEON
#undef TANDEM_ADD_LEAVES
#define TANDEM_ADD_LEAVES add_leaves_neon
#include "tandem/backends/common/interpreter/tiles/leaves.inc"
