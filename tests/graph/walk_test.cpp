// Walks: the key holds the structure and nothing else, tables hold the rest.
#include "tandem/graph/walk.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "tandem/base/settings.h"
#include "tandem/tandem.h"

namespace tandem::graph {
namespace {

constexpr Device kCpu{DeviceType::cpu, 0};
constexpr Device kGpu{DeviceType::gpu, 0};

array leaf(std::initializer_list<int64_t> extents, Dtype dtype = Dtype::float32) {
  const Shape shape(extents);
  const std::vector<std::byte> data(static_cast<size_t>(element_count(shape)) * size_of(dtype));
  return array::from_bytes(data.data(), shape, dtype);
}

using Build = std::function<std::vector<array>()>;

Walk walk_of(const Build& build) {
  Walk walk;
  const std::vector<array> roots = build();
  walk.run(roots);
  // Nodes may be gone when this returns; only the tables are looked at.
  return walk;
}

std::vector<uint64_t> key_of(const Build& build) { return walk_of(build).key; }

TEST(Walk, nodes_stand_behind_their_inputs_once) {
  const array x = leaf({3});
  const array a = exp(x), b = add(a, x), c = multiply(b, a);
  const array roots[] = {c, b};
  Walk walk;
  walk.run(roots);
  ASSERT_EQ(walk.nodes.size(), 4u);
  EXPECT_EQ(walk.nodes,
            (std::vector<Node*>{x.node().get(), a.node().get(), b.node().get(), c.node().get()}));
  EXPECT_EQ(walk.leaves, std::vector<uint32_t>{0});
  EXPECT_EQ(walk.roots, (std::vector<uint32_t>{3, 2}));
}

TEST(Walk, held_are_nodes_that_others_refer_to) {
  const array x = leaf({3});
  const array a = exp(x);
  Walk walk;
  const array roots[] = {add(negative(a), a)};
  walk.run(roots);
  ASSERT_EQ(walk.nodes.size(), 4u);
  EXPECT_EQ(walk.held, (std::vector<uint8_t>{1, 1, 0, 1}));
}

TEST(Walk, evaluated_roots_are_no_work) {
  const array x = leaf({3});
  const array roots[] = {x, x};
  Walk walk;
  walk.run(roots);
  EXPECT_TRUE(walk.roots.empty());
}

TEST(Walk, the_same_structure_has_the_same_key) {
  const auto build = [](int64_t n, double factor) {
    return [=] { return std::vector{add(exp(multiply(leaf({n, 4}), factor)), leaf({n, 4}))}; };
  };
  const auto key = key_of(build(3, 2.0));
  EXPECT_EQ(key, key_of(build(3, 2.0)));
  EXPECT_EQ(key, key_of(build(3, -7.5)));   // scalars are parameters
  EXPECT_EQ(key, key_of(build(100, 2.0)));  // dimensions are a table
  EXPECT_EQ(walk_of(build(3, 2.0)).hash, walk_of(build(100, 3.0)).hash);
  EXPECT_NE(walk_of(build(3, 2.0)).params, walk_of(build(3, 4.0)).params);
  EXPECT_NE(walk_of(build(3, 2.0)).dims, walk_of(build(4, 2.0)).dims);
}

TEST(Walk, random_keys_and_starts_are_parameters) {
  const array x = exp(leaf({20}));
  const auto part = [&](int64_t from) {
    return [&, from] { return std::vector{negative(slice(x, Shape{from}, Shape{5}, Shape{1}))}; };
  };
  EXPECT_EQ(key_of(part(0)), key_of(part(9)));
  const Build draw = [] { return std::vector{random::bits(Shape{7})}; };
  EXPECT_EQ(key_of(draw), key_of(draw));
  EXPECT_NE(walk_of(draw).params, walk_of(draw).params);
}

TEST(Walk, every_change_of_structure_changes_the_key) {
  const Stream other = new_stream(kCpu);
  const std::vector<std::pair<const char*, Build>> builds = {
      {"base",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         return std::vector{add(exp(x), y)};
       }},
      {"op",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         return std::vector{subtract(exp(x), y)};
       }},
      {"inner op",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         return std::vector{add(log(x), y)};
       }},
      {"order",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         return std::vector{add(y, exp(x))};
       }},
      {"one leaf",
       [] {
         const array x = leaf({3, 4});
         return std::vector{add(exp(x), x)};
       }},
      {"dtype",
       [] {
         const array x = leaf({3, 4}, Dtype::float16), y = leaf({3, 4}, Dtype::float16);
         return std::vector{add(exp(x), y)};
       }},
      {"rank",
       [] {
         const array x = leaf({12}), y = leaf({12});
         return std::vector{add(exp(x), y)};
       }},
      {"broadcast row",
       [] {
         const array x = leaf({3, 4}), y = leaf({1, 4});
         return std::vector{add(exp(x), y)};
       }},
      {"broadcast column",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 1});
         return std::vector{add(exp(x), y)};
       }},
      {"fewer axes",
       [] {
         const array x = leaf({3, 4}), y = leaf({4});
         return std::vector{add(exp(x), y)};
       }},
      {"scalar",
       [] {
         const array x = leaf({3, 4});
         return std::vector{add(exp(x), 2.0)};
       }},
      {"scalar first",
       [] {
         const array x = leaf({3, 4});
         return std::vector{add(2.0, exp(x))};
       }},
      {"integer leaf",
       [] {
         const array x = leaf({3, 4});
         return std::vector{add(exp(x), leaf({3, 4}, Dtype::int32))};
       }},
      {"device",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         return std::vector{add(exp(x, kGpu), y, kGpu)};
       }},
      {"inner device",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         return std::vector{add(exp(x, kGpu), y)};
       }},
      {"stream",
       [other] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         return std::vector{add(exp(x, other), y)};
       }},
      {"two roots",
       [] {
         const array x = leaf({3, 4}), y = leaf({3, 4});
         const array e = exp(x);
         return std::vector{add(e, y), e};
       }},
      {"transposed",
       [] {
         const array x = leaf({4, 3}), y = leaf({3, 4});
         return std::vector{add(transpose(exp(x)), y)};
       }},
      {"sum of rows", [] { return std::vector{sum(exp(leaf({3, 4})), std::vector<int64_t>{1})}; }},
      {"sum of columns",
       [] { return std::vector{sum(exp(leaf({3, 4})), std::vector<int64_t>{0})}; }},
      {"kept axes",
       [] { return std::vector{sum(exp(leaf({3, 4})), std::vector<int64_t>{0}, true)}; }},
      {"maximum", [] { return std::vector{max(exp(leaf({3, 4})), std::vector<int64_t>{0})}; }},
      {"step 1",
       [] { return std::vector{slice(exp(leaf({3, 4})), Shape{0, 0}, Shape{2, 2}, Shape{1, 1})}; }},
      {"step 2",
       [] { return std::vector{slice(exp(leaf({3, 4})), Shape{0, 0}, Shape{2, 2}, Shape{1, 2})}; }},
  };
  std::vector<std::vector<uint64_t>> keys;
  for (const auto& [name, build] : builds) keys.push_back(key_of(build));
  for (size_t i = 0; i < builds.size(); ++i) {
    EXPECT_EQ(keys[i], key_of(builds[i].second)) << builds[i].first;
    for (size_t j = i + 1; j < builds.size(); ++j) {
      EXPECT_NE(keys[i], keys[j]) << builds[i].first << " and " << builds[j].first;
    }
  }
}

TEST(Walk, held_bits_belong_to_the_key) {
  const auto key = [](bool hold) {
    const array x = leaf({3});
    std::optional<array> a = exp(x);
    const array root = add(*a, *a);
    if (!hold) a.reset();
    Walk walk;
    walk.run(std::span(&root, 1));
    return walk.key;
  };
  EXPECT_NE(key(true), key(false));
}

// Streams are numbered by first use, so threads share plans.
TEST(Walk, which_stream_it_is_does_not_matter) {
  const Stream a = new_stream(kCpu), b = new_stream(kCpu);
  const auto on = [](Stream s) { return [s] { return std::vector{exp(leaf({3}), s)}; }; };
  EXPECT_EQ(key_of(on(a)), key_of(on(b)));
}

TEST(Walk, settings_belong_to_the_key) {
  const Build build = [] { return std::vector{exp(leaf({3}))}; };
  const auto key = key_of(build);
  const ScopedSetting fusion("fusion", "off");
  EXPECT_NE(key, key_of(build));
}

}  // namespace
}  // namespace tandem::graph
