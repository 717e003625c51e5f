// Every wait and every copy of a plan is needed: each is left out in turn from small programs over
// CPU and GPU streams, and the race checker, poison or a wrong value must report it. A wait that
// another order implies is counted apart, with the reason worked out from the submissions
// themselves.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "helpers.h"
#include "latch_work.h"
#include "random_program.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

using backends::simulated::RaceChecker;
using engine::Submission;

backends::simulated::SimulatedControls& controls_of(int gpu) {
  return backends::simulated::controls(
      *engine::Engine::instance().devices().get({DeviceType::gpu, gpu}).backend);
}

// Where a program runs. `start` is called when its inputs are there; what follows is submitted
// while no stream makes progress, so that no order comes about by luck.
struct Places {
  Stream cpu, cpu2, gpu, gpu2, other_gpu;
  std::function<void()> start;
};
struct Program {
  const char* name;
  std::vector<array> (*build)(const Places& at, const array& x, const array& w);
};

array run_async(array a) {
  async_eval(std::span(&a, 1));
  return a;
}

const Program kPrograms[] = {
    {"cpu to gpu",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       return std::vector{multiply(add(x, w, at.cpu), x, at.gpu)};
     }},
    {"gpu to cpu",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       return std::vector{multiply(add(x, w, at.gpu), x, at.cpu)};
     }},
    {"two streams of one gpu",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       return std::vector{multiply(add(x, w, at.gpu), x, at.gpu2)};
     }},
    {"gpu to gpu",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       return std::vector{multiply(add(x, w, at.gpu), x, at.other_gpu)};
     }},
    {"two streams of the cpu",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       return std::vector{multiply(add(x, w, at.cpu), x, at.cpu2)};
     }},
    {"diamond",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       const array a = add(x, w, at.cpu);
       const array b = multiply(a, x, at.gpu), c = subtract(a, x, at.cpu2);
       return std::vector{add(b, c, at.cpu)};
     }},
    {"ping-pong",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       array y = x;
       for (int i = 0; i < 3; ++i) y = add(multiply(y, w, at.gpu), x, at.cpu);
       return std::vector{y};
     }},
    {"evals one after the other",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       const array a = run_async(add(x, w, at.cpu));
       const array b = run_async(multiply(a, x, at.gpu));
       const array c = run_async(subtract(b, a, at.cpu2));
       return std::vector{c, b};
     }},
    {"an input replaced while the gpu reads it",
     [](const Places& at, const array& x, const array& w) {
       array p = multiply(x, w, at.cpu);
       eval(p);
       at.start();
       const array reader = run_async(exp(p, at.gpu));
       p = run_async(subtract(p, w, at.cpu));  // in place
       return std::vector{p, reader};
     }},
    {"an input replaced while another stream of the gpu reads it",
     [](const Places& at, const array& x, const array& w) {
       array p = multiply(x, w, at.gpu);
       eval(p);
       at.start();
       const array reader = run_async(exp(p, at.gpu2));
       p = run_async(subtract(p, Scalar(1.0), at.gpu));
       return std::vector{p, reader};
     }},
    {"products and reductions",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       const array product = matmul(x, transpose(w), at.gpu);
       const array mean_of = mean(product, std::vector<int64_t>{0}, true, at.cpu);
       return std::vector{
           add(sum(multiply(product, product, at.gpu2), Axes(), false, at.gpu2), mean_of, at.cpu2)};
     }},
    {"values inside of a run",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       const array a = matmul(add(x, w, at.gpu), transpose(x), at.gpu);
       return std::vector{
           add(matmul(exp(multiply(a, Scalar(1e-3), at.gpu), at.gpu), a, at.gpu), a, at.cpu)};
     }},
    {"memory of a dead value used again",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       array result = w;
       for (int i = 0; i < 3; ++i) {
         const array passing = run_async(add(x, Scalar(static_cast<double>(i)), at.gpu));
         result = run_async(add(result, passing, at.gpu2));
       }
       return std::vector{result};
     }},
    {"one input read by all",
     [](const Places& at, const array& x, const array& w) {
       at.start();
       const array a = add(x, w, at.gpu), b = add(x, w, at.other_gpu), c = add(x, w, at.cpu);
       return std::vector{add(multiply(a, b, at.other_gpu), c, at.gpu)};
     }},
};

