// How failures of the library become Python exceptions.
#pragma once

#include <Python.h>

#include <exception>
#include <utility>

namespace tandem::python {

// Sets the Python error that stands for the exception being handled. Needs the GIL.
void set_python_error() noexcept;

// Runs the body of a function that Python calls directly: an exception becomes a Python error and
// `failure` is returned.
template <class Result, class Body>
Result guarded(Result failure, Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    set_python_error();
    return failure;
  }
}

}  // namespace tandem::python
