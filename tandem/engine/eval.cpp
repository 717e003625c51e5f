#include "tandem/engine/eval.h"

#include "tandem/engine/engine.h"
#include "tandem/memory/buffer.h"

namespace tandem {

void eval(std::span<const array> arrays) { graph::evaluator().eval(arrays, true); }

void eval(std::span<const array> arrays, const std::function<void()>& before_long) {
  engine::Engine::instance().eval(arrays, true, &before_long);
}

bool on_host(const array& a) { return engine::Engine::instance().on_host(a); }

const void* data_if_ready(const array& a) { return engine::Engine::instance().try_host_copy(a); }

void async_eval(std::span<const array> arrays) { graph::evaluator().eval(arrays, false); }

void synchronize_all() { engine::Engine::instance().scheduler().synchronize_all(); }

bool drain() { return engine::Engine::instance().drain(); }

size_t release_foreign_owners() {
  return memory::Graveyard::instance().drain(engine::Engine::instance().scheduler().timeline());
}

void set_interrupt_check(std::function<bool()> check) {
  engine::Engine::instance().set_interrupt_check(std::move(check));
}

}  // namespace tandem
