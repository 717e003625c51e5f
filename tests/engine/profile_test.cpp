// What a profile knows of launches: operations, places, bytes, reasons.
#include "tandem/engine/profile.h"

#include <algorithm>

#include "helpers.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

uint32_t place = 0;  // what the program would tell
uint32_t locate() { return place; }

// Records for the length of a scope.
class Profiled {
 public:
  Profiled() {
    device::Trace::instance().start();
    inspect::start_profile(&locate);
  }
  ~Profiled() { stop(); }
  void stop() {
    if (stopped_) return;
    stopped_ = true;
    notes = inspect::stop_profile();
    events = device::Trace::instance().stop();
    place = 0;
  }

  std::vector<inspect::LaunchNote> notes;
  std::vector<device::TraceEvent> events;

 private:
  bool stopped_ = false;
};

class Profile : public testing::Test {
 protected:
  const ScopedSetting fusion_{"fusion", "on"};
};

TEST_F(Profile, ops_of_a_kernel_and_who_asked_for_them) {
  const array x = ramp({1000}, 0, 1e-3);
  const uint32_t first = graph::Sites::intern("program.py:1");
  const uint32_t second = graph::Sites::intern("program.py:2");
  EXPECT_EQ(graph::Sites::intern("program.py:1"), first);
  Profiled profiled;
  place = first;
  const array y = exp(x);
  place = second;
  array z = y * y;
  eval(z);
  profiled.stop();
  ASSERT_EQ(profiled.notes.size(), 1u);
  const inspect::LaunchNote& note = profiled.notes[0];
  EXPECT_EQ(note.device, kCpu);
  ASSERT_EQ(note.ops.size(), 2u);
  EXPECT_EQ(note.ops[0].name, "exp");
  EXPECT_EQ(note.ops[0].site, "program.py:1");
  EXPECT_EQ(note.ops[0].shape, to_string(x.shape()));
  EXPECT_EQ(note.ops[1].name, "multiply");
  EXPECT_EQ(note.ops[1].site, "program.py:2");
  EXPECT_GT(note.ops[0].cost, note.ops[1].cost);
  EXPECT_EQ(note.read, 4000);
  EXPECT_EQ(note.written, 8000);  // y is held
  EXPECT_TRUE(note.stored.empty());
  EXPECT_NE(note.kernel.find("stage s0 map"), std::string::npos);
  const auto event = std::find_if(profiled.events.begin(), profiled.events.end(),
                                  [](const device::TraceEvent& e) { return e.note == 1; });
  ASSERT_NE(event, profiled.events.end());
  EXPECT_EQ(event->name, note.label);
}

// The reason why the last op reads its input from memory.
std::string reason_of(const std::vector<array>& roots) {
  Profiled profiled;
  eval(roots);
  profiled.stop();
  for (const inspect::LaunchNote& note : profiled.notes) {
    if (!note.stored.empty()) return note.stored[0].reason;
  }
  return {};
}

TEST_F(Profile, reasons) {
  const array x = ramp({64, 32}, 0, 1e-3);
  Profiled building;  // nodes before the start have no place, which is no error
  building.stop();
  EXPECT_EQ(reason_of({exp(exp(x))}), "");
  EXPECT_EQ(reason_of({exp(matmul(x, transpose(x)))}), "matmul is a library call");
  EXPECT_EQ(reason_of({matmul(exp(x), transpose(x))}), "matmul is a library call");
  EXPECT_EQ(reason_of({exp(transpose(exp(x)) + ramp({32, 64}))}),
            "read through transpose: other elements than the one at hand");
  const array on_gpu = exp(x, Device(DeviceType::gpu, 0));
  EXPECT_EQ(reason_of({exp(on_gpu, Device(DeviceType::cpu, 0))}),
            "another stream: each works on its own");
  const ScopedSetting unfused("fusion", "off");
  EXPECT_EQ(reason_of({exp(exp(x))}), "fusion is off");
}

TEST_F(Profile, reductions_have_their_names) {
  const array x = ramp({64, 32}, 0, 1e-3);
  Profiled profiled;
  eval(sum(matmul(x, transpose(x)), std::vector<int64_t>{0}));
  profiled.stop();
  ASSERT_EQ(profiled.notes.size(), 2u);
  EXPECT_EQ(profiled.notes[1].ops[0].name, "sum");
  ASSERT_EQ(profiled.notes[1].stored.size(), 1u);
  EXPECT_EQ(profiled.notes[1].stored[0].name, "matmul");
  EXPECT_EQ(profiled.notes[1].stored[0].reader, "sum");
}

TEST_F(Profile, a_launch_of_the_gpu_has_a_note) {
  const array x = ramp({64, 32}, 0, 1e-3);
  Profiled profiled;
  eval(exp(x, Device(DeviceType::gpu, 0)));
  profiled.stop();
  ASSERT_EQ(profiled.notes.size(), 1u);
  EXPECT_EQ(profiled.notes[0].device, kGpu);
  EXPECT_EQ(std::count_if(profiled.events.begin(), profiled.events.end(),
                          [](const device::TraceEvent& e) { return e.note == 1; }),
            1);
}

TEST_F(Profile, equal_launches_share_a_note_and_places_tell_them_apart) {
  const array x = ramp({100}, 0, 1e-3);
  Profiled profiled;
  place = graph::Sites::intern("program.py:7");
  for (int i = 0; i < 3; ++i) eval(exp(x));
  place = graph::Sites::intern("program.py:8");
  eval(exp(x));
  profiled.stop();
  ASSERT_EQ(profiled.notes.size(), 2u);
  EXPECT_EQ(profiled.notes[1].ops[0].site, "program.py:8");
  EXPECT_EQ(std::count_if(profiled.events.begin(), profiled.events.end(),
                          [](const device::TraceEvent& e) { return e.note == 1; }),
            3);
}

TEST_F(Profile, nothing_is_noted_when_it_is_off) {
  const array x = ramp({100}, 0, 1e-3);
  {
    const Profiled profiled;
  }
  device::Trace::instance().start();
  eval(exp(x));
  for (const device::TraceEvent& event : device::Trace::instance().stop()) {
    EXPECT_EQ(event.note, 0u);
  }
  EXPECT_TRUE(inspect::stop_profile().empty());
  EXPECT_EQ(graph::Sites::of((x + x).node().get()), 0u);
}

}  // namespace
}  // namespace tandem