// Follows the submissions of one run: what is ordered behind what, and whether conflicting accesses
// are.
class Follower {
 public:
  explicit Follower(uint64_t drop) : drop_(drop) {}

  void see(Submission& submission) {
    publish_done();
    for (size_t i = 0; i < submission.waits.size(); ++i) {
      if (++waits_ != drop_) continue;
      dropped_ = submission.waits[i];
      describe(submission);
      submission.waits.erase(submission.waits.begin() + static_cast<std::ptrdiff_t>(i));
      reason_ = redundant(submission);
      break;
    }
    auto& before = order_[submission.stream];
    for (const device::Point wait : submission.waits) {
      checker_.ordered_after(submission.stream, wait);
      before.insert(key(wait));
      const auto behind = known_.find(key(wait));
      if (behind != known_.end()) before.insert(behind->second.begin(), behind->second.end());
    }
    std::vector<backends::simulated::AccessRange> ranges;
    for (const auto& access : submission.accesses) {
      if (access.bytes > 0) ranges.push_back({access.begin, access.bytes, access.written});
    }
    const std::string race = checker_.operation(submission.stream, "work", ranges);
    if (race_.empty()) race_ = race;
    checker_.finish(submission.stream, submission.point.sequence());
    before.insert(key(submission.point));
    known_[key(submission.point)] = before;
    open_.push_back(submission.point);
  }

  uint64_t waits() const { return waits_; }
  bool has_dropped() const { return !dropped_.never_waits(); }
  const std::string& race() const { return race_; }
  const std::string& reason() const { return reason_; }
  const std::string& what() const { return what_; }

 private:
  static uint64_t key(device::Point point) {
    return uint64_t{point.stream()} << 48 | point.sequence();
  }

  // Work that is done comes before everything that follows.
  void publish_done() {
    const device::Timeline& timeline = engine::Engine::instance().scheduler().timeline();
    std::erase_if(open_, [&](device::Point point) {
      if (!timeline.reached(point)) return false;
      checker_.publish(point);
      return true;
    });
  }

  void describe(const Submission& submission) {
    what_ = fmt::format("wait {} of the run: stream {} for piece {} of stream {}", waits_,
                        submission.stream, dropped_.sequence(), dropped_.stream());
  }

  std::string redundant(const Submission& submission) const {
    if (dropped_.never_waits() ||
        engine::Engine::instance().scheduler().timeline().reached(dropped_)) {
      return "already reached";
    }
    if (dropped_.stream() == submission.stream) return "same stream";
    const auto earlier = order_.find(submission.stream);
    if (earlier != order_.end() && covers(earlier->second))
      return "earlier work of the stream waits for it";
    for (const device::Point wait : submission.waits) {
      const auto behind = known_.find(key(wait));
      const bool later =
          wait.stream() == dropped_.stream() && wait.sequence() >= dropped_.sequence();
      if (later || (behind != known_.end() && covers(behind->second)))
        return "another wait implies it";
    }
    return {};
  }

  // A later piece of the dropped wait's stream implies it too.
  bool covers(const std::set<uint64_t>& points) const {
    const auto at = points.lower_bound(key(dropped_));
    return at != points.end() && *at >> 48 == dropped_.stream();
  }

  uint64_t drop_;  // which wait, counted from 1; 0 for none
  uint64_t waits_ = 0;
  device::Point dropped_;
  RaceChecker checker_;
  std::map<uint16_t, std::set<uint64_t>> order_;  // per stream: points its next work comes after
  std::map<uint64_t, std::set<uint64_t>> known_;  // per submission: points it comes after
  std::vector<device::Point> open_;
  std::string race_, reason_, what_;
};

struct Verdict {
  bool wrong = false;       // a value differs
  bool raised = false;      // a wait raised
  uint64_t complaints = 0;  // races and reads of unwritten memory that the GPUs saw
};

uint64_t complaints() {
  uint64_t sum = 0;
  for (int gpu = 0; gpu < 2; ++gpu) {
    const auto counters = controls_of(gpu).counters();
    sum += counters.races + counters.unwritten_reads;
  }
  return sum;
}

class Mutations : public testing::Test {
 protected:
  Mutations()
      : cpu_{new_stream(kCpu)},
        cpu2_{new_stream(kCpu)},
        gpu_{new_stream(kGpu)},
        gpu2_{new_stream(kGpu)},
        other_gpu_{new_stream({DeviceType::gpu, 1})} {}
  ~Mutations() override { engine::Engine::instance().set_observer({}); }

