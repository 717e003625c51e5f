// Engine: evaluation. One lock covers walk, look-up, bind, submit and publish; planning, kernel
// compiles and waiting for memory happen outside of it, after which the walk is made again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "tandem/engine/bind/binder.h"
#include "tandem/engine/engine_mutex.h"
#include "tandem/engine/inspect.h"
#include "tandem/engine/pressure.h"
#include "tandem/graph/evaluator.h"

namespace tandem::engine {

class Engine final : public graph::Evaluator {
 public:
  static Engine& instance();

  void eval(std::span<const array> arrays, bool wait) override { eval(arrays, wait, nullptr); }
  // `before_long` is called once, if this is more than a few microseconds of work for the calling
  // thread alone. It may be called under the engine's lock.
  void eval(std::span<const array> arrays, bool wait, const std::function<void()>* before_long);
  std::byte* host_copy(graph::Storage& storage) override;
  bool on_host(const array& a);
  // The first element of a value that is in host memory; null when it is not, or somebody would
  // have to be waited for. A failed value is none.
  const std::byte* try_host_copy(const array& a);
  Ref<memory::Buffer> allocate_host(size_t bytes) override;
  Ref<memory::Buffer> adopt_host(void* data, size_t bytes, std::shared_ptr<void> owner) override;
  uint64_t begin_writable_export(memory::Buffer& buffer) override;
  void end_writable_export(memory::Buffer& buffer, uint64_t before) override;
  void end_retention(std::span<const array> arrays) override;
  bool drain() override;
  int device_count(DeviceType type) override { return devices_.count(type); }
  Stream create_stream(Device device) override;
  Device device_of(uint16_t stream) override { return scheduler_.device_of(stream); }
  void synchronize(const Stream& stream) override;

  void set_interrupt_check(std::function<bool()> check);

  inspect::Counters counters() const;
  std::string plan_text(std::span<const array> arrays);
  std::vector<inspect::SiteUse> placement() const;
  // Gives arenas and idle blocks back.
  void clear_cache();
  // Answers what is read from the system; evals do so every settings().pressure_poll_ms.
  void look_at_system(const memory::SystemPressure& pressure);
  Devices& devices() { return devices_; }
  runtime::Scheduler& scheduler() { return scheduler_; }
  // Tests: makes all plan keys collide, forgets plans.
  PlanCache& plan_cache() { return plan_cache_; }
  // Tests: leaves the decision out, or takes it again.
  void leave_out(Decision decision, bool out);
  // Tests: see EngineState::observer; an empty function ends it.
  void set_observer(std::function<void(Submission&)> observer);

 private:
  Engine();

  // How a plan is run: all at once, one segment at a time, and so with a plan without fusion, whose
  // kernels have fewer operands.
  enum class Mode : uint8_t { whole, small, small_unfused };
  // When a value is there, and whether its work succeeded.
  struct Awaited {
    device::Point point;
    Ref<memory::Completion> completion;
  };
  using AwaitedList = SmallVector<Awaited, 1>;
  // Runs in small mode give the lock back while they wait for memory, but not to one another: two
  // would take from each other what they wait for.
  class SmallTurn {
   public:
    explicit SmallTurn(Engine& engine) : engine_(engine) { engine_.small_turn_ = true; }
    ~SmallTurn();
    SmallTurn(const SmallTurn&) = delete;

   private:
    Engine& engine_;
  };
  struct Attempt {
    PressureAttempt pressure;
    Mode mode = Mode::whole;
    bool was_short = false;
    bool may_look = false;                        // at how short of memory the system is
    std::shared_ptr<const passes::Plan> unfused;  // made in an earlier round
    AwaitedList awaited;                          // by a caller who waits for the values
    std::unique_ptr<SmallTurn> turn;              // in small mode
  };

  // Under the lock; false when a plan was made: walk again.
  void take_released(DeadNodes& dead);
  bool try_run(std::span<const array> arrays, bool wait, Attempt& attempt, EngineLock& lock,
               DeadNodes& dead, const std::function<void()>*& before_long);
  // Of what walk_ found; `entry` null: no plan yet.
  bool is_short(std::span<const array> arrays, const PlanEntry* entry);
  bool run_small(PlanEntry& entry, bool wait, Attempt& attempt, EngineLock& lock, DeadNodes& dead);
  // False when the turn was not free at once: others may have run.
  bool take_small_turn(Attempt& attempt, EngineLock& lock);
  std::shared_ptr<passes::Plan> make_plan(const graph::Walk& walk, bool fusion, EngineLock& lock);
  PlanEntry* add_plan(const graph::Walk& walk, EngineLock& lock);
  // Takes the next step against the shortage and unlocks; raises OutOfMemory when none is left.
  void relieve(const MemoryShortage& shortage, Attempt& attempt, EngineLock& lock);
  void relieve_run(const MemoryShortage& shortage, Attempt& attempt, EngineLock& lock);
  bool try_relief(const MemoryShortage& shortage, Attempt& attempt, EngineLock& lock);
  [[noreturn]] void raise_out_of_memory(const MemoryShortage& shortage);
  void poll_system();
  bool is_ready(memory::Buffer& buffer, memory::Copy& copy);
  // Under the lock: appends what the arrays, which have storage, wait for.
  void note_awaited(std::span<const array> arrays, AwaitedList& awaited);
  static void check(const Ref<memory::Completion>& completion);
  void before_fork();
  void after_fork(bool child);
  void wait_for(device::Point point);
  bool interrupted() const;

  runtime::Scheduler scheduler_;
  Devices devices_;
  mutable EngineMutex mutex_;
  EngineState state_;
  Binder binder_;
  PlanCache plan_cache_;
  graph::Walk walk_;
  bool small_turn_ = false;  // somebody has it
  std::condition_variable_any small_turn_free_;
  std::atomic<int64_t> next_look_ns_{0};  // at the system's memory, on the steady clock
  std::atomic<bool> gave_up_{false};      // waiting at the end of the program
  mutable std::mutex interrupt_mutex_;
  std::shared_ptr<const std::function<bool()>> interrupt_check_;
};

}  // namespace tandem::engine
