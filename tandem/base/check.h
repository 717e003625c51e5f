// The three checks: TANDEM_USER for mistakes of a caller, TANDEM_CHECK for invariants that always
// run, TANDEM_DEBUG_CHECK for invariants too dear for release builds.
#pragma once

#include "tandem/base/error.h"

// TANDEM_USER(condition, ErrorType, "op", "text {}", args...)
#define TANDEM_USER(condition, Type, op, ...) \
  do {                                        \
    if (!(condition)) [[unlikely]]            \
      ::tandem::raise<Type>(op, __VA_ARGS__); \
  } while (false)

// TANDEM_CHECK(condition, "text {}", args...)
#define TANDEM_CHECK(condition, ...)                                                        \
  do {                                                                                      \
    if (!(condition)) [[unlikely]]                                                          \
      ::tandem::raise_internal(#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__)); \
  } while (false)

#ifdef NDEBUG
#define TANDEM_DEBUG_CHECK(condition, ...) \
  do {                                     \
  } while (false)
#else
#define TANDEM_DEBUG_CHECK(condition, ...) TANDEM_CHECK(condition, __VA_ARGS__)
#endif
