// One launch of "scatter": its axes as scatter.h names them, strides in elements.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tandem::backends::common {

struct ScatterProblem {
  int64_t p, n, m, q;
  const std::byte* index;
  bool wide;  // the index is int64, else int32
  const std::byte* updates;
  std::byte* out;
  int64_t index_p, index_m, index_q;
  int64_t updates_p, updates_m, updates_q;

  // All columns of an update go to one row; else every element has an index of its own.
  bool whole_rows() const { return index_q == 0; }
  // Indices of one slice along P; number i is of update i, or of update i / q and column i % q.
  int64_t index_count() const { return whole_rows() ? m : m * q; }

  template <class T>
  const T* update(int64_t at_p, int64_t at_m, int64_t at_q) const {
    return reinterpret_cast<const T*>(updates) + at_p * updates_p + at_m * updates_m +
           at_q * updates_q;
  }
  template <class T>
  T* row(int64_t at_p, int64_t at_n) const {
    return reinterpret_cast<T*>(out) + (at_p * n + at_n) * q;
  }
  template <class I>
  const I* indices(int64_t at_p, int64_t at_m, int64_t at_q) const {
    return reinterpret_cast<const I*>(index) + at_p * index_p + at_m * index_m + at_q * index_q;
  }
  template <class I>
  const I* index_number(int64_t at_p, int64_t i) const {
    return whole_rows() ? indices<I>(at_p, i, 0) : indices<I>(at_p, i / q, i % q);
  }
  // Number i + 1 stands behind number i.
  bool index_is_dense() const {
    return whole_rows() ? index_m == 1 : (index_q == 1 && index_m == q) || (q == 1 && index_m == 1);
  }

  // Calls f with a value of the type of the index.
  template <class F>
  void with_index(F&& f) const {
    if (wide) {
      f(int64_t{});
    } else {
      f(int32_t{});
    }
  }

  // The row that an index names, or -1.
  int64_t wrapped(int64_t at) const {
    if (at < 0) at += n;
    return at >= 0 && at < n ? at : -1;
  }
};

}  // namespace tandem::backends::common
