# tandem_folder(<target> FOLDERS <sub-folders...> DEPENDS <targets...> LINKS <external targets...>)
# One object library per source folder and the sub-folders named, with the links of its layer
# spelled out.
function(tandem_folder target)
  cmake_parse_arguments(ARG "" "" "FOLDERS;DEPENDS;LINKS" ${ARGN})
  set(patterns ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(folder ${ARG_FOLDERS})
    list(APPEND patterns ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  if(NOT sources)  # a folder of headers only
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/headers_only.cpp)
    file(TOUCH ${sources})
  endif()
  add_library(${target} OBJECT ${sources})
  target_link_libraries(${target} PUBLIC tandem_options fmt::fmt Threads::Threads ${ARG_DEPENDS}
                                         ${ARG_LINKS})
  set_property(GLOBAL APPEND PROPERTY TANDEM_FOLDERS ${target})
  foreach(dependency ${ARG_DEPENDS})
    set_property(TARGET ${target} APPEND PROPERTY TANDEM_OBJECTS ${dependency})
  endforeach()
endfunction()

# All object libraries a folder needs, itself included.
function(tandem_closure target out)
  set(result ${target})
  get_property(direct TARGET ${target} PROPERTY TANDEM_OBJECTS)
  foreach(dependency ${direct})
    tandem_closure(${dependency} inner)
    list(APPEND result ${inner})
  endforeach()
  list(REMOVE_DUPLICATES result)
  set(${out} ${result} PARENT_SCOPE)
endfunction()

# tandem_executable(<target> DEPENDS <object libraries...> LINKS <external...> SOURCES <files...>)
# Links the objects of the folders named and of everything below them.
function(tandem_executable target)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINKS;SOURCES" ${ARGN})
  set(objects)
  foreach(dependency ${ARG_DEPENDS})
    tandem_closure(${dependency} closure)
    list(APPEND objects ${closure})
  endforeach()
  list(REMOVE_DUPLICATES objects)
  add_executable(${target} ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE ${objects} ${ARG_LINKS})
endfunction()

# tandem_test(<folder name> DEPENDS <object libraries...> LINKS <external...>)
# One test binary per folder, made of every *.cpp in the current folder. Every pass is verified.
function(tandem_test name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  tandem_executable(${name}_test SOURCES ${sources} DEPENDS ${ARG_DEPENDS}
                    LINKS ${ARG_LINKS} GTest::gtest_main GTest::gmock)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "TANDEM_VERIFY=on" TIMEOUT 1200)
endfunction()

# tandem_tool(<name> DEPENDS ... LINKS ...): the developer tool <name>.cpp of tools/. One that is
# named *_fuzz is run by `./dev fuzz` as `<name> SECONDS [--self-check]`.
function(tandem_tool name)
  tandem_executable(${name} SOURCES ${name}.cpp ${ARGN})
endfunction()

# tandem_benchmark(<name> DEPENDS ... LINKS ...): benchmarks/cpp/<name>.cpp with Google Benchmark.
function(tandem_benchmark name)
  tandem_executable(${name} SOURCES cpp/${name}.cpp ${ARGN})
  target_link_libraries(${name} PRIVATE benchmark::benchmark_main)
endfunction()
