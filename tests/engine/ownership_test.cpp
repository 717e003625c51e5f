// Donation, sticky outputs, exports and memory errors.
#include <optional>

#include "helpers.h"
#include "latch_work.h"
#include "tandem/base/settings.h"
#include "tandem/memory/fault.h"

namespace tandem {
namespace {

TEST(Ownership, output_survives_replay) {
  const ScopedSetting verify("verify", "on");  // what a launch writes is NaN before
  const array x = ramp({1000});
  const auto f = [&](double scale) {
    return sum(exp(multiply(x, Scalar(scale)))) + reshape(x, Shape{10, 100});
  };
  const array first = f(-0.5);
  eval(first);
  const auto expected = values<float>(first);
  const auto* view = first.data<float>();
  for (int i = 0; i < 100; ++i) eval(f(-0.5 - 0.01 * i));
  EXPECT_EQ(values<float>(first), expected);
  EXPECT_EQ(std::vector<float>(view, view + 1000), expected);
}

TEST(Ownership, donate_under_async) {
  const ScopedSetting mode("small_mode", "auto");
  const array gradient = ramp({1 << 16}, 1.0, 0.0);
  array p = ramp({1 << 16}, 0.0, 0.0) + array(0.0f);
  eval(p);
  const void* address = p.data();
  inspect::reset_peak_memory();
  const uint64_t before = inspect::memory(kCpu).active;
  const Gain gain;
  for (int i = 0; i < 100; ++i) {
    p = p - gradient * array(0.5f);
    async_eval(std::span(&p, 1));
  }
  EXPECT_EQ(gain.donations(), 100u);
  EXPECT_EQ(p.data(), address);
  EXPECT_LT(inspect::memory(kCpu).peak, before + (1 << 18));
  EXPECT_EQ(values<float>(p)[77], -50.0f);
}

TEST(Ownership, no_donate_when_exported) {
  array p = ramp({1000}) + array(0.0f);
  eval(p);
  const auto* view = p.data<float>();
  Ref<memory::Buffer> owner = p.node()->storage()->buffer;
  owner->exports() += 1;
  const Gain gain;
  p = p + array(1.0f);
  eval(p);
  EXPECT_EQ(gain.donations(), 0u);
  EXPECT_EQ(view[999], 999.0f);
  EXPECT_EQ(values<float>(p)[999], 1000.0f);
  owner->exports() -= 1;
}

TEST(Ownership, a_value_somebody_holds_is_not_donated) {
  const array p = ramp({1000}) + array(0.0f);
  eval(p);
  const array view = slice(p, Shape{10}, Shape{20}, Shape{1});
  array moved = p;
  moved = moved + array(1.0f);
  eval(moved);
  EXPECT_EQ(values<float>(p)[999], 999.0f);
  EXPECT_EQ(values<float>(view)[0], 10.0f);
}

TEST(Ownership, donation_with_several_outputs_keeps_what_is_read_later) {
  for (int round = 0; round < 2; ++round) {
    array x = ramp({4097}) + array(0.0f);
    eval(x);
    array y = x + array(1.0f);
    array z = x * array(2.0f);
    array w = y * z + x;
    x = array(0.0f);
    eval({y, z, w});
    EXPECT_EQ(values<float>(y)[4096], 4097.0f);
    EXPECT_EQ(values<float>(z)[4096], 8192.0f);
    EXPECT_EQ(values<float>(w)[3], 4.0f * 6.0f + 3.0f);
  }
}

// A value that a later part of its own stream will read is let go of: its memory goes to nobody else
// before that part has run.
TEST(Ownership, a_value_dropped_before_its_stream_has_read_it_again) {
  const Stream own = new_stream(kCpu), held = new_stream(kCpu), other = new_stream(kCpu);
  auto latch = std::make_shared<Latch>();
  const array x = ramp({16});
  hold_stream(held, latch);
  std::optional<array> kept = add(x, Scalar(1.0), own);
  const array late = multiply(x, Scalar(3.0), held);
  const array sum = add(*kept, late, own);  // behind `held`
  async_eval(std::vector<array>{*kept, sum});
  eval(*kept);
  kept.reset();
  std::vector<array> others;  // as large as what was let go of
  for (int i = 0; i < 64; ++i) others.push_back(add(x, Scalar(1000.0 + i), other));
  eval(others);
  latch->open();
  for (int64_t i = 0; i < 16; ++i) EXPECT_EQ(values<float>(sum)[static_cast<size_t>(i)], 1 + 4 * i);
}

// Every allocation of a run fails in turn: the eval raises, the graph stays, a retry is right.
TEST(Ownership, oom_is_retryable) {
  const array x = ramp({3000}), m = ramp({30, 100}, 0.0, 0.001);
  const auto build = [&] {
    const array product = matmul(m, transpose(m));
    return std::vector<array>{sum(exp(x * array(-0.01f))) + product, product};
  };
  const auto expected = bytes(build()[0]);
  int failures = 0;
  for (uint64_t n = 1;; ++n) {
    const std::vector<array> pending = build();
    memory::PoolFaults::instance().arm({n, true});
    bool failed = false;
    try {
      eval(pending);
    } catch (const OutOfMemory& error) {
      failed = true;
      EXPECT_NE(std::string(error.what()).find("has no room for"), std::string::npos);
    }
    memory::PoolFaults::instance().disarm();
    EXPECT_EQ(bytes(pending[0]), expected);
    if (!failed) break;
    ++failures;
  }
  EXPECT_GE(failures, 2);
}

TEST(Ownership, a_request_beyond_memory_is_an_error_with_numbers) {
  const array huge = zeros(Shape{int64_t{1} << 45});
  try {
    eval(huge + array(1.0f));
    FAIL();
  } catch (const OutOfMemory& error) {
    EXPECT_NE(std::string(error.what()).find("140737488355328 bytes"), std::string::npos)
        << error.what();
  }
  EXPECT_EQ(values<float>(ones(Shape{3}))[2], 1.0f);
}

}  // namespace
}  // namespace tandem
