# tandem_package(): installs the C++ library for find_package(Tandem), component `cpp`. The wheel
# has its own rules (python/CMakeLists.txt).
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

function(tandem_package)
  target_link_libraries(tandem INTERFACE fmt::fmt)  # the headers use it
  target_compile_features(tandem INTERFACE cxx_std_20)
  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/Tandem)
  install(TARGETS tandem EXPORT TandemTargets COMPONENT cpp
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/tandem DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          COMPONENT cpp FILES_MATCHING PATTERN "*.h" PATTERN "*.def"
          PATTERN "backends" EXCLUDE PATTERN "passes" EXCLUDE PATTERN "runtime" EXCLUDE)
  install(EXPORT TandemTargets NAMESPACE Tandem:: DESTINATION ${folder} COMPONENT cpp)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/TandemConfig.cmake.in
                                ${PROJECT_BINARY_DIR}/TandemConfig.cmake
                                INSTALL_DESTINATION ${folder})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/TandemConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/TandemConfig.cmake
                ${PROJECT_BINARY_DIR}/TandemConfigVersion.cmake
          DESTINATION ${folder} COMPONENT cpp)
endfunction()
