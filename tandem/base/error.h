// The closed error taxonomy. Every failure a user can meet is one of these types; the text has the
// form "[op] what is wrong: got ..., expected ...". Python maps them one to one.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tandem {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class ShapeError : public Error {
 public:
  using Error::Error;
};

class AxisError : public ShapeError {
 public:
  using ShapeError::ShapeError;
};

class DTypeError : public Error {
 public:
  using Error::Error;
};

class ArgumentError : public Error {
 public:
  using Error::Error;
};

class DeviceError : public Error {
 public:
  using Error::Error;
};

class OutOfMemory : public Error {
 public:
  using Error::Error;
};

class IoError : public Error {
 public:
  using Error::Error;
};

// A broken promise of the library itself, never the user's fault.
class InternalError : public Error {
 public:
  using Error::Error;
};

// Throws E with the text "[op] message".
template <class E, class... Args>
[[noreturn]] void raise(std::string_view op, fmt::format_string<Args...> text, Args&&... args) {
  throw E(fmt::format("[{}] {}", op, fmt::format(text, std::forward<Args>(args)...)));
}

// Throws InternalError naming the broken condition; used by the macros of check.h.
[[noreturn]] void raise_internal(const char* condition, const char* file, int line,
                                 const std::string& message);

}  // namespace tandem
