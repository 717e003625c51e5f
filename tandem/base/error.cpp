#include "tandem/base/error.h"

namespace tandem {

void raise_internal(const char* condition, const char* file, int line, const std::string& message) {
  const std::string_view path(file);
  const size_t slash = path.rfind('/');
  throw InternalError(fmt::format("[internal] {} does not hold at {}:{}{}{}", condition,
                                  slash == path.npos ? path : path.substr(slash + 1), line,
                                  message.empty() ? "" : ": ", message));
}

}  // namespace tandem
