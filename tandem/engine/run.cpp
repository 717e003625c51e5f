#include "tandem/engine/run.h"

#include "tandem/device/trace.h"

namespace tandem::engine {

namespace {

constexpr size_t kMaxSpareRuns = 64;

struct SpareRuns {
  std::mutex mutex;
  std::vector<Run*> runs;
};

SpareRuns& spare_runs() {
  static SpareRuns* spare = new SpareRuns;  // runs may end while the process does
  return *spare;
}

// The last run that ended on the thread, which is the next one to begin there when a caller runs
// its work itself: reached without a lock.
constinit thread_local Run* own_run [[gnu::tls_model("initial-exec")]] = nullptr;
constinit thread_local bool keeps_own [[gnu::tls_model("initial-exec")]] = false;

void keep_or_delete(Run* run) {
  SpareRuns& spare = spare_runs();
  const std::lock_guard lock(spare.mutex);
  if (spare.runs.size() < kMaxSpareRuns) {
    spare.runs.push_back(run);
  } else {
    delete run;
  }
}

struct OwnRunGuard {
  OwnRunGuard() { keeps_own = true; }
  ~OwnRunGuard() {
    keeps_own = false;
    if (own_run) keep_or_delete(std::exchange(own_run, nullptr));
  }
};

}  // namespace

Ref<Run> Run::make(std::shared_ptr<const passes::Plan> plan) {
  Run* run = std::exchange(own_run, nullptr);
  if (!run) {
    static thread_local const OwnRunGuard guard;
    static_cast<void>(guard);
    SpareRuns& spare = spare_runs();
    const std::lock_guard lock(spare.mutex);
    if (!spare.runs.empty()) {
      run = spare.runs.back();
      spare.runs.pop_back();
    }
  }
  if (!run) run = new Run;
  run->plan_ = std::move(plan);
  return Ref<Run>(run);
}

void Run::recycle(Run* run) {
  run->plan_ = nullptr;
  run->launches.clear();
  run->numbers.clear();
  run->buffers.clear();
  run->first_strides.clear();
  run->params.clear();
  run->completions.clear();
  run->base = 0;
  if (keeps_own && !own_run) {
    own_run = run;
  } else {
    keep_or_delete(run);
  }
}

void Run::seal() {
  for (size_t i = 0; i < buffers.size(); ++i)
    buffers[i].strides = numbers.data() + first_strides[i];
}

device::LaunchArguments Run::arguments(uint32_t instruction) const {
  const Launch& launch = launches[instruction - base];
  device::LaunchArguments arguments;
  arguments.extents = {numbers.data() + launch.first_extent, launch.extent_count};
  arguments.buffers = {buffers.data() + launch.first_buffer, launch.buffer_count};
  arguments.params = {params.data() + launch.first_param, launch.param_count};
  arguments.label = plan_->instructions[instruction].label.c_str();
  arguments.note = launch.note;
  return arguments;
}

// Fills what a launch will write with NaN patterns, so that an element it leaves out shows. Between
// the elements of a part are those of others.
void SegmentWork::poison(device::Queue& queue, const passes::Instruction& instruction,
                         const device::LaunchArguments& arguments) {
  for (size_t i = 0; i < arguments.buffers.size(); ++i) {
    const device::BufferArgument& target = arguments.buffers[i];
    if (!target.written || instruction.buffers[i].part) continue;
    bool replaces_input = false;
    for (const device::BufferArgument& other : arguments.buffers) {
      replaces_input |= !other.written && other.range_begin < target.range_end &&
                        target.range_begin < other.range_end;
    }
    if (replaces_input) continue;
    backend_.fill(queue, const_cast<std::byte*>(target.range_begin),
                  static_cast<size_t>(target.range_end - target.range_begin), 0xff);
  }
}

void SegmentWork::launch(device::Queue& queue, uint32_t instruction) {
  const device::LaunchArguments arguments = run_->arguments(instruction);
  const passes::Instruction& planned = run_->plan().instructions[instruction];
  if (poison_writes_) poison(queue, planned, arguments);
  device::Trace& trace = device::Trace::instance();
  const bool record = backend_.capabilities().runs_inline && trace.recording();
  const int64_t begin = record ? device::Trace::now() : 0;
  backend_.launch(queue, *planned.executable, arguments);
  if (!record) return;
  int64_t bytes = 0;
  for (const auto& buffer : arguments.buffers) bytes += buffer.range_end - buffer.range_begin;
  trace.add({planned.kind == passes::Instruction::kernel ? device::EventKind::kernel
                                                         : device::EventKind::library,
             device::Clock::wall, backend_.device(), stream_, planned.label, begin,
             device::Trace::now(), bytes, arguments.note});
}

void SegmentWork::run(device::Queue& queue) {
  const Ref<memory::Completion>& completion = run_->completion(piece_.segment);
  // A failed input fails the segment without running it; its text names the op that failed first.
  if (completion->failed()) std::rethrow_exception(completion->error());
  const auto& instructions = run_->plan().segments[piece_.segment].instructions;
  for (uint32_t i = piece_.first; i < piece_.last; ++i) launch(queue, instructions[i]);
  if (piece_.last < instructions.size()) return;
  if (backend_.capabilities().runs_inline) completion->forget_dependents();
}

void SegmentWork::fail(std::exception_ptr error) noexcept {
  const Ref<memory::Completion>& completion = run_->completion(piece_.segment);
  // What failed because of an input is told by the input's own stream.
  const bool own = !completion->failed();
  completion->fail(error);
  if (own) failures_.add(stream_, completion);
}

void Failures::add(uint16_t stream, Ref<memory::Completion> completion) {
  const std::lock_guard lock(mutex_);
  by_stream_[stream].push_back(std::move(completion));
}

std::exception_ptr Failures::take(uint16_t stream) {
  const std::lock_guard lock(mutex_);
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end()) return nullptr;
  std::exception_ptr error;
  for (const auto& completion : found->second) {
    if (!error && !completion->observed()) error = completion->error();
    completion->observe();
  }
  by_stream_.erase(found);
  return error;
}

std::vector<std::string> Failures::take_unobserved() {
  std::vector<std::string> texts;
  const std::lock_guard lock(mutex_);
  for (const auto& [stream, completions] : by_stream_) {
    for (const auto& completion : completions) {
      if (completion->observed()) continue;
      try {
        std::rethrow_exception(completion->error());
      } catch (const std::exception& error) {
        texts.emplace_back(error.what());
      } catch (...) {
        texts.emplace_back("unknown exception");
      }
    }
  }
  by_stream_.clear();
  return texts;
}

void TransferWork::run(device::Queue& queue) {
  if (source_completion_ && source_completion_->failed()) {
    std::rethrow_exception(source_completion_->error());
  }
  if (poison_) backend_.fill(queue, target_, bytes_, 0xff);
  backend_.copy(queue, direction_, target_, source_, bytes_);
}

}  // namespace tandem::engine
