#include "tandem/engine/eval.h"

#include "tandem/engine/engine.h"

namespace tandem {

void eval(std::span<const array> arrays) { graph::evaluator().eval(arrays, true); }

void async_eval(std::span<const array> arrays) { graph::evaluator().eval(arrays, false); }

void set_interrupt_check(std::function<bool()> check) {
  engine::Engine::instance().set_interrupt_check(std::move(check));
}

}  // namespace tandem
