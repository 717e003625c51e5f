#include "tandem/engine/exit.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/log.h"
#include "tandem/base/settings.h"
#include "tandem/engine/engine.h"

namespace tandem::engine {
namespace {

void end(int status, void*) {
  backends::common::begin_ending();
  if (Engine::instance().drain()) return;
  log_warning("the program ends with work still running after {} s: it is left behind",
              settings().exit_seconds);
  std::fflush(nullptr);
  _exit(status);
}

bool on_main_thread() { return getpid() == static_cast<pid_t>(syscall(SYS_gettid)); }

constinit thread_local bool ended = false;

struct EndOfThread {
  const bool main = on_main_thread();
  ~EndOfThread() {
    ended = true;
    if (!main) return;
    backends::common::begin_ending();
    static_cast<void>(Engine::instance().drain());
  }
};

}  // namespace

void drain_at_exit() { ::on_exit(end, nullptr); }

bool this_thread_has_ended() { return ended; }

void run_on_fresh_thread(const std::function<void()>& function) {
  std::exception_ptr error;
  std::thread([&] {
    try {
      function();
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error) std::rethrow_exception(error);
}

void watch_this_thread() {
  static thread_local const EndOfThread guard;
  static_cast<void>(guard);
}

}  // namespace tandem::engine
