#include "tandem/transforms/compile.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "tandem/base/check.h"
#include "tandem/graph/streams.h"
#include "tandem/transforms/recording.h"

namespace tandem {
namespace {

std::atomic<bool> enabled{true};

using Signature = std::vector<int64_t>;

Signature signature_of(std::span<const array> arguments) {
  const Device device = default_device();
  Signature words{static_cast<int64_t>(device.type), device.index};
  for (const array& argument : arguments) {
    words.push_back(static_cast<int64_t>(argument.dtype()));
    words.push_back(argument.ndim());
    words.insert(words.end(), argument.shape().begin(), argument.shape().end());
  }
  return words;
}

class Compiled {
 public:
  explicit Compiled(Function function) : function_(std::move(function)) {}

  std::vector<array> operator()(const std::vector<array>& arguments) {
    if (!compile_enabled()) return function_(arguments);
    const Signature signature = signature_of(arguments);
    if (const auto known = find(signature)) return known->call(arguments);
    // Two threads may record the same signature at once: the function is user code, which no lock
    // may be held around.
    const auto recording = record(arguments);
    if (!recording->depends_on_others()) {
      const std::lock_guard lock(mutex_);
      recordings_.emplace(signature, recording);
    }
    return recording->call(arguments);
  }

 private:
  std::shared_ptr<const transforms::Recording> find(const Signature& signature) {
    const std::lock_guard lock(mutex_);
    const auto found = recordings_.find(signature);
    return found == recordings_.end() ? nullptr : found->second;
  }

  std::shared_ptr<const transforms::Recording> record(const std::vector<array>& arguments) {
    const graph::RecordingScope scope;
    const std::vector<array> placeholders = transforms::placeholders_for(arguments);
    const std::vector<array> outputs = function_(placeholders);
    return std::make_shared<const transforms::Recording>(placeholders, outputs);
  }

  Function function_;
  std::mutex mutex_;
  std::map<Signature, std::shared_ptr<const transforms::Recording>> recordings_;
};

}  // namespace

Function compile(Function function) {
  TANDEM_USER(function != nullptr, ArgumentError, "compile", "there is no function to compile");
  return [compiled = std::make_shared<Compiled>(std::move(function))](
             const std::vector<array>& arguments) { return (*compiled)(arguments); };
}

void disable_compile() { enabled.store(false, std::memory_order_relaxed); }
void enable_compile() { enabled.store(true, std::memory_order_relaxed); }
bool compile_enabled() { return enabled.load(std::memory_order_relaxed); }

}  // namespace tandem
