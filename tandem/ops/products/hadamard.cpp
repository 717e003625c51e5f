#include "tandem/ops/products/hadamard.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>
#include <vector>

#include "tandem/ops/elementwise.h"
#include "tandem/ops/products/matmul.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

constexpr int64_t kMostRows = 64;  // of one matrix: longer rows take several products

array square_of(const std::vector<float>& signs, int64_t n) {
  return array(signs.data(), Shape{n, n}, Dtype::float32);
}

// Sylvester's matrix: the sign of element (i, j) is the parity of the bits that i and j share.
array sylvester(int64_t n) {
  std::vector<float> signs;
  for (uint64_t i = 0; i < static_cast<uint64_t>(n); ++i) {
    for (uint64_t j = 0; j < static_cast<uint64_t>(n); ++j) {
      signs.push_back(std::popcount(i & j) % 2 == 0 ? 1.0f : -1.0f);
    }
  }
  return square_of(signs, n);
}

// Paley's second construction over the 5 residues: blocks of two rows.
array paley_12() {
  constexpr int kQuadratic[] = {0, 1, -1, -1, 1};  // residue character modulo 5
  std::vector<float> signs;
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < 12; ++j) {
      const int row = i / 2, column = j / 2;
      const bool odd = i % 2 == 1, last = odd && j % 2 == 1;
      int sign = last ? -1 : 1;  // the block [[1, 1], [1, -1]]
      if (row == column) {
        sign = i % 2 == 0 && j % 2 == 0 ? 1 : -1;
      } else if (row > 0 && column > 0) {
        sign *= kQuadratic[(column - row + 5) % 5];
      }
      signs.push_back(static_cast<float>(sign));
    }
  }
  return square_of(signs, 12);
}

// Williamson's construction: 4 x 4 circulant blocks, given by their first rows.
array williamson(const std::string_view (&blocks)[4][4], int64_t side) {
  std::vector<float> signs;
  for (int64_t i = 0; i < 4 * side; ++i) {
    for (int64_t j = 0; j < 4 * side; ++j) {
      const std::string_view first = blocks[i / side][j / side];
      const auto place = static_cast<size_t>((j % side - i % side + side) % side);
      signs.push_back(first[place] == '+' ? 1.0f : -1.0f);
    }
  }
  return square_of(signs, 4 * side);
}

constexpr std::string_view kBlocks20[4][4] = {{"+----", "-++++", "--++-", "-+--+"},
                                              {"+----", "+----", "+-++-", "--++-"},
                                              {"++--+", "-+--+", "+----", "+----"},
                                              {"+-++-", "++--+", "-++++", "+----"}};
constexpr std::string_view kBlocks28[4][4] = {{"+------", "--++++-", "-+-++-+", "-++--++"},
                                              {"++----+", "+------", "+--++--", "-+-++-+"},
                                              {"+-+--+-", "-++--++", "+------", "++----+"},
                                              {"+--++--", "+-+--+-", "--++++-", "+------"}};

array odd_matrix(int64_t m) {
  if (m == 12) return paley_12();
  return m == 20 ? williamson(kBlocks20, 5) : williamson(kBlocks28, 7);
}

// Axis -2 of [.., n, inner] times a matrix of n rows.
array apply_matrix(const array& a, const array& matrix, int64_t inner, const StreamOrDevice& s) {
  const int64_t n = matrix.shape(0);
  if (inner == 1) return matmul(reshape(a, Shape{a.size() / n, n}, s), matrix, s);
  const array rows = reshape(a, Shape{a.size() / (n * inner), n, inner}, s);
  return matmul(swapaxes(matrix, 0, 1, s), rows, s);
}

}  // namespace

array hadamard_transform(const array& a, std::optional<double> scale, StreamOrDevice s) {
  constexpr std::string_view kOp = "hadamard_transform";
  TANDEM_USER(a.size() > 0, ArgumentError, kOp, "expects elements: got shape {}",
              to_string(a.shape()));
  TANDEM_USER(!is_complex(a.dtype()) && a.dtype() != Dtype::float64, DTypeError, kOp,
              "expects real numbers of at most 32 bits: got {}", name_of(a.dtype()));
  const int64_t n = a.ndim() == 0 ? 1 : a.shape(-1);
  int64_t m = 1;
  for (const int64_t odd : {12, 20, 28}) {
    if (n % odd == 0 && std::has_single_bit(static_cast<uint64_t>(n / odd))) m = odd;
  }
  TANDEM_USER(std::has_single_bit(static_cast<uint64_t>(n / m)), ArgumentError, kOp,
              "expects m * 2^k elements in a row, m being 1, 12, 20 or 28: got {}", n);
  array result = astype(a, Dtype::float32, s);
  int64_t inner = 1;
  for (int64_t left = n / m; left > 1;) {
    const int64_t rows = std::min(left, kMostRows);
    result = apply_matrix(result, sylvester(rows), inner, s);
    inner *= rows;
    left /= rows;
  }
  if (m > 1) result = apply_matrix(result, odd_matrix(m), inner, s);
  result = multiply(reshape(result, a.shape(), s),
                    Scalar(scale.value_or(1 / std::sqrt(static_cast<double>(n)))), s);
  return is_floating(a.dtype()) ? astype(result, a.dtype(), s) : result;
}

}  // namespace tandem
