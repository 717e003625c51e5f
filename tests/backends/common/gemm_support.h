// Operands of any dtype and any strides for tests of matrix products, and the expected values in
// float64 or wrapped integers.
#pragma once

#include <complex>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "tandem/backends/common/gemm/gemm.h"
#include "tandem/backends/common/gemm/implementation.h"
#include "tandem/base/dtype.h"
#include "tandem/device/launch.h"
#include "tandem/kernel/launch.h"

namespace tandem::backends::common::testing {

using Extents = std::vector<int64_t>;

// How the elements of a matrix lie in memory.
enum class Order { rows, columns, spaced, reversed, sliced };
inline constexpr Order kOrders[] = {Order::rows, Order::columns, Order::spaced, Order::reversed,
                                    Order::sliced};
inline const char* name_of_order(Order order) {
  constexpr const char* kNames[] = {"rows", "columns", "spaced", "reversed", "sliced"};
  return kNames[static_cast<int>(order)];
}

// A batch of matrices [batch.., rows, columns]; a batch axis of stride 0 is broadcast.
class Operand {
 public:
  Operand(Dtype dtype, Extents batch, int64_t rows, int64_t columns, Order order,
          std::vector<bool> broadcast = {})
      : dtype_(dtype), batch_(std::move(batch)), rows_(rows), columns_(columns) {
    int64_t pitch = 0;
    set_matrix_strides(order, pitch);
    strides_.assign(batch_.size(), 0);
    int64_t count = pitch;
    for (size_t axis = batch_.size(); axis-- > 0;) {
      if (axis < broadcast.size() && broadcast[axis]) continue;
      strides_[axis] = count;
      count *= batch_[axis];
    }
    storage_.assign(static_cast<size_t>(count + origin_ + 8) * size_of(dtype), std::byte{0x5a});
  }

  void fill(uint32_t seed) {
    std::mt19937 random(seed);
    const size_t count = storage_.size() / size_of(dtype_);
    std::uniform_real_distribution<float> real(-1.0F, 1.0F);
    visit(dtype_, [&](auto tag) {
      using S = typename decltype(tag)::type;
      for (size_t i = 0; i < count; ++i) {
        S value;
        if constexpr (std::is_integral_v<S>) {
          value = static_cast<S>(uint64_t{random()} << 32 | random());
        } else if constexpr (std::is_same_v<S, std::complex<float>>) {
          value = {real(random), real(random)};
        } else {
          value = S(real(random));
        }
        std::memcpy(storage_.data() + i * sizeof(S), &value, sizeof(S));
      }
    });
  }

  int64_t offset(int64_t batch, int64_t i, int64_t j) const {
    int64_t result = origin_ + i * row_ + j * column_;
    for (size_t axis = batch_.size(); axis-- > 0; batch /= batch_[axis]) {
      if (batch_[axis] == 0) return origin_;
      result += batch % batch_[axis] * strides_[axis];
    }
    return result;
  }

  std::byte* address(int64_t batch, int64_t i, int64_t j) {
    return storage_.data() + offset(batch, i, j) * static_cast<int64_t>(size_of(dtype_));
  }

  // The element as a float64 pair, exact but for 64-bit integers.
  std::complex<double> value(int64_t batch, int64_t i, int64_t j) const {
    return visit(dtype_, [&](auto tag) -> std::complex<double> {
      using S = typename decltype(tag)::type;
      const S element = read<S>(batch, i, j);
      if constexpr (std::is_same_v<S, std::complex<float>>) {
        return {element.real(), element.imag()};
      } else if constexpr (std::is_same_v<S, float16_t> || std::is_same_v<S, bfloat16_t>) {
        return static_cast<double>(static_cast<float>(element));
      } else {
        return static_cast<double>(element);
      }
    });
  }

