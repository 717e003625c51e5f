#include "tandem/graph/node.h"

#include <mutex>
#include <utility>
#include <vector>

#include "tandem/base/check.h"
#include "tandem/base/slab.h"
#include "tandem/graph/sites.h"
#include "tandem/graph/trace.h"

namespace tandem::graph {
namespace {

// Counted per thread and summed on demand, so that building nodes shares no cache line.
struct LiveCounter;
struct LiveCounters {
  std::mutex mutex;
  std::vector<LiveCounter*> threads;
  int64_t ended = 0;
};
LiveCounters& live_counters() {
  static LiveCounters* counters = new LiveCounters;
  return *counters;
}
struct LiveCounter {
  std::atomic<int64_t> value{0};
  LiveCounter() {
    const std::lock_guard lock(live_counters().mutex);
    live_counters().threads.push_back(this);
  }
  ~LiveCounter() {
    const std::lock_guard lock(live_counters().mutex);
    live_counters().ended += value.load(std::memory_order_relaxed);
    std::erase(live_counters().threads, this);
  }
};

// The thread's counter, reached without a call once it is there.
constinit thread_local std::atomic<int64_t>* live_value [[gnu::tls_model("initial-exec")]] =
    nullptr;

struct LiveGuard {
  LiveCounter counter;
  LiveGuard() { live_value = &counter.value; }
  ~LiveGuard() { live_value = nullptr; }
};

void count_live(int64_t amount) {
  if (!live_value) [[unlikely]] {
    static thread_local LiveGuard guard;
    if (!live_value) {  // the thread is ending: its guard is gone
      const std::lock_guard lock(live_counters().mutex);
      live_counters().ended += amount;
      return;
    }
  }
  live_value->store(live_value->load(std::memory_order_relaxed) + amount,
                    std::memory_order_relaxed);
}

}  // namespace

namespace {
constinit thread_local int retaining [[gnu::tls_model("initial-exec")]] = 0;
constinit thread_local int recording [[gnu::tls_model("initial-exec")]] = 0;
constinit thread_local bool quiet [[gnu::tls_model("initial-exec")]] = false;  // no user asks
}  // namespace

RetainScope::RetainScope() { ++retaining; }
RetainScope::~RetainScope() { --retaining; }

RecordingScope::RecordingScope() { ++recording; }
RecordingScope::~RecordingScope() { --recording; }

bool tracing() { return (retaining | recording) != 0; }

PlainScope::PlainScope()
    : retaining_(std::exchange(retaining, 0)), recording_(std::exchange(recording, 0)) {
  quiet = true;
}
PlainScope::~PlainScope() {
  quiet = false;
  retaining = retaining_;
  recording = recording_;
}

NodeRef Node::make(const NodeInit& init) {
  TANDEM_CHECK(init.shape.size() < 256, "rank {}", init.shape.size());
  TANDEM_CHECK(init.inputs.size() < 65536, "{} inputs", init.inputs.size());
  TANDEM_CHECK(init.params.size() < 256, "{} parameters", init.params.size());
  Node* node = new (Slab<Node>::take()) Node;
  count_live(1);
  node->op_ = init.op;
  node->dtype_ = init.dtype;
  node->stream_ = init.stream;
  node->rank_ = static_cast<uint8_t>(init.shape.size());
  node->input_count_ = static_cast<uint16_t>(init.inputs.size());
  node->param_count_ = static_cast<uint8_t>(init.params.size());
  node->immediates_ = init.immediates;
  node->immediate_dtype_ = init.immediate_dtype;
  node->attributes_ = init.attributes;
  if (retaining | recording) [[unlikely]] {
    if (retaining) node->flags_ |= kRetained;
    if (recording) node->flags_ |= kRecorded;
  }
  if (init.shape.size() > kInlineRank || init.inputs.size() > kInlineInputs ||
      init.params.size() > kInlineParams) {
    node->flags_ |= kSpilled;
    node->spill_ = new Spill{Shape(init.shape),
                             {init.inputs.begin(), init.inputs.end()},
                             {init.params.begin(), init.params.end()}};
  } else {
    std::copy(init.shape.begin(), init.shape.end(), node->shape_);
    std::copy(init.inputs.begin(), init.inputs.end(), node->inputs_);
    std::copy(init.params.begin(), init.params.end(), node->params_);
  }
  for (Node* input : init.inputs) {
    if (input) input->retain();
  }
  if (Sites::recording() && !quiet) [[unlikely]] {
    Sites::note(node);
  }
  if (init.op.is(Structured::call)) [[unlikely]] {
    trace_of(*node).retain();
  }
  return NodeRef(node);
}

NodeRef Node::make(Dtype dtype, Dims shape, Ref<Storage> storage) {
  NodeInit init;
  init.op = Structured::leaf;
  init.dtype = dtype;
  init.shape = shape;
  NodeRef node = make(init);
  node->publish(std::move(storage));
  return node;
}

void Node::publish(Ref<Storage> storage) {
  TANDEM_DEBUG_CHECK(!this->storage(), "storage is published once");
  storage_.store(storage.detach(), std::memory_order_release);
}

void Node::expand_into(std::span<const NodeRef> outputs) {
  if (!spilled() && outputs.size() > kInlineInputs) {
    auto* const spill = new Spill{
        Shape(shape()), {inputs_, inputs_ + input_count_}, {params_, params_ + param_count_}};
    spill_ = spill;
    flags_ |= kSpilled;
  }
  drop_inputs([](const NodeRef&) {});
  if (spilled()) spill_->inputs.resize(outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) input_data()[i] = NodeRef(outputs[i]).detach();
  input_count_ = static_cast<uint16_t>(outputs.size());
  flags_ |= kExpanded;
}

NodeRef Node::take_over(uint32_t output) {
  Node* const call = input_data()[0];
  input_data()[0] = std::exchange(call->input_data()[output], nullptr);
  return NodeRef::adopt(call);
}

namespace {
constinit thread_local Node* dying [[gnu::tls_model("initial-exec")]] = nullptr;
constinit thread_local bool destroying [[gnu::tls_model("initial-exec")]] = false;
}  // namespace

// Iterative, so that chains of any length are dropped without recursion. Dying nodes are linked
// through their scratch: no walk can meet them any more, and static objects that hold arrays die
// after what a thread owns.
void Node::destroy(Node* node) {
  node->scratch_.epoch = reinterpret_cast<uint64_t>(dying);
  dying = node;
  if (destroying) return;
  destroying = true;
  int64_t count = 0;
  while (dying) {
    Node* next = dying;
    dying = reinterpret_cast<Node*>(next->scratch_.epoch);
    for (Node* input : next->inputs()) {
      if (input) input->release();  // pushes to `dying` when it was the last reference
    }
    if (Storage* storage = next->storage()) storage->release();
    if (next->spilled()) delete next->spill_;
    if (next->op_.is(Structured::call)) [[unlikely]] {
      trace_of(*next).release();
    }
    Slab<Node>::give(next);
    ++count;
  }
  count_live(-count);
  destroying = false;
}

void end_retention(std::span<const NodeRef> roots, std::vector<NodeRef>& dead) {
  std::vector<Node*> open;
  const auto visit = [&](Node* node) {
    if (!node || !node->retained()) return;
    node->flags_ &= static_cast<uint8_t>(~Node::kRetained);
    open.push_back(node);
  };
  for (const NodeRef& root : roots) visit(root.get());
  // `dead` keeps what is let go of alive, so that no node goes away while it waits to be visited.
  while (!open.empty()) {
    Node* node = open.back();
    open.pop_back();
    for (Node* input : node->inputs()) visit(input);
    if (node->storage())
      node->drop_inputs([&](NodeRef input) { dead.push_back(std::move(input)); });
  }
}

int64_t Node::live_count() {
  LiveCounters& counters = live_counters();
  const std::lock_guard lock(counters.mutex);
  int64_t total = counters.ended;
  for (const LiveCounter* counter : counters.threads) {
    total += counter->value.load(std::memory_order_relaxed);
  }
  return total;
}

}  // namespace tandem::graph