  // Runs the program with all streams held while it is submitted, and compares with the same on one
  // stream.
  Verdict run(
      const Program& program, uint64_t seed, Follower* follower,
      const std::function<void()>& sabotage = [] {}) {
    const array x = input(seed), w = input(seed + 1000);
    const Stream one = default_stream(kCpu);
    const std::vector<array> expected = program.build({one, one, one, one, one, [] {}}, x, w);
    eval(expected);
    std::vector<std::vector<std::byte>> wanted;
    for (const array& value : expected) wanted.push_back(comparable(value));

    auto latch = std::make_shared<Latch>();
    const auto hold = [&] {
      for (const Stream& stream : {cpu_, cpu2_}) hold_stream(stream, latch);
      controls_of(0).pause();
      sabotage();
      if (follower) {
        engine::Engine::instance().set_observer([follower](Submission& s) { follower->see(s); });
      }
    };
    const uint64_t before = complaints();
    const array fresh_x = input(seed), fresh_w = input(seed + 1000);
    const std::vector<array> found =
        program.build({cpu_, cpu2_, gpu_, gpu2_, other_gpu_, hold}, fresh_x, fresh_w);
    async_eval(found);
    engine::Engine::instance().set_observer({});
    latch->open();
    controls_of(0).resume();
    Verdict verdict;
    for (size_t i = 0; i < found.size(); ++i) {
      try {
        verdict.wrong = verdict.wrong || comparable(found[i]) != wanted[i];
      } catch (const Error&) {
        verdict.raised = true;
      }
    }
    for (const Stream& stream : {cpu_, cpu2_, gpu_, gpu2_, other_gpu_}) {
      try {
        synchronize(stream);
      } catch (const Error&) {
        verdict.raised = true;
      }
    }
    verdict.complaints = complaints() - before;
    return verdict;
  }

 private:
  static array input(uint64_t seed) {
    return ramp({24, 24}, 1.0 + static_cast<double>(seed % 97) / 8, 1.0 / 512);
  }

  Stream cpu_, cpu2_, gpu_, gpu2_, other_gpu_;
};

TEST_F(Mutations, the_programs_are_sound) {
  for (const Program& program : kPrograms) {
    for (uint64_t seed = 0; seed < 4; ++seed) {
      Follower follower(0);
      const Verdict verdict = run(program, seed, &follower);
      EXPECT_EQ(follower.race(), "") << program.name;
      EXPECT_FALSE(verdict.wrong || verdict.raised) << program.name;
      EXPECT_EQ(verdict.complaints, 0u) << program.name;
    }
  }
}

#if defined(__SANITIZE_THREAD__)
constexpr bool kRacesAreReported = true;  // the races made here on purpose would end the program
#else
constexpr bool kRacesAreReported = false;
#endif

TEST_F(Mutations, dropping_any_wait_is_noticed) {
  if (kRacesAreReported) GTEST_SKIP() << "waits are left out on purpose";
  uint64_t noticed = 0;
  std::map<std::string, uint64_t> implied;
  for (const Program& program : kPrograms) {
    for (uint64_t k = 1;; ++k) {
      Follower follower(k);
      const Verdict verdict = run(program, k, &follower);
      if (follower.waits() < k) break;
      if (!follower.reason().empty()) {
        ++implied[follower.reason()];
        EXPECT_EQ(follower.race(), "")
            << program.name << ", " << follower.what() << ": " << follower.reason();
        EXPECT_FALSE(verdict.wrong || verdict.raised) << program.name << ", " << follower.what();
        continue;
      }
      const bool reported =
          !follower.race().empty() || verdict.wrong || verdict.raised || verdict.complaints > 0;
      EXPECT_TRUE(reported) << program.name << ": nothing notices that " << follower.what()
                            << " is left out";
      noticed += reported;
    }
  }
  std::printf("%llu waits left out one at a time and noticed\n",
              static_cast<unsigned long long>(noticed));
  for (const auto& [reason, count] : implied) {
    std::printf("%llu waits implied: %s\n", static_cast<unsigned long long>(count), reason.c_str());
  }
  EXPECT_GE(noticed, 3 * std::size(kPrograms));
}

