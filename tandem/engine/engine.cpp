#include "tandem/engine/engine.h"

#include <pthread.h>

#include <cstdlib>

#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/check.h"
#include "tandem/base/settings.h"
#include "tandem/engine/eval.h"
#include "tandem/engine/kernel_cache.h"
#include "tandem/graph/flat_graph.h"
#include "tandem/passes/planner.h"

namespace tandem::engine {
namespace {

constexpr size_t kPlanCacheBytes = size_t{256} << 20;
// Steps against a shortage of memory before it is an error: trim, then wait for all work and trim.
constexpr int kReliefSteps = 2;
// A stream number that no stream has: memory that the calling thread itself will write.
constexpr uint16_t kNoStream = 65535;

void spawn(std::function<void()> task) { backends::common::submit(std::move(task)); }

[[maybe_unused]] const bool kRegistered = [] {
  graph::set_evaluator_factory(+[]() -> graph::Evaluator& { return Engine::instance(); });
  return true;
}();

}  // namespace

Engine& Engine::instance() {
  // Never destroyed: arrays in static storage and threads that still run may use it until the end.
  static Engine* engine = new Engine;
  return *engine;
}

Engine::Engine()
    : scheduler_(spawn),
      devices_(scheduler_),
      state_{scheduler_, devices_, {}, {}, {}, {}},
      binder_(state_),
      plan_cache_(kPlanCacheBytes) {
  std::atexit([] { instance().scheduler_.synchronize_all(); });
  // The child of a fork gets idle streams and fresh locks; work in flight has failed there.
  pthread_atfork([] { instance().before_fork(); }, [] { instance().after_fork(false); },
                 [] { instance().after_fork(true); });
}

void Engine::before_fork() {
  mutex_.lock();
  scheduler_.before_fork();
}

void Engine::after_fork(bool child) {
  if (child) {
    scheduler_.reset_after_fork(spawn);
  } else {
    scheduler_.after_fork_in_parent();
  }
  mutex_.unlock();
}

void Engine::eval(std::span<const array> arrays, bool wait) {
  std::vector<graph::NodeRef> dead;
  int relief = 0;
  for (;;) {
    std::unique_lock lock(mutex_);
    try {
      if (try_run(arrays, wait, lock, dead)) break;
    } catch (const MemoryShortage& shortage) {
      relieve(shortage, lock, relief++);
    }
  }
  dead.clear();
  if (!wait) return;
  for (const array& a : arrays) wait_for(a);
}

bool Engine::try_run(std::span<const array> arrays, bool wait, std::unique_lock<std::mutex>& lock,
                     std::vector<graph::NodeRef>& dead) {
  walk_.run(arrays);
  if (walk_.roots.empty()) return true;
  PlanEntry* entry = plan_cache_.find(walk_);
  if (!entry) {
    make_plan(walk_, lock);
    return false;
  }
  binder_.begin(*entry, walk_);
  struct End {
    Binder& binder;
    ~End() { binder.end(); }
  } const end{binder_};
  binder_.reserve();
  binder_.submit(wait);
  binder_.publish(dead);
  ++state_.counters.evals;
  ++state_.counters.plan_hits;
  return true;
}

// Plans from a copy of the graph while other threads go on.
PlanEntry* Engine::make_plan(const graph::Walk& walk, std::unique_lock<std::mutex>& lock) {
  const graph::FlatGraph graph = graph::flatten(walk);
  const uint64_t hash = walk.hash;
  std::vector<uint64_t> key = walk.key;
  lock.unlock();
  passes::PlannerOptions options{settings().fusion, settings().verify};
  for (const Device device : graph.devices) {
    options.row_bytes.push_back(devices_.get(device).backend->capabilities().row_bytes);
  }
  auto plan = passes::make_plan(graph, std::move(key), options, [&](Device device) -> auto& {
    return *devices_.get(device).compiler;
  });
  lock.lock();
  ++state_.counters.plans_built;
  state_.counters.nodes_planned += plan->node_count;
  --state_.counters.plan_hits;  // the run that follows is no hit
  return plan_cache_.insert(hash, std::move(plan));
}

void Engine::relieve(const MemoryShortage& shortage, std::unique_lock<std::mutex>& lock, int step) {
  const memory::PoolStatistics before = shortage.pool->statistics();
  if (step >= kReliefSteps) {
    raise<OutOfMemory>("memory",
                       "{} has no room for {} bytes: {} bytes are in use and {} cached of a limit "
                       "of {}",
                       to_string(shortage.device), shortage.bytes, before.active_bytes,
                       before.cached_bytes, shortage.pool->cap());
  }
  ++state_.counters.retries_after_oom;
  lock.unlock();
  if (step > 0) scheduler_.synchronize_all();
  shortage.pool->trim(0);
}

void Engine::wait_for(const array& a) {
  const graph::Storage* storage = a.node()->storage();
  device::Point point;
  Ref<memory::Completion> completion;
  {
    const std::lock_guard lock(mutex_);
    point = storage->buffer->origin().valid;
    completion = storage->buffer->completion();
  }
  wait_for(point);
  check(completion);
}

void Engine::check(const Ref<memory::Completion>& completion) {
  if (!completion || !completion->failed()) return;
  completion->observe();
  std::rethrow_exception(completion->error());
}

void Engine::wait_for(device::Point point) {
  if (scheduler_.timeline().reached(point)) return;
  if (!scheduler_.wait(point, [this] { return interrupted(); })) {
    throw Interrupted("[eval] interrupted while waiting");
  }
}

std::byte* Engine::host_copy(graph::Storage& storage) {
  std::unique_lock lock(mutex_);
  memory::Buffer& buffer = *storage.buffer;
  buffer.drop_failed(kHost);
  memory::Copy* copy = buffer.find(kHost);
  for (int step = 0; !copy; ++step) {
    memory::Block block = devices_.host_pool().allocate(
        buffer.bytes(), devices_.get(buffer.origin().device).copy_out);
    if (!block.data) {
      relieve({&devices_.host_pool(), kHost, buffer.bytes()}, lock, step);
      lock.lock();
      copy = buffer.find(kHost);
      continue;
    }
    copy_to(state_, buffer, {kHost, std::move(block), memory::Cause::output});
    copy = buffer.find(kHost);
  }
  const device::Point valid = copy->valid;
  std::byte* data = copy->data;
  const Ref<memory::Completion> completion = buffer.completion_of(*copy);
  lock.unlock();
  wait_for(valid);
  check(completion);
  return data;
}

Ref<memory::Buffer> Engine::allocate_host(size_t bytes) {
  for (int step = 0;; ++step) {
    memory::Block block = devices_.host_pool().allocate(bytes, kNoStream);
    if (!block.data) {
      std::unique_lock lock(mutex_);
      relieve({&devices_.host_pool(), kHost, bytes}, lock, step);
      continue;
    }
    for (const device::Point point : block.after) wait_for(point);
    auto buffer = make_ref<memory::Buffer>(bytes);
    buffer->add({.device = kHost,
                 .pool = &devices_.host_pool(),
                 .data = block.data,
                 .capacity = block.capacity,
                 .valid = {},
                 .uses = {}});
    return buffer;
  }
}

Ref<memory::Buffer> Engine::adopt_host(void* data, size_t bytes, std::shared_ptr<void> owner) {
  auto buffer = make_ref<memory::Buffer>(bytes);
  buffer->add({.device = kHost,
               .pool = nullptr,
               .data = static_cast<std::byte*>(data),
               .capacity = bytes,
               .valid = {},
               .uses = {}});
  buffer->set_foreign_owner(std::move(owner));
  return buffer;
}

Stream Engine::create_stream(Device device) {
  const uint16_t id = scheduler_.create_stream(*devices_.get(device).backend);
  return {static_cast<int>(id), device};
}

void Engine::synchronize(const Stream& stream) {
  if (!scheduler_.synchronize(static_cast<uint16_t>(stream.index),
                              [this] { return interrupted(); })) {
    throw Interrupted("[synchronize] interrupted while waiting");
  }
  // A failure that nobody has asked about surfaces here, once.
  if (const std::exception_ptr error = state_.failures.take(static_cast<uint16_t>(stream.index))) {
    std::rethrow_exception(error);
  }
}

void Engine::set_observer(std::function<void(Submission&)> observer) {
  const std::lock_guard lock(mutex_);
  state_.observer = std::move(observer);
}

void Engine::set_interrupt_check(std::function<bool()> check) {
  auto shared = check ? std::make_shared<const std::function<bool()>>(std::move(check)) : nullptr;
  const std::lock_guard lock(interrupt_mutex_);
  interrupt_check_ = std::move(shared);
}

bool Engine::interrupted() const {
  std::shared_ptr<const std::function<bool()>> check;
  {
    const std::lock_guard lock(interrupt_mutex_);
    check = interrupt_check_;
  }
  return check && (*check)();
}

inspect::Counters Engine::counters() const {
  const std::lock_guard lock(mutex_);
  inspect::Counters result = state_.counters;
  result.kernels_built = CachingCompiler::built();
  return result;
}

std::string Engine::plan_text(std::span<const array> arrays) {
  std::unique_lock lock(mutex_);
  walk_.run(arrays);
  if (walk_.roots.empty()) return "nothing to compute\n";
  const PlanEntry* entry = plan_cache_.find(walk_);
  if (!entry) {
    entry = make_plan(walk_, lock);
    ++state_.counters.plan_hits;
  }
  return entry->plan->text();
}

}  // namespace tandem::engine
