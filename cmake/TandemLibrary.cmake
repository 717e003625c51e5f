# tandem_shared_library(): libtandem.so, target `tandem`, from the object libraries of all folders.
# It exists from the moment the top layer, engine, does.
function(tandem_shared_library)
  if(NOT TARGET tandem_engine)
    return()
  endif()
  get_property(folders GLOBAL PROPERTY TANDEM_FOLDERS)
  add_library(tandem SHARED)
  add_library(Tandem::tandem ALIAS tandem)
  target_link_libraries(tandem PRIVATE ${folders})
  target_include_directories(tandem INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  # Only the tandem namespace is exported, so that no other library in the process can meet our
  # copies of its symbols. It has no stable ABI before 1.0.
  set(map ${PROJECT_SOURCE_DIR}/cmake/libtandem.map)
  target_link_options(tandem PRIVATE -Wl,--version-script=${map} -Wl,--exclude-libs,ALL
                                     -Wl,-Bsymbolic-functions)
  if(NOT TANDEM_SANITIZE)
    target_link_options(tandem PRIVATE -Wl,--no-undefined)
  endif()
  set_target_properties(tandem PROPERTIES LINK_DEPENDS ${map} BUILD_RPATH_USE_ORIGIN ON
                                          INSTALL_RPATH "$ORIGIN")
endfunction()

# tandem_header_check(): target `tandem_headers` compiles each header alone.
# Headers that are written to be included several times, *_inl.h and *-inl.h, are not among them.
function(tandem_header_check)
  get_property(folders GLOBAL PROPERTY TANDEM_FOLDERS)
  file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/tandem/*.h)
  list(FILTER headers EXCLUDE REGEX "[-_]inl\\.h$")
  set(sources)
  foreach(header ${headers})
    string(REPLACE "/" "_" name ${header})
    set(source ${PROJECT_BINARY_DIR}/headers/${name}.cpp)
    set(text "#include \"${header}\"\n#include \"${header}\"\n")
    file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
    list(APPEND sources ${source})
  endforeach()
  add_library(tandem_headers OBJECT EXCLUDE_FROM_ALL ${sources})
  foreach(folder ${folders})
    target_include_directories(
      tandem_headers PRIVATE $<TARGET_PROPERTY:${folder},INTERFACE_INCLUDE_DIRECTORIES>)
  endforeach()
  target_link_libraries(tandem_headers PRIVATE tandem_options ${folders})
endfunction()
