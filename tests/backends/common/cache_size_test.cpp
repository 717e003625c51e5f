#include "tandem/backends/common/cache_size.h"

#include <gtest/gtest.h>

#include "tandem/base/error.h"

namespace tandem::backends::common {
namespace {

TEST(CacheSize, LevelsGrow) {
  EXPECT_GE(cache_bytes(1), 8 << 10);
  EXPECT_GT(cache_bytes(2), cache_bytes(1));
  EXPECT_GT(cache_bytes(3), cache_bytes(2));
  EXPECT_LT(cache_bytes(3), int64_t{2} << 30);
}

TEST(CacheSize, OtherLevelsAreErrors) {
  EXPECT_THROW(cache_bytes(0), InternalError);
  EXPECT_THROW(cache_bytes(4), InternalError);
}

}  // namespace
}  // namespace tandem::backends::common