// What depends on a value without reading it comes behind it all the same. The value's work is
// shown to the race checker as if it wrote a token that the reader's reads.
TEST_F(Mutations, what_depends_on_another_stream_comes_behind_it) {
  const Stream gpu2 = new_stream(kGpu), cpu = new_stream(kCpu), cpu2 = new_stream(kCpu);
  const std::pair<Stream, Stream> kPairs[] = {{cpu, cpu2}, {cpu, gpu2}, {gpu2, cpu}};
  static const std::byte token{};
  for (const auto& [from, to] : kPairs) {
    // A reader, a published value, a view of it, and a value that an earlier run makes.
    for (int form = 0; form < 4; ++form) {
      const array x = ramp({24, 24}), w = multiply(x, x, to);
      eval(w);
      Follower follower(0);
      auto latch = std::make_shared<Latch>();
      for (const Stream& stream : {cpu, cpu2}) hold_stream(stream, latch);
      controls_of(0).pause();
      int readers = 0;
      engine::Engine::instance().set_observer([&, from = from, to = to](Submission& s) {
        if (s.stream == from.index) s.accesses.push_back({&token, 1, true});
        if (s.stream == to.index) s.accesses.push_back({&token, 1, false});
        readers += s.stream == to.index;
        follower.see(s);
      });
      const array side = exp(x, from);
      if (form == 3) async_eval(std::span(&side, 1));
      const array behind = depends(std::array{w}, std::array{side})[0];
      const array result = form == 1   ? behind
                           : form == 2 ? transpose(behind, std::nullopt, to)
                                       : add(reshape(behind, Shape{-1}, to), Scalar(1.0), to);
      async_eval(std::span(&result, 1));
      engine::Engine::instance().set_observer({});
      latch->open();
      controls_of(0).resume();
      EXPECT_EQ(follower.race(), "") << "form " << form;
      EXPECT_EQ(readers, 1);
      EXPECT_TRUE(side.evaluated());
      EXPECT_EQ(values<float>(result)[0], form == 0 || form == 3 ? 1.0f : 0.0f);
    }
  }
}

TEST_F(Mutations, dropping_any_copy_is_noticed) {
  // Run in pieces, a plan may copy to a host block that still holds the same bytes.
  const ScopedSetting mode("small_mode", "auto");
  uint64_t noticed = 0;
  for (const Program& program : kPrograms) {
    for (int gpu = 0; gpu < 2; ++gpu) {
      for (uint64_t k = 1;; ++k) {
        const uint64_t before = controls_of(gpu).counters().dropped;
        const Verdict verdict = run(program, 31 * k + static_cast<uint64_t>(gpu), nullptr,
                                    [=] { controls_of(gpu).drop_copy(k); });
        controls_of(gpu).drop_copy(0);
        if (controls_of(gpu).counters().dropped == before) break;
        const bool reported = verdict.wrong || verdict.raised || verdict.complaints > 0;
        EXPECT_TRUE(reported) << program.name << ": nothing notices that copy " << k << " of GPU "
                              << gpu << " is left out";
        noticed += reported;
      }
    }
  }
  std::printf("%llu copies left out one at a time and noticed\n",
              static_cast<unsigned long long>(noticed));
  EXPECT_GE(noticed, std::size(kPrograms));
}

// The first wait between queues of a GPU, left out by the device itself: a kernel does not wait for
// its input.
// What was awaited may happen to be done, and seen to be done, before the work behind is submitted: then nothing
// is amiss. Whether it is depends on the machine's load, so a program gets several schedules.
TEST_F(Mutations, dropping_the_first_wait_of_a_queue_is_noticed) {
  constexpr uint64_t kFirstSeed = 17, kSeeds = 40;
  uint64_t noticed = 0;
  for (const Program& program : kPrograms) {
    bool dropped = false, reported = false;
    for (uint64_t seed = kFirstSeed; !reported && seed < kFirstSeed + kSeeds; ++seed) {
      const uint64_t before = controls_of(0).counters().dropped;
      const Verdict verdict = run(program, seed, nullptr, [] { controls_of(0).drop_wait(1); });
      controls_of(0).drop_wait(0);
      if (controls_of(0).counters().dropped == before) continue;  // none: all is on one queue
      dropped = true;
      reported = verdict.wrong || verdict.raised || verdict.complaints > 0;
    }
    EXPECT_TRUE(reported || !dropped) << program.name;
    noticed += reported;
  }
  EXPECT_GE(noticed, 6u);
}

}  // namespace
}  // namespace tandem
