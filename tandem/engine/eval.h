// Evaluation as users call it.
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string>

#include "tandem/graph/array.h"

namespace tandem {

// Computes the arrays and waits for them. Raises what a computation raised.
void eval(std::span<const array> arrays);
// The same for a caller who holds a lock that others want: `before_long` is called, once, where it
// turns out to be more than about 20 us of work for the calling thread. The lock may be taken again
// when eval returns or raises, not before.
void eval(std::span<const array> arrays, const std::function<void()>& before_long);
inline void eval(std::initializer_list<array> arrays) {
  eval(std::span<const array>(arrays.begin(), arrays.size()));
}
inline void eval(const array& a) { eval(std::span<const array>(&a, 1)); }
// Whether the elements of an evaluated array are in host memory, so that nobody needs to be waited
// for.
bool on_host(const array& a);
// The first element of an evaluated array in host memory, as array::data gives it; null where
// anybody would have to be waited for, and for a value whose computation failed.
const void* data_if_ready(const array& a);
// Plans and queues the computation; never waits for queued work.
void async_eval(std::span<const array> arrays);
inline void async_eval(const array& a) { async_eval(std::span<const array>(&a, 1)); }

// Waits for the work of every stream. Raises nothing: failures stay with the arrays they belong to.
void synchronize_all();

// Waits for all work in flight, at most settings().exit_seconds; false when some is left behind. The
// end of a program does this by itself.
bool drain();

// Lets go of the owners of foreign memory (array::from_foreign) that nobody uses any more, on the
// calling thread, and returns how many. They wait for this call since some may only die on threads
// of their own world.
size_t release_foreign_owners();

// Called every 20 ms while a thread waits and between pieces of work it runs itself; returning true
// abandons the wait with an Interrupted error. No work is lost: the arrays can be evaluated again.
void set_interrupt_check(std::function<bool()> check);
class Interrupted : public Error {
 public:
  using Error::Error;
};

}  // namespace tandem
