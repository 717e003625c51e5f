// The end of the program: work in flight is waited for, at most settings().exit_seconds, before
// anything that it uses is taken down. What still runs then ends with the process at once.
#pragma once

#include <functional>

namespace tandem::engine {

// Static objects die in the reverse order of their making, and handlers at exit run among them: one
// that is registered now runs before whatever exists now is taken down. Called whenever something
// has just been made that work in flight uses (the thread pool, a library's own state).
void drain_at_exit();

// Notes the end of the calling thread. The main thread's own objects die before any static object:
// work is drained then.
void watch_this_thread();
// True in destructors of static objects, and in those that run late at the end of a thread: what
// evaluation keeps per thread is gone.
bool this_thread_has_ended();
// Runs the function on a thread of its own and waits for it; raises what it raises.
void run_on_fresh_thread(const std::function<void()>& function);

}  // namespace tandem::engine
