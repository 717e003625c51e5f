# Installs the package below ${BUILD}/package, builds the example project against it and runs its
# programs, each of which checks its own results.
set(root ${BUILD}/package)
file(REMOVE_RECURSE ${root})
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
  message("${text}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed (${result}): ${ARGN}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${root}/prefix --component cpp)
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${root}/build -G Ninja -DCMAKE_PREFIX_PATH=${root}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${root}/build)
file(GLOB programs ${root}/build/programs/*)
if(NOT programs)
  message(FATAL_ERROR "the example project built no programs")
endif()
foreach(program ${programs})
  run(${program})
endforeach()
