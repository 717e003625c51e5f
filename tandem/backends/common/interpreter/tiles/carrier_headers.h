// What the per-target files of tile functions need before any target is in force.
#pragma once

#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <concepts>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tandem/backends/common/interpreter/tiles/tile.h"
#include "tandem/base/half.h"
#include "tandem/op_table/scalar.h"
