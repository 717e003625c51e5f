# Compiler settings shared by every target. Contraction is off everywhere: bits must not depend on
# what the compiler chooses to fuse (docs/architecture.md, "bits").
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")  # the sanitizers: debug checks on, lines in traces
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(tandem_options INTERFACE)
target_compile_options(tandem_options INTERFACE -Wall -Wextra -Wshadow -ffp-contract=off
                                                -fno-math-errno -fno-trapping-math
                                                -fno-semantic-interposition)
if(TANDEM_WERROR)
  target_compile_options(tandem_options INTERFACE -Werror)
endif()
target_compile_definitions(tandem_options INTERFACE TANDEM_VERSION="${PROJECT_VERSION}")
target_include_directories(tandem_options INTERFACE ${PROJECT_SOURCE_DIR})
if(TANDEM_SANITIZE STREQUAL "address")
  target_compile_options(tandem_options INTERFACE -fsanitize=address,undefined
                                                  -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tandem_options INTERFACE -fsanitize=address,undefined)
elseif(TANDEM_SANITIZE STREQUAL "thread")
  target_compile_options(tandem_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(tandem_options INTERFACE -fsanitize=thread)
endif()
