// Giving up Python's lock while a thread waits.
#pragma once

#include <Python.h>
#include <cxxabi.h>
#include <unistd.h>

namespace tandem::python {

// The thread is without the GIL for the scope. When the interpreter ends meanwhile, a thread that
// asks for the lock back (a daemon thread) is ended by it through an unwinding that C++ code must
// not stop: such a thread sleeps until the process is gone.
class GilReleased {
 public:
  GilReleased() : state_(PyEval_SaveThread()) {}
  // The unwinding that ends a thread is caught as a reference to nothing, which a sanitizer minds.
  __attribute__((no_sanitize("undefined"))) ~GilReleased() {
    try {
      PyEval_RestoreThread(state_);
    } catch (abi::__forced_unwind&) {
      for (;;) ::pause();
    }
  }
  GilReleased(const GilReleased&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace tandem::python
