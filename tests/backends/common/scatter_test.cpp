// The scatter library: every path and layout against a loop, and the same bits on any number of
// threads.
#include "tandem/backends/common/scatter/scatter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tandem/backends/common/scatter/combine.h"
#include "tandem/backends/common/scatter/select_rows.h"
#include "tandem/backends/common/thread_pool.h"
#include "tandem/base/settings.h"
#include "tandem/base/shape.h"
#include "tandem/op_table/update.h"

namespace tandem::backends::common {
namespace {

using op_table::Update;

struct Case {
  int64_t p, n, m, q;
  bool index_per_p, index_per_q;
  bool in_place;
  bool hot = false;   // half of the updates go to one row
  bool wide = false;  // int64 indices
};

class Scattering {
 public:
  Scattering(const Case& sizes, Update how) : sizes_(sizes), how_(how) {
    std::mt19937 random(static_cast<unsigned>(sizes.m * 31 + sizes.q));
    const auto& [p, n, m, q, per_p, per_q, in_place, hot, wide] = sizes;
    index_shape_ = {per_p ? p : 1, m, per_q ? q : 1};
    for (int64_t i = 0; i < index_shape_[0] * m * index_shape_[2]; ++i) {
      const bool here = hot && random() % 2 == 0;
      index_.push_back(here ? n / 2 : static_cast<int64_t>(random() % (3 * n + 2)) - n - 1);
    }
    for (int64_t i = 0; i < p * n * q; ++i) base_.push_back(value(random));
    for (int64_t i = 0; i < p * m * q; ++i) updates_.push_back(value(random));
  }

  std::vector<float> expected() const {
    std::vector<float> result = base_;
    const auto& [p, n, m, q, per_p, per_q, in_place, hot, wide] = sizes_;
    for (int64_t i = 0; i < p; ++i) {
      for (int64_t j = 0; j < m; ++j) {
        for (int64_t k = 0; k < q; ++k) {
          const int64_t row = (per_p ? i : 0) * m + j;
          int64_t at = index_[static_cast<size_t>(row * index_shape_[2] + (per_q ? k : 0))];
          if (at < 0) at += n;
          if (at < 0 || at >= n) continue;
          float& element = result[static_cast<size_t>((i * n + at) * q + k)];
          const float given = updates_[static_cast<size_t>((i * m + j) * q + k)];
          element = how_ == Update::set   ? given
                    : how_ == Update::add ? element + given
                                          : std::max(element, given);
        }
      }
    }
    return result;
  }