  // The bits of an integer element, sign-extended.
  uint64_t integer(int64_t batch, int64_t i, int64_t j) const {
    return visit(dtype_, [&](auto tag) -> uint64_t {
      using S = typename decltype(tag)::type;
      if constexpr (std::is_integral_v<S>) return static_cast<uint64_t>(read<S>(batch, i, j));
      return 0;
    });
  }

  void set(int64_t i, int64_t j, float value) {
    visit(dtype_, [&](auto tag) {
      using S = typename decltype(tag)::type;
      const S element = S(value);
      std::memcpy(address(0, i, j), &element, sizeof(S));
    });
  }

  // Over the batch axes, m, n, k; `axes` says which of the last three are rows and columns.
  Extents launch_strides(int row_axis, int column_axis) const {
    Extents result = strides_;
    result.resize(batch_.size() + 3, 0);
    result[batch_.size() + static_cast<size_t>(row_axis)] = row_;
    result[batch_.size() + static_cast<size_t>(column_axis)] = column_;
    return result;
  }

  const std::vector<std::byte>& bytes() const { return storage_; }
  Dtype dtype() const { return dtype_; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }

 private:
  template <class S>
  S read(int64_t batch, int64_t i, int64_t j) const {
    S element;
    std::memcpy(&element, storage_.data() + offset(batch, i, j) * static_cast<int64_t>(sizeof(S)),
                sizeof(S));
    return element;
  }

  void set_matrix_strides(Order order, int64_t& pitch) {
    pitch = rows_ * columns_;
    row_ = columns_;
    column_ = 1;
    if (order == Order::columns) {
      row_ = 1;
      column_ = rows_;
    } else if (order == Order::spaced) {
      column_ = 3;
      row_ = 3 * columns_;
      pitch *= 3;
    } else if (order == Order::reversed) {
      row_ = -columns_;
      column_ = -1;
      origin_ = std::max<int64_t>(pitch - 1, 0);
    } else if (order == Order::sliced) {
      row_ = columns_ + 5;
      pitch = rows_ * row_;
      origin_ = 3;
    }
  }

  Dtype dtype_;
  Extents batch_;
  int64_t rows_;
  int64_t columns_;
  int64_t row_ = 0;
  int64_t column_ = 0;
  int64_t origin_ = 0;
  Extents strides_;
  std::vector<std::byte> storage_;
};

// Buffers, extents and parameters of one launch over operands that outlive it.
class Launch {
 public:
  Launch(const Extents& batch, Operand* c, Operand& a, Operand& b, Operand& out, float alpha = 1,
         float beta = 1) {
    extents_ = batch;
    extents_.insert(extents_.end(), {a.rows(), b.columns(), a.columns()});
    if (c != nullptr) {
      add(*c, 0, 1);
      params_ = {std::bit_cast<uint32_t>(alpha), std::bit_cast<uint32_t>(beta)};
    }
    add(a, 0, 2);
    add(b, 2, 1);
    add(out, 0, 1);
    for (size_t i = 0; i < buffers_.size(); ++i) buffers_[i].strides = strides_[i].data();
    buffers_.back().written = true;
  }

  device::LaunchArguments arguments() const { return {extents_, buffers_, params_}; }

  kernel::LibraryCall call(Dtype dtype) const {
    return {params_.empty() ? "matmul" : "addmm", std::vector<Dtype>(buffers_.size(), dtype),
            static_cast<uint8_t>(extents_.size())};
  }

  Problem problem(Dtype dtype) const { return make_problem(dtype, !params_.empty(), arguments()); }

 private:
  void add(Operand& operand, int row_axis, int column_axis) {
    strides_.push_back(operand.launch_strides(row_axis, column_axis));
    device::BufferArgument buffer;
    buffer.data = operand.address(0, 0, 0);
    buffers_.push_back(buffer);
  }

  Extents extents_;
  std::vector<Extents> strides_;
  std::vector<device::BufferArgument> buffers_;
  std::vector<uint64_t> params_;
};

}  // namespace tandem::backends::common::testing
