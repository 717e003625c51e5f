#include "tandem/graph/evaluator.h"

#include "tandem/base/check.h"

namespace tandem::graph {
namespace {

Evaluator& (*factory)() = nullptr;

}  // namespace

void set_evaluator_factory(Evaluator& (*make)()) { factory = make; }

Evaluator& evaluator() {
  static Evaluator& instance = [&]() -> Evaluator& {
    TANDEM_CHECK(factory != nullptr, "the engine is not linked");
    return factory();
  }();
  return instance;
}

}  // namespace tandem::graph