  std::vector<float> actual() {
    const auto& [p, n, m, q, per_p, per_q, in_place, hot, wide] = sizes_;
    const kernel::LibraryCall call{
        "scatter",
        {Dtype::float32, wide ? Dtype::int64 : Dtype::int32, Dtype::float32, Dtype::float32},
        12,
        {3, 3, 3, 3},
        {static_cast<int64_t>(how_)}};
    const auto executable = compile_scatter(call);
    const int64_t extents[] = {p, n, q, index_shape_[0], m, index_shape_[2], p, m, q, p, n, q};
    const int64_t base_strides[] = {n * q, q, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const int64_t index_strides[] = {0, 0, 0, m * index_shape_[2], index_shape_[2], 1, 0, 0, 0,
                                     0, 0, 0};
    const int64_t update_strides[] = {0, 0, 0, 0, 0, 0, m * q, q, 1, 0, 0, 0};
    const int64_t out_strides[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, n * q, q, 1};
    std::vector<float> base = base_, out(base_.size(), -12345.0f);
    const auto argument = [](void* data, const int64_t* strides) {
      device::BufferArgument result;
      result.data = data;
      result.strides = strides;
      return result;
    };
    std::vector<float>& target = in_place ? base : out;
    std::vector<int32_t> narrow(index_.begin(), index_.end());
    void* const index = wide ? static_cast<void*>(index_.data()) : narrow.data();
    const device::BufferArgument buffers[] = {
        argument(base.data(), base_strides), argument(index, index_strides),
        argument(updates_.data(), update_strides), argument(target.data(), out_strides)};
    run_scatter(*executable, {extents, buffers, {}, ""});
    return target;
  }

 private:
  static float value(std::mt19937& random) {
    return static_cast<float>(random() % 4096) / 7.0f - 250.0f;
  }

  Case sizes_;
  Update how_;
  Shape index_shape_;
  std::vector<int64_t> index_;
  std::vector<float> base_, updates_;
};

TEST(Scatter, is_a_loop_on_any_number_of_threads) {
  const Case cases[] = {
      {1, 1, 1, 1, false, false, false},
      {1, 7, 13, 1, false, false, true},
      {1, 50, 33, 1024, false, false, false},
      {3, 9, 20, 17, true, false, false},
      {3, 9, 20, 17, true, true, true},
      {5, 11, 6, 3, false, true, false},
      {1, 1000, 100000, 1, false, false, false},
      {1, 3, 100000, 1, false, false, true},
      {2, 777, 40000, 5, true, false, false},
      {1, 1, 90000, 2, false, false, false},
      {40, 4, 5000, 1, true, true, false},
      {1, 1000, 100000, 1, false, false, true, true},
      {1, 70000, 100000, 1, false, false, false, false, true},
      {1, 5000, 2000, 130, false, false, false},
      {1, 5000, 2000, 130, false, false, true, true},
      {2, 900, 3000, 24, false, false, false, false, true},
      {1, 900, 30000, 3, false, true, true, true, true},
      {1, 4, 0, 3, false, false, false},
      {0, 4, 2, 3, false, false, false},
  };
  for (const Case& sizes : cases) {
    for (const Update how : {Update::set, Update::add, Update::maximum}) {
      Scattering scattering(sizes, how);
      const std::vector<float> expected = scattering.expected();
      for (const int threads : {1, 2, 3, 7, 64}) {
        const ScopedThreadCount scope(threads);
        EXPECT_EQ(scattering.actual(), expected)
            << sizes.p << " " << sizes.n << " " << sizes.m << " " << sizes.q << " " << name_of(how)
            << ", " << threads << " threads";
      }
    }
  }
}

TEST(Scatter, selects_what_names_a_row_of_a_range) {
  std::mt19937 random(5);
  constexpr int64_t kRows = 90;
  for (const size_t count : {0, 1, 15, 16, 17, 333}) {
    std::vector<int64_t> wide;
    for (size_t i = 0; i < count; ++i) wide.push_back(static_cast<int64_t>(random() % 300) - 150);
    if (count > 1) wide[0] = std::numeric_limits<int32_t>::min(), wide[1] = 1 << 30;
    const std::vector<int32_t> narrow(wide.begin(), wide.end());
    for (const RowRange range : {RowRange{0, kRows}, RowRange{7, 8}, RowRange{40, kRows}}) {
      std::vector<uint32_t> rows, places;
      for (size_t i = 0; i < count; ++i) {
        const int64_t at = wide[i] + (wide[i] < 0 ? kRows : 0);
        if (at < range.first || at >= range.end) continue;
        rows.push_back(static_cast<uint32_t>(at - range.first));
        places.push_back(static_cast<uint32_t>(i));
      }
      const auto check = [&](const auto* index) {
        std::vector<uint32_t> r(count + kSelectSlack), p(count + kSelectSlack);
        const size_t found = select_rows(index, count, kRows, range, r.data(), p.data());
        r.resize(found), p.resize(found);
        EXPECT_EQ(r, rows);
        EXPECT_EQ(p, places);
      };
      for (const char* isa : {"auto", "avx2", "scalar"}) {
        const ScopedSetting with("isa", isa);
        check(narrow.data());
        check(wide.data());
      }
    }
  }
}

// The single elements of scattered updates are those of whole rows, which follow the texts.
TEST(Scatter, extremes_are_those_of_the_rows) {
  const float values[] = {0.0f, -0.0f, 1.0f, -2.5f, INFINITY, -INFINITY, NAN};
  for (const float x : values) {
    for (const float y : values) {
      float low = x, high = x;
      take_in<Update::minimum>(low, y);
      take_in<Update::maximum>(high, y);
      const float expected_low = combine<Update::minimum>(x, y);
      const float expected_high = combine<Update::maximum>(x, y);
      EXPECT_TRUE(std::memcmp(&low, &expected_low, 4) == 0 || expected_low != expected_low);
      EXPECT_EQ(low != low, expected_low != expected_low);
      EXPECT_TRUE(std::memcmp(&high, &expected_high, 4) == 0 || expected_high != expected_high);
      EXPECT_EQ(high != high, expected_high != expected_high);
    }
  }
}

// Runs a slice_update of int16 elements.
std::vector<int16_t> sliced(std::vector<int16_t> base, Dims shape, Dims base_strides,
                            std::vector<int16_t> update, Dims update_shape, Dims starts, Dims steps,
                            bool in_place) {
  const size_t rank = shape.size();
  kernel::LibraryCall call{"slice_update", {Dtype::int16, Dtype::int16, Dtype::int16}, 0, {}, {}};
  call.rank = static_cast<uint8_t>(3 * rank);
  call.ranks = std::vector<uint8_t>(3, static_cast<uint8_t>(rank));
  call.attributes.assign(steps.begin(), steps.end());
  std::vector<int64_t> extents(shape.begin(), shape.end());
  extents.insert(extents.end(), update_shape.begin(), update_shape.end());
  extents.insert(extents.end(), shape.begin(), shape.end());
  const auto strides_at = [&](size_t operand, Dims own) {
    std::vector<int64_t> strides(3 * rank, 0);
    std::copy(own.begin(), own.end(), strides.begin() + static_cast<long>(operand * rank));
    return strides;
  };
  const auto base_all = strides_at(0, base_strides);
  const auto update_all = strides_at(1, row_major_strides(update_shape));
  const auto out_all = strides_at(2, row_major_strides(shape));
  std::vector<int16_t> out(static_cast<size_t>(element_count(shape)), -1);
  std::vector<int16_t>& target = in_place ? base : out;
  device::BufferArgument buffers[3];
  buffers[0].data = base.data(), buffers[0].strides = base_all.data();
  buffers[1].data = update.data(), buffers[1].strides = update_all.data();
  buffers[2].data = target.data(), buffers[2].strides = out_all.data();
  std::vector<uint64_t> params(starts.begin(), starts.end());
  run_slice_update(*compile_slice_update(call), {extents, buffers, params, ""});
  return target;
}

TEST(SliceUpdate, steps_views_and_in_place) {
  const std::vector<int16_t> base = {0, 1, 2, 3, 4, 5};
  using Elements = std::vector<int16_t>;
  for (const bool in_place : {false, true}) {
    EXPECT_EQ(sliced(base, Shape{2, 3}, Shape{3, 1}, {7, 8}, Shape{2, 1}, Shape{0, 1}, Shape{1, 1},
                     in_place),
              (Elements{0, 7, 2, 3, 8, 5}));
    EXPECT_EQ(sliced(base, Shape{6}, Shape{1}, {7, 8, 9}, Shape{3}, Shape{5}, Shape{-2}, in_place),
              (Elements{0, 9, 2, 8, 4, 7}));
  }
  // The base transposed.
  EXPECT_EQ(
      sliced(base, Shape{3, 2}, Shape{1, 3}, {9}, Shape{1, 1}, Shape{2, 1}, Shape{1, 1}, false),
      (Elements{0, 3, 1, 4, 2, 9}));
}

TEST(SliceUpdate, large) {
  constexpr int64_t kRows = 700, kColumns = 301;
  std::vector<int16_t> base(kRows * kColumns), update(kRows / 2 * 100);
  for (size_t i = 0; i < base.size(); ++i) base[i] = static_cast<int16_t>(i);
  for (size_t i = 0; i < update.size(); ++i) update[i] = static_cast<int16_t>(-1 - i % 1000);
  std::vector<int16_t> expected = base;
  for (int64_t r = 0; r < kRows / 2; ++r) {
    for (int64_t c = 0; c < 100; ++c) {
      expected[static_cast<size_t>((2 * r + 1) * kColumns + 3 * c + 1)] =
          update[static_cast<size_t>(r * 100 + c)];
    }
  }
  for (const int threads : {1, 3, 16}) {
    const ScopedThreadCount scope(threads);
    EXPECT_EQ(sliced(base, Shape{kRows, kColumns}, Shape{kColumns, 1}, update,
                     Shape{kRows / 2, 100}, Shape{1, 1}, Shape{2, 3}, false),
              expected);
  }
}

}  // namespace
}  // namespace tandem::backends::common
