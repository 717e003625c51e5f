// What indexing costs: writes in place, kernels of gathers, plans of growing arrays.
#include "helpers.h"
#include "tandem/base/settings.h"

namespace tandem {
namespace {

TEST(Indexing, writes_to_a_dying_array_are_in_place) {
  array x = ramp({64, 64}, 0.0, 0.0) + array(0.0f);
  eval(x);
  const void* address = x.data();
  const Gain gain;
  for (int64_t i = 0; i < 50; ++i) {
    x = index_update(x, {i, Slice{{}, {}, 2}}, static_cast<double>(i));
    eval(x);
    x = index_update(x, {array({63, 63}), i}, 1.0, Update::add);
    eval(x);
  }
  EXPECT_EQ(gain.donations(), 100u);
  EXPECT_EQ(x.data(), address);
  EXPECT_EQ(gain.plans_built(), 2u);
  const std::vector<float> found = values<float>(x);
  EXPECT_EQ(found[49 * 64 + 2], 49.0f);
  EXPECT_EQ(found[49 * 64 + 3], 0.0f);
  EXPECT_EQ(found[63 * 64 + 49], 2.0f);
}

// Rows computed by a kernel and stored by it into the array that they update.
TEST(Indexing, kernels_store_into_a_dying_array) {
  const array row = ramp({1, 64});
  eval(row);
  array x = ramp({64, 64}, 0.0, 0.0) + array(0.0f);
  eval(x);
  const void* address = x.data();
  const Gain gain;
  for (int64_t i = 0; i < 64; ++i) {
    x = slice_update(x, row * static_cast<double>(i), Shape{i, 0}, Shape{1, 1});
    eval(x);
  }
  EXPECT_EQ(gain.donations(), 64u);
  EXPECT_EQ(gain.plans_built(), 1u);
  EXPECT_EQ(x.data(), address);
  const std::vector<float> found = values<float>(x);
  for (int64_t i = 0; i < 64; ++i) {
    for (int64_t j = 0; j < 64; ++j) {
      ASSERT_EQ(found[static_cast<size_t>(i * 64 + j)], static_cast<float>(i * j));
    }
  }
}

TEST(Indexing, chains_of_computed_writes_stay_in_place) {
  array row = ramp({1, 64});
  eval(row);
  std::vector<array> results;
  for (const bool fused : {true, false}) {
    const ScopedSetting fusion("fusion", fused ? "on" : "off");
    array x = ramp({64, 64}, 0.0, 0.0);
    for (int64_t i = 0; i < 64; ++i) {
      x = slice_update(x, row * static_cast<double>(i), Shape{i, 0}, Shape{1, 1});
    }
    eval(x);
    results.push_back(x);
  }
  EXPECT_EQ(values<float>(results[0]), values<float>(results[1]));
  EXPECT_EQ(values<float>(results[0])[63 * 64 + 63], 63.0f * 63.0f);
}

TEST(Indexing, kernels_store_around_what_is_copied) {
  const array x = ramp({5, 6, 7});
  eval(x);
  for (const auto& [starts, extents] :
       std::vector<std::pair<Shape, Shape>>{{{0, 0, 0}, {5, 6, 1}},
                                            {{4, 0, 6}, {1, 6, 1}},
                                            {{1, 2, 3}, {3, 2, 4}},
                                            {{2, 5, 0}, {1, 1, 7}},
                                            {{0, 1, 0}, {5, 4, 7}},
                                            {{3, 3, 3}, {1, 1, 1}}}) {
    const array part = ramp(extents);
    eval(part);
    std::vector<float> expected = values<float>(x);
    const std::vector<float> given = values<float>(part);
    size_t next = 0;
    for (int64_t i = 0; i < extents[0]; ++i) {
      for (int64_t j = 0; j < extents[1]; ++j) {
        for (int64_t k = 0; k < extents[2]; ++k) {
          const int64_t at = ((starts[0] + i) * 6 + starts[1] + j) * 7 + starts[2] + k;
          expected[static_cast<size_t>(at)] = -1.0f - given[next++];
        }
      }
    }
    const auto written = [&](const array& base) {
      return slice_update(base, array(-1.0f) - part, starts, Shape{1, 1, 1});
    };
    EXPECT_EQ(values<float>(written(x)), expected);                        // a held leaf
    EXPECT_EQ(values<float>(written(x + array(0.0f))), expected);          // a value of the run
    EXPECT_EQ(values<float>(written(x) + array(0.0f)), expected);          // a result of the run
    EXPECT_EQ(values<float>(written(transpose(transpose(x)))), expected);  // a view
    EXPECT_EQ(values<float>(written(x + array(0.0f)) + array(0.0f)), expected);
  }
}

TEST(Indexing, writes_to_a_held_array_are_not) {
  const array x = ramp({8});
  eval(x);
  const Gain gain;
  const array y = index_update(x, {int64_t{0}}, 5.0);
  const array z = index_update(x, {array({0, 1})}, 6.0);
  eval(std::vector<array>{y, z});
  EXPECT_EQ(gain.donations(), 0u);
  EXPECT_EQ(values<float>(x)[0], 0.0f);
  EXPECT_EQ(values<float>(y)[0], 5.0f);
  EXPECT_EQ(values<float>(z)[1], 6.0f);
}

TEST(Indexing, a_source_that_is_read_by_its_update_is_kept) {
  array x = ramp({1000}) + array(0.0f);
  eval(x);
  x = index_update(x, {Slice{1, {}}}, index(x, {Slice{{}, -1}}));
  eval(x);
  EXPECT_EQ(values<float>(x)[999], 998.0f);
  x = index_update(x, {array({0, 1})}, index(x, {array({998, 999})}), Update::add);
  eval(x);
  EXPECT_EQ(values<float>(x)[1], 998.0f);
}

TEST(Indexing, many_writes_in_one_evaluation) {
  array x = ramp({200}, 0.0, 0.0);
  std::vector<array> held;
  for (int64_t i = 0; i < 100; ++i) {
    x = index_update(x, {i}, static_cast<double>(i + 1));
    x = index_update(x, {array({199, 199})}, 1.0, Update::add);
    if (i == 40) held.push_back(x);
  }
  held.push_back(sum(x));
  eval(held);
  EXPECT_EQ(held[1].item<float>(), 5050.0f + 200.0f);
  EXPECT_EQ(values<float>(held[0])[199], 82.0f);
  EXPECT_EQ(values<float>(held[0])[41], 0.0f);
}

TEST(Indexing, gathers_fuse_with_what_reads_them) {
  const array table = ramp({50, 16}), ids = array({3, 7, 7, 49});
  eval(table);
  const Gain gain;
  const array mean_row = mean(take(table, ids, 0) * array(2.0f), std::vector<int64_t>{0});
  eval(mean_row);
  EXPECT_EQ(gain.kernels_launched(), 1u);
  EXPECT_EQ(values<float>(mean_row)[0], 2.0f * 16.0f * (3 + 7 + 7 + 49) / 4);
}

TEST(Indexing, of_results_of_rows) {
  const array a = ramp({4, 8});
  // Positions that a reduction found, in another array and in the reduced one.
  const array best = argmax(a * array(-1.0f), 1);
  EXPECT_EQ(values<float>(take(ramp({8}, 10.0), best)), (std::vector<float>{10, 10, 10, 10}));
  const array own = take_along_axis(a, expand_dims(argmax(a, 1), {1}), 1);
  EXPECT_EQ(values<float>(own), (std::vector<float>{7, 15, 23, 31}));
  const array normed = take(a, array({1, 3}), 0);
  EXPECT_EQ(values<float>(sum(normed - max(normed, std::vector<int64_t>{1}, true)))[0], -56.0f);
}

TEST(Indexing, growing_arrays_use_one_plan) {
  const Gain gain;
  for (int64_t n = 10; n < 200; n += 7) {
    const array a = ramp({n, 4});
    eval(a);
    const array index = array({1, 5, -1});
    EXPECT_EQ(values<float>(take(a, index, 0))[8], static_cast<float>(4 * (n - 1)));
    EXPECT_EQ(values<float>(index_update(a, {index, int64_t{2}}, 0.5))[4 * (n - 1) + 2], 0.5f);
  }
  EXPECT_LE(gain.plans_built(), 3u);
}

TEST(Indexing, kernels_store_into_arrays_of_other_streams_and_devices) {
  const Stream gpu = new_stream(kGpu), cpu = new_stream(kCpu);
  const array row = ramp({1, 64});
  array held = ramp({64, 64});
  eval(held);
  std::vector<float> expected = values<float>(held);
  for (int64_t i = 0; i < 12; ++i) {
    const Stream here = i % 3 == 0 ? cpu : gpu, there = i % 2 == 0 ? gpu : cpu;
    const array base = i % 4 < 2 ? held : add(held, Scalar(0.0), there);
    held = slice_update(base, multiply(row, Scalar(static_cast<double>(i)), here), Shape{3 * i, 0},
                        Shape{1, 1}, here);
    if (i % 5 != 4) eval(held);
    for (int64_t j = 0; j < 64; ++j) {
      expected[static_cast<size_t>(3 * i * 64 + j)] = static_cast<float>(i * j);
    }
  }
  EXPECT_EQ(values<float>(held), expected);
}

TEST(Indexing, on_a_simulated_gpu) {
  const Stream gpu = new_stream(kGpu);
  const array a = ramp({100, 8}), index = array({99, 0, -5, 4000});
  const array read = take(a, index, 0, gpu);
  const array written = index_update(a, {index}, read, Update::add, gpu);
  EXPECT_EQ(values<float>(read)[8], 0.0f);
  EXPECT_EQ(values<float>(written)[95 * 8 + 1], 2 * (95 * 8 + 1.0f));
}

}  // namespace
}  // namespace tandem
