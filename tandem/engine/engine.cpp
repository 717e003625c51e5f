#include "tandem/engine/engine.h"

#include <pthread.h>

#include <cstdlib>
#include <optional>
#include <utility>

#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/check.h"
#include "tandem/base/log.h"
#include "tandem/base/settings.h"
#include "tandem/device/trace.h"
#include "tandem/engine/eval.h"
#include "tandem/engine/exit.h"
#include "tandem/engine/export_digest.h"
#include "tandem/engine/kernel_cache.h"
#include "tandem/graph/flat_graph.h"
#include "tandem/graph/sites.h"
#include "tandem/passes/planner.h"

namespace tandem::engine {
namespace {

constexpr size_t kPlanCacheBytes = size_t{256} << 20;
// Runs in small mode before memory for the whole plan is asked for again.
constexpr uint32_t kSmallRuns = 16;
// Runs between looks at the clock, after which the system's memory may be looked at.
constexpr uint64_t kRunsPerLook = 64;
// A stream number that no stream has: memory that the calling thread itself will write.
constexpr uint16_t kNoStream = 65535;

void spawn(std::function<void()> task) {
  backends::common::submit(std::move(task));
  [[maybe_unused]] static const bool registered = (drain_at_exit(), true);  // the pool is there now
}

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
      state_{scheduler_, devices_, {}, {}, {}, 0, 0, 0, {}},
      binder_(state_),
      plan_cache_(kPlanCacheBytes) {
  drain_at_exit();
  backends::common::set_library_observer(drain_at_exit);
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
    small_turn_ = false;  // who had it is not here
    scheduler_.reset_after_fork(spawn);
  } else {
    scheduler_.after_fork_in_parent();
  }
  mutex_.unlock();
}

void Engine::eval(std::span<const array> arrays, bool wait,
                  const std::function<void()>* before_long) {
  if (this_thread_has_ended()) [[unlikely]] {
    return run_on_fresh_thread([&] { eval(arrays, wait); });
  }
  watch_this_thread();
  DeadNodes dead;
  Attempt attempt;
  if (settings().small_mode == "always") attempt.mode = Mode::small;
  for (;;) {
    EngineLock lock(mutex_, std::try_to_lock);
    if (!lock) {
      if (before_long) (*std::exchange(before_long, nullptr))();
      lock.lock();
    }
    try {
      if (try_run(arrays, wait, attempt, lock, dead, before_long)) break;
    } catch (const MemoryShortage& shortage) {
      if (before_long) (*std::exchange(before_long, nullptr))();
      relieve_run(shortage, attempt, lock);
      dead.clear();
    }
  }
  attempt.turn.reset();
  dead.clear();
  if (attempt.may_look) poll_system();
  for (const Awaited& awaited : attempt.awaited) {
    wait_for(awaited.point);
    check(awaited.completion);
  }
}

void Engine::take_released(DeadNodes& dead) {
  for (graph::NodeRef& node : walk_.released) dead.push_back(std::move(node));
  walk_.released.clear();
}

bool Engine::try_run(std::span<const array> arrays, bool wait, Attempt& attempt, EngineLock& lock,
                     DeadNodes& dead, const std::function<void()>*& before_long) {
  walk_.run(arrays);
  take_released(dead);
  PlanEntry* entry = walk_.roots.empty() ? nullptr : plan_cache_.find(walk_);
  if (before_long && !is_short(arrays, entry)) (*std::exchange(before_long, nullptr))();
  if (walk_.roots.empty()) {
    if (wait) note_awaited(arrays, attempt.awaited);
    return true;
  }
  if (!entry) {
    add_plan(walk_, lock);
    return false;
  }
  attempt.may_look = ++state_.now % kRunsPerLook == 0 || attempt.was_short;
  if (entry->small_runs_left > 0 && attempt.mode == Mode::whole) {
    --entry->small_runs_left;
    attempt.mode = Mode::small;
  }
  if (attempt.mode == Mode::whole) {
    struct End {
      Binder& binder;
      ~End() { binder.end(); }
    } const end{binder_};
    binder_.begin(*entry, entry->plan, walk_);
    binder_.reserve();
    binder_.submit(wait);
    binder_.publish(dead);
  } else if (!run_small(*entry, wait, attempt, lock, dead)) {
    return false;
  }
  if (wait) note_awaited(arrays, attempt.awaited);
  ++state_.counters.evals;
  ++state_.counters.plan_hits;
  return true;
}

Engine::SmallTurn::~SmallTurn() {
  {
    const std::lock_guard lock(engine_.mutex_);
    engine_.small_turn_ = false;
  }
  engine_.small_turn_free_.notify_one();
}

bool Engine::take_small_turn(Attempt& attempt, EngineLock& lock) {
  if (attempt.turn) return true;
  const bool free = !small_turn_;
  while (small_turn_) {
    small_turn_free_.wait_for(lock, std::chrono::milliseconds(20));
    if (!small_turn_) break;
    lock.unlock();
    if (interrupted()) throw Interrupted("[eval] interrupted while waiting for memory");
    lock.lock();
  }
  attempt.turn = std::make_unique<SmallTurn>(*this);
  if (!free) lock.unlock();
  return free;
}

// The run has a walk and a binder of its own, for it gives the lock back whenever it waits for
// memory. Another thread may then evaluate nodes that it has walked: they are kept, and what has
// got storage meanwhile is not published again.
bool Engine::run_small(PlanEntry& entry, bool wait, Attempt& attempt, EngineLock& lock,
                       DeadNodes& dead) {
  if (!take_small_turn(attempt, lock)) return false;
  const bool fusion = attempt.mode == Mode::small;
  auto& split = fusion ? entry.split : entry.unfused_split;
  if (!split && fusion) split = std::make_unique<passes::SplitPlan>(passes::split(*entry.plan));
  // What the walk found may have changed while the plan was made.
  if (!split && attempt.unfused && attempt.unfused->key == walk_.key) {
    split = std::make_unique<passes::SplitPlan>(passes::split(*attempt.unfused));
  }
  if (!split) {
    attempt.unfused = make_plan(walk_, false, lock);
    ++state_.counters.small_replans;
    return false;
  }
  const graph::Walk walk = walk_;
  for (graph::Node* const node : walk.nodes) dead.emplace_back(node);
  Binder binder(state_);
  struct Scope {
    Binder& binder;
    PlanEntry& entry;
    ~Scope() {
      binder.end();
      --entry.small_runs;
    }
  } const scope{binder, entry};
  ++entry.small_runs;
  binder.begin(entry, split->plan, walk);
  binder.run_small(*split, wait, [&](device::Point point) {
    lock.unlock();
    try {
      wait_for(point);
    } catch (...) {
      lock.lock();
      throw;
    }
    lock.lock();
  });
  if (attempt.was_short) entry.small_runs_left = kSmallRuns;
  binder.publish(dead);
  return true;
}

// Plans from a copy of the graph while other threads go on.
std::shared_ptr<passes::Plan> Engine::make_plan(const graph::Walk& walk, bool fusion,
                                                EngineLock& lock) {
  const graph::FlatGraph graph = graph::flatten(walk);
  std::vector<uint64_t> key = walk.key;
  lock.unlock();
  passes::PlannerOptions options{fusion, settings().verify, graph::Sites::recording()};
  for (const Device device : graph.devices) {
    options.row_bytes.push_back(devices_.get(device).backend->capabilities().row_bytes);
  }
  auto plan = passes::make_plan(graph, std::move(key), options, [&](Device device) -> auto& {
    return *devices_.get(device).compiler;
  });
  lock.lock();
  ++state_.counters.plans_built;
  state_.counters.nodes_planned += plan->node_count;
  return plan;
}

PlanEntry* Engine::add_plan(const graph::Walk& walk, EngineLock& lock) {
  const uint64_t hash = walk.hash;
  auto plan = make_plan(walk, settings().fusion, lock);
  --state_.counters.plan_hits;  // the run that follows is no hit
  return plan_cache_.insert(hash, std::move(plan));
}

bool Engine::try_relief(const MemoryShortage& shortage, Attempt& attempt, EngineLock& lock) {
  ++state_.counters.retries_after_oom;
  if (free_memory(state_, shortage, attempt.pressure)) {
    lock.unlock();
    return true;
  }
  const device::Point point = awaited_memory(state_, *shortage.pool);
  if (point.never_waits()) {
    // The last of it may have become idle since the step before. Once: what a try reserves and
    // gives back is idle too.
    const bool again = enabled(PressureStep::wait) && !std::exchange(attempt.pressure.last, true);
    if (!again || shortage.pool->trim(0) == 0) return false;
    lock.unlock();
    return true;
  }
  lock.unlock();
  wait_for(point);
  shortage.pool->trim(0);
  return true;
}

void Engine::relieve(const MemoryShortage& shortage, Attempt& attempt, EngineLock& lock) {
  if (!try_relief(shortage, attempt, lock)) raise_out_of_memory(shortage);
}

void Engine::relieve_run(const MemoryShortage& shortage, Attempt& attempt, EngineLock& lock) {
  const bool small = enabled(PressureStep::small) && settings().small_mode != "never";
  attempt.was_short = true;
  if (attempt.mode == Mode::whole) {
    if (!(small && shortage.go_small) && try_relief(shortage, attempt, lock)) return;
  } else if (attempt.pressure.step == 0 && free_memory(state_, shortage, attempt.pressure)) {
    // Small mode drops and evicts by itself and knows the future; arenas it does not see.
    lock.unlock();
    return;
  }
  const bool replanned = attempt.mode == Mode::small_unfused || !state_.decides(Decision::replan);
  if ((attempt.mode != Mode::whole && replanned) || !small) raise_out_of_memory(shortage);
  attempt.mode = attempt.mode == Mode::whole ? Mode::small : Mode::small_unfused;
  lock.unlock();
}

void Engine::raise_out_of_memory(const MemoryShortage& shortage) {
  ++state_.counters.out_of_memory;
  const memory::PoolStatistics now = shortage.pool->statistics();
  raise<OutOfMemory>("memory",
                     "{} has no room for {} bytes: {} bytes are in use and {} cached of a limit "
                     "of {}",
                     to_string(shortage.device), shortage.bytes, now.active_bytes, now.cached_bytes,
                     shortage.pool->cap());
}

// Whether a copy is known to hold its value.
bool Engine::is_ready(memory::Buffer& buffer, memory::Copy& copy) {
  // Whether it is reached is asked first: a failure is known before the Point is reached.
  if (!scheduler_.timeline().reached(copy.valid)) return false;
  const Ref<memory::Completion>& completion = buffer.completion_of(copy);
  return !completion || !completion->failed();
}

const std::byte* Engine::try_host_copy(const array& a) {
  graph::Storage* const storage = a.node()->storage();
  if (!storage) return nullptr;
  const EngineLock lock(mutex_, std::try_to_lock);
  if (!lock) return nullptr;
  memory::Buffer& buffer = *storage->buffer;
  memory::Copy* const copy = buffer.find(kHost);
  if (!copy || !is_ready(buffer, *copy)) return nullptr;
  buffer.check_file();
  buffer.hand_out();
  if (memory::Site* const site = buffer.site()) site->read(kHost, buffer.bytes());
  return copy->data + storage->offset * static_cast<int64_t>(a.itemsize());
}

void Engine::note_awaited(std::span<const array> arrays, AwaitedList& awaited) {
  for (const array& a : arrays) {
    memory::Buffer& buffer = *a.node()->storage()->buffer;
    memory::Copy& copy = buffer.origin();
    if (!is_ready(buffer, copy)) awaited.push_back({copy.valid, buffer.completion_of(copy)});
  }
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
  if (this_thread_has_ended()) [[unlikely]] {
    std::byte* data = nullptr;
    run_on_fresh_thread([&] { data = host_copy(storage); });
    return data;
  }
  EngineLock lock(mutex_);
  memory::Buffer& buffer = *storage.buffer;
  buffer.check_file();
  buffer.drop_failed(kHost);
  memory::Copy* copy = buffer.find(kHost);
  std::optional<Attempt> attempt;
  while (!copy) {
    memory::Block block = devices_.host_pool().allocate(
        buffer.bytes(), devices_.get(buffer.origin().device).copy_out);
    if (!block.data) {
      if (!attempt) attempt.emplace();
      relieve({&devices_.host_pool(), kHost, buffer.bytes()}, *attempt, lock);
      lock.lock();
      copy = buffer.find(kHost);
      continue;
    }
    copy_to(state_, buffer, {kHost, std::move(block), memory::Cause::output});
    copy = buffer.find(kHost);
  }
  buffer.hand_out();
  if (memory::Site* const site = buffer.site()) site->read(kHost, buffer.bytes());
  const device::Point valid = copy->valid;
  std::byte* data = copy->data;
  if (is_ready(buffer, *copy)) return data;
  const Ref<memory::Completion> completion = buffer.completion_of(*copy);
  lock.unlock();
  wait_for(valid);
  check(completion);
  return data;
}

Ref<memory::Buffer> Engine::allocate_host(size_t bytes) {
  Attempt attempt;
  for (;;) {
    memory::Block block = devices_.host_pool().allocate(bytes, kNoStream);
    if (!block.data) {
      EngineLock lock(mutex_);
      relieve({&devices_.host_pool(), kHost, bytes}, attempt, lock);
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

uint64_t Engine::begin_writable_export(memory::Buffer& buffer) {
  uint64_t copies = 0;
  {
    const std::lock_guard lock(mutex_);
    buffer.writable_exports().fetch_add(1);
    copies = digest_of_mirrors(buffer);
  }
  return digest_of_elements(buffer, copies);
}

void Engine::end_writable_export(memory::Buffer& buffer, uint64_t before) {
  uint64_t copies = 0;
  {
    const std::lock_guard lock(mutex_);
    copies = digest_of_mirrors(buffer);
  }
  const uint64_t after = digest_of_elements(buffer, copies);
  const std::lock_guard lock(mutex_);
  buffer.writable_exports().fetch_sub(1);
  const bool same = after != 0 && after == before && copies == digest_of_mirrors(buffer);
  if (!same) buffer.drop_mirrors(kHost);
}

void Engine::end_retention(std::span<const array> arrays) {
  std::vector<graph::NodeRef> roots, dead;
  for (const array& a : arrays) roots.push_back(a.node());
  const std::lock_guard lock(mutex_);
  graph::end_retention(roots, dead);
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
  if (this_thread_has_ended()) [[unlikely]] {
    return run_on_fresh_thread([&] { synchronize(stream); });
  }
  if (!scheduler_.synchronize(static_cast<uint16_t>(stream.index),
                              [this] { return interrupted(); })) {
    throw Interrupted("[synchronize] interrupted while waiting");
  }
  // A failure that nobody has asked about surfaces here, once.
  if (const std::exception_ptr error = state_.failures.take(static_cast<uint16_t>(stream.index))) {
    std::rethrow_exception(error);
  }
}

std::vector<inspect::SiteUse> Engine::placement() const {
  std::vector<inspect::SiteUse> result;
  const std::lock_guard lock(mutex_);
  plan_cache_.for_each([&](const PlanEntry& entry) {
    for (const Ref<memory::Site>& site : entry.sites) {
      if (!site) continue;
      result.push_back({site->label(), std::string(memory::name_of(site->access())), site->values(),
                        site->reads(DeviceType::cpu), site->reads(DeviceType::gpu),
                        site->changes()});
    }
  });
  return result;
}

void Engine::clear_cache() {
  const std::lock_guard lock(mutex_);
  for (DeviceEntry* const device : devices_.made()) {
    release_arenas(state_, *device->pool);
    device->pool->trim(0);
  }
}

void Engine::look_at_system(const memory::SystemPressure& pressure) {
  const std::lock_guard lock(mutex_);
  answer_system_pressure(state_, memory::level_of(pressure));
}

void Engine::poll_system() {
  const int64_t pause = settings().pressure_poll_ms * 1000000;
  const int64_t now = device::Trace::now();
  int64_t due = next_look_ns_.load(std::memory_order_relaxed);
  if (pause == 0 || now < due) return;
  // One of several threads looks.
  if (!next_look_ns_.compare_exchange_strong(due, now + pause)) return;
  look_at_system(memory::read_system_pressure());
}

void Engine::leave_out(Decision decision, bool out) {
  const uint32_t bit = uint32_t{1} << static_cast<uint32_t>(decision);
  const std::lock_guard lock(mutex_);
  state_.left_out = out ? state_.left_out | bit : state_.left_out & ~bit;
}

bool Engine::drain() {
  const double seconds = gave_up_.load() ? 0 : settings().exit_seconds;
  const bool done = scheduler_.drain(std::chrono::duration<double>(seconds));
  if (!done) gave_up_.store(true);
  for (const std::string& text : state_.failures.take_unobserved()) {
    log_error("a computation failed and nobody asked for its value: {}", text);
  }
  return done;
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
  DeadNodes released;
  EngineLock lock(mutex_);
  walk_.run(arrays);
  take_released(released);
  if (walk_.roots.empty()) return "nothing to compute\n";
  const std::vector<int64_t> dims = walk_.dims;  // another thread may walk while a plan is made
  const PlanEntry* entry = plan_cache_.find(walk_);
  if (!entry) {
    entry = add_plan(walk_, lock);
    ++state_.counters.plan_hits;
  }
  return entry->plan->text(dims);
}

}  // namespace tandem::engine
