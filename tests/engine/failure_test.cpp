// Failures after submission: who hears of them, and who is not touched.
#include <gmock/gmock.h>

#include "faults.h"

namespace tandem {
namespace {

using testing::HasSubstr;

class FailingWork final : public runtime::Work {
 public:
  explicit FailingWork(Ref<memory::Completion> completion) : completion_(std::move(completion)) {}
  void run(device::Queue&) override {
    raise<DeviceError>("brew", "the kettle is empty: got {} cups", 0);
  }
  void fail(std::exception_ptr error) noexcept override { completion_->fail(std::move(error)); }

 private:
  Ref<memory::Completion> completion_;
};

// An array whose producer, work on a CPU stream, will fail.
array failing_array(const Stream& stream) {
  const array a = ramp({1000});
  auto completion = make_ref<memory::Completion>();
  memory::Buffer& buffer = *a.node()->storage()->buffer;
  buffer.set_completion(completion);
  buffer.origin().valid = engine::Engine::instance().scheduler().submit(
      static_cast<uint16_t>(stream.index), Ref<runtime::Work>(new FailingWork(completion)), {},
      runtime::Urgency::asynchronous);
  return a;
}

template <class E>
std::string failure_of(const array& a) {
  try {
    a.data();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was raised";
}

TEST(Failures, a_failed_value_is_not_ready) {
  const array bad = failing_array(new_stream(kCpu));
  EXPECT_THROW(bad.data(), DeviceError);
  EXPECT_EQ(data_if_ready(bad), nullptr);
}

TEST(Failures, poison_every_waiter) {
  const array sound = ramp({1000});
  const array bad = failing_array(new_stream(kCpu));
  const array on_gpu = add(bad, sound, kGpu), on_cpu = multiply(bad, sound, kCpu);
  const array later = subtract(on_gpu, sound, kCpu), unrelated = add(sound, sound, kGpu);
  const std::string text = "[brew] the kettle is empty: got 0 cups";
  for (int round = 0; round < 2; ++round) {  // every wait raises, the first and the second
    EXPECT_EQ(failure_of<DeviceError>(on_gpu), text);
    EXPECT_EQ(failure_of<DeviceError>(on_cpu), text);
    EXPECT_EQ(failure_of<DeviceError>(later), text);
    EXPECT_EQ(failure_of<DeviceError>(bad), text);
    EXPECT_THROW(eval({unrelated, on_gpu}), DeviceError);
  }
  EXPECT_EQ(failure_of<DeviceError>(exp(later, kGpu)), text);
  EXPECT_EQ(values<float>(unrelated)[999], 1998.0f);
  EXPECT_EQ(values<float>(sound)[999], 999.0f);
}

// In one run as well: segments behind the failure fail, those beside it do not.
TEST(Failures, one_plan_with_a_failed_part) {
  const array bad = failing_array(new_stream(kCpu)), sound = ramp({1000});
  const array a = add(bad, sound, new_stream(kCpu));
  const array b = exp(a, kGpu);
  const array c = add(sound, sound, new_stream(kCpu));
  const array roots[] = {a, b, c};
  async_eval(roots);
  EXPECT_THROW(b.eval(), DeviceError);
  EXPECT_THROW(a.eval(), DeviceError);
  EXPECT_EQ(values<float>(c)[1], 2.0f);
}

TEST(Failures, a_failed_launch_reaches_all_who_depend_on_it) {
  const array x = ramp({500});
  eval({add(x, x, kGpu)});  // the copy of x is there
  const array y = exp(multiply(x, Scalar(0.01)), kGpu);
  const array z = add(y, Scalar(1.0), kCpu);
  {
    const ScopedGpuFaults faults("launch:1");
    EXPECT_THROW(eval(z), DeviceError);
  }
  EXPECT_THAT(failure_of<DeviceError>(z), HasSubstr("injected failure: launch 1"));
  EXPECT_THAT(failure_of<DeviceError>(y), HasSubstr("injected failure: launch 1"));
  EXPECT_EQ(values<float>(add(x, Scalar(1.0), kGpu))[499], 500.0f);
}

// What cannot be brought to the GPU is still on the host, and the next reader tries again.
TEST(Failures, a_failed_copy_spoils_no_other_copy) {
  const array x = ramp({500});
  const array y = add(x, Scalar(1.0), kGpu);
  {
    const ScopedGpuFaults faults("copy:1");
    EXPECT_THROW(eval(y), DeviceError);
  }
  EXPECT_THAT(failure_of<DeviceError>(y), HasSubstr("injected failure: copy 1"));
  EXPECT_EQ(values<float>(x)[499], 499.0f);
  EXPECT_EQ(values<float>(add(x, x, kCpu))[499], 998.0f);
  EXPECT_EQ(values<float>(add(x, Scalar(2.0), kGpu))[499], 501.0f);
}

// A reader of the copy in flight fails though somebody has used the host's copy in between.
TEST(Failures, a_failed_copy_fails_late_readers_of_that_copy) {
  const array x = ramp({500});
  gpu_controls().pause();
  const ScopedGpuFaults faults("copy:1");
  array first = add(x, Scalar(1.0), kGpu);
  async_eval(std::span(&first, 1));
  EXPECT_EQ(values<float>(add(x, Scalar(3.0), kCpu))[0], 3.0f);
  array second = add(x, Scalar(2.0), kGpu);
  async_eval(std::span(&second, 1));
  gpu_controls().resume();
  EXPECT_THROW(first.eval(), DeviceError);
  EXPECT_THROW(second.eval(), DeviceError);
}

TEST(Failures, a_failed_copy_to_the_host_is_made_again) {
  const array y = add(ramp({500}), Scalar(1.0), kGpu);
  eval(y);
  {
    const ScopedGpuFaults faults("copy:1");
    EXPECT_THAT(failure_of<DeviceError>(y), HasSubstr("injected failure: copy 1"));
  }
  EXPECT_EQ(y.data<float>()[499], 500.0f);
}

TEST(Failures, an_error_nobody_asked_for_ends_nothing) {
  const Stream stream = new_stream(kGpu);
  const array x = ramp({500});
  {
    const ScopedGpuFaults faults("launch:1");
    array forgotten = exp(x, stream);
    async_eval(std::span(&forgotten, 1));
    EXPECT_THROW(synchronize(stream), DeviceError);  // it surfaces where all is waited for
  }
  synchronize(stream);  // once
  EXPECT_EQ(values<float>(add(x, x, stream))[2], 4.0f);
}

TEST(Failures, a_late_done_word_is_waited_for) {
  const ScopedGpuFaults faults("late:every");
  const array x = ramp({100});
  array y = x;
  for (int i = 0; i < 6; ++i)
    y = add(multiply(y, Scalar(2.0), kGpu), Scalar(1.0), i % 2 ? kCpu : kGpu);
  EXPECT_EQ(values<float>(y)[0], 63.0f);
}

TEST(Failures, device_memory_is_out_and_the_eval_can_be_tried_again) {
  const array x = ramp({100});
  const array huge =
      multiply(broadcast_to(x, Shape{(int64_t{3} << 30) / 100, 100}), Scalar(2.0), kGpu);
  const uint64_t limit = static_cast<uint64_t>(inspect::memory(kGpu).active);
  EXPECT_THROW(eval(huge), OutOfMemory);
  EXPECT_LE(inspect::memory(kGpu).active, limit);  // arenas were given back
  EXPECT_FALSE(huge.evaluated());

  const array y = add(x, Scalar(1.0), kGpu), total = sum(y, Axes(), false, kGpu);
  int failures = 0;
  for (uint64_t n = 1;; ++n) {
    const array z = add(exp(multiply(x, Scalar(0.0), kCpu), kGpu), total, kGpu);
    memory::PoolFaults::instance().arm({n, true});
    bool failed = false;
    try {
      eval(z);
      z.data();
    } catch (const OutOfMemory& error) {
      failed = true;
      EXPECT_THAT(error.what(), HasSubstr("has no room for"));
    }
    memory::PoolFaults::instance().disarm();
    EXPECT_EQ(values<float>(z)[50], 5051.0f);
    if (!failed) break;
    ++failures;
  }
  EXPECT_GE(failures, 3);
}

}  // namespace
}  // namespace tandem
