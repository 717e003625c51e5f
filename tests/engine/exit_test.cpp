// The end of a program with work in flight, and its forks. Each program runs in a process of its
// own.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "helpers.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

class ExitDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer refuses threads after a fork";
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }
};

array products(int count, const StreamOrDevice& where) {
  const array a = ramp({300, 300}, 0.0, 1e-6);
  array x = a;
  for (int i = 0; i < count; ++i) x = matmul(x, a, where);
  return x;
}

[[noreturn]] void leave_work_in_flight(int status) {
  const array roots[] = {products(40, kCpu), products(40, new_stream(kCpu)), products(20, kGpu),
                         add(products(20, kGpu), Scalar(1.0), new_stream(kCpu))};
  async_eval(roots);
  std::exit(status);
}

TEST_F(ExitDeathTest, exit_with_inflight_work) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EXIT(leave_work_in_flight(0), testing::ExitedWithCode(0), "");
  }
  EXPECT_EXIT(leave_work_in_flight(5), testing::ExitedWithCode(5), "");
}

[[noreturn]] void leave_from_another_thread() {
  array x = products(60, new_stream(kCpu));
  async_eval(std::span(&x, 1));
  std::thread([] { std::exit(4); }).join();
  std::abort();
}

TEST_F(ExitDeathTest, any_thread_may_end_the_program) {
  EXPECT_EXIT(leave_from_another_thread(), testing::ExitedWithCode(4), "");
}

[[noreturn]] void leave_work_that_hangs() {
  const ScopedSetting patience("exit_seconds", "0.05");
  backends::simulated::controls(*engine::Engine::instance().devices().get(kGpu).backend).pause();
  const array roots[] = {add(products(2, kGpu), Scalar(1.0), new_stream(kCpu)), products(2, kCpu)};
  async_eval(roots);
  std::exit(3);
}

TEST_F(ExitDeathTest, work_that_hangs_is_left_behind) {
  EXPECT_EXIT(leave_work_that_hangs(), testing::ExitedWithCode(3), "left behind");
}

[[noreturn]] void leave_threads_that_evaluate() {
  for (int i = 0; i < 4; ++i) {
    std::thread([] {
      for (;;) products(3, kCpu).eval();
    }).detach();
  }
  products(10, kCpu).eval();
  std::exit(0);
}

TEST_F(ExitDeathTest, threads_that_go_on_evaluating) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EXIT(leave_threads_that_evaluate(), testing::ExitedWithCode(0), "");
  }
}

// Dies after everything that the program made while it ran.
struct Late {
  std::optional<array> pending, done;
  ~Late() {
    if (!pending) return;
    const bool right = sum(*pending).item<float>() == 4950.0f && done->data<float>()[1] == 2.0f;
    if (!right) _exit(9);
  }
} late;

[[noreturn]] void keep_arrays_in_static_objects() {
  late.pending = exp(ramp({100}, 0.0, 0.0)) * ramp({100});
  late.done = ramp({2}, 1.0);
  late.done->eval();
  std::exit(0);
}

TEST_F(ExitDeathTest, static_objects_may_hold_and_evaluate_arrays) {
  EXPECT_EXIT(keep_arrays_in_static_objects(), testing::ExitedWithCode(0), "");
}

[[noreturn]] void forget_a_failure() {
  backends::simulated::controls(*engine::Engine::instance().devices().get(kGpu).backend)
      .set_faults("launch:1");
  array forgotten = exp(ramp({10}), kGpu);
  async_eval(std::span(&forgotten, 1));
  std::exit(0);
}

// What nobody asked for is not lost: the end of the program tells it.
TEST_F(ExitDeathTest, errors_lost_in_async_work) {
  EXPECT_EXIT(forget_a_failure(), testing::ExitedWithCode(0),
              "nobody asked for its value: .*injected failure: launch 1");
}

// Computes in a child and gives its status.
template <class F>
int status_of_child(F child) {
  const pid_t id = fork();
  if (id == 0) {
    int status = 99;
    try {
      status = child();
    } catch (...) {
    }
    _exit(status);
  }
  int status = 0;
  EXPECT_EQ(waitpid(id, &status, 0), id);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Fork, fork_child_cpu_works) {
  if (kThreadSanitizer) GTEST_SKIP() << "the thread sanitizer refuses threads after a fork";
  const array x = ramp({1000}), on_gpu = add(x, Scalar(1.0), kGpu), pending = x * array(2.0f);
  eval({x, on_gpu});
  array in_flight = products(60, new_stream(kCpu));
  async_eval(std::span(&in_flight, 1));
  const int status = status_of_child([&] {
    if (values<float>(pending)[999] != 1998.0f) return 1;
    if (values<float>(products(3, kCpu)).size() != 90000) return 2;
    if (sum(x * x).item<float>() != sum(ramp({1000}) * ramp({1000})).item<float>()) return 3;
    try {
      eval(exp(x, kGpu));
      return 4;
    } catch (const DeviceError&) {
    }
    array more = products(5, new_stream(kCpu));
    async_eval(std::span(&more, 1));
    more.data();
    return 0;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(values<float>(add(on_gpu, x, kGpu))[1], 3.0f);
  EXPECT_NO_THROW(in_flight.eval());
}

}  // namespace
}  // namespace tandem
