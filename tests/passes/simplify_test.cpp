// Views cost nothing where strides can say them; what is not exact is not simplified.
#include "tandem/passes/simplify.h"

#include "plans.h"

namespace tandem::passes {
namespace {

array pending(std::initializer_list<int64_t> shape) { return exp(leaf(shape)); }

TEST(Simplify, views_fold_into_their_readers) {
  const auto plan = plan_of({add(transpose(reshape(pending({4, 6}), Shape{8, 3})), 1.0)});
  ASSERT_EQ(labels(*plan), "exp | add");
  const Operand& read = plan->instructions[1].buffers[0];
  ASSERT_EQ(read.views.size(), 2u);
  EXPECT_EQ(read.views[0].op, graph::OpCode(graph::Structured::reshape));
  EXPECT_EQ(read.views[1].op, graph::OpCode(graph::Structured::transpose));
}

TEST(Simplify, a_view_as_result_is_no_work) {
  const array turned = transpose(pending({4, 6}));
  const auto plan = plan_of({turned});
  EXPECT_EQ(labels(*plan), "exp");
  ASSERT_EQ(plan->publications.size(), 1u);
  EXPECT_EQ(plan->publications[0].source.views.size(), 1u);
}

TEST(Simplify, a_reshape_that_strides_cannot_say_is_a_copy_with_a_guard) {
  const auto plan = plan_of({reshape(transpose(pending({4, 6})), Shape{24})});
  EXPECT_EQ(labels(*plan), "exp | contiguous");
  ASSERT_EQ(plan->guards.size(), 1u);
  EXPECT_FALSE(plan->guards[0].expressible);
}

TEST(Simplify, a_reshape_of_what_a_kernel_writes_needs_no_guard) {
  const auto plan = plan_of({add(reshape(pending({4, 6}), Shape{24}), 1.0)});
  EXPECT_TRUE(plan->guards.empty());
}

TEST(Simplify, a_slice_start_is_a_parameter) {
  const array x = pending({10, 4});
  graph::Walk first, second;
  const auto walk = [&](graph::Walk& into, int64_t start) {
    const array part = add(slice(x, Shape{start, 0}, Shape{3, 4}, Shape{1, 1}), 1.0);
    const array roots[] = {part};
    into.run(roots);
    EXPECT_EQ(labels(*plan_of({part})), "exp | add");
  };
  walk(first, 0);
  walk(second, 5);
  EXPECT_EQ(first.key, second.key);
  EXPECT_NE(first.params, second.params);
}

// x + 0 changes -0, x * 1 does not but is not looked for; both stay.
TEST(Simplify, arithmetic_stays) {
  const array x = leaf({5});
  EXPECT_EQ(labels(*plan_of({add(x, 0.0)})), "add");
  EXPECT_EQ(labels(*plan_of({multiply(multiply(x, 1.0), 0.0)})), "multiply*2");
}

TEST(Simplify, a_product_reads_generators_from_memory) {
  EXPECT_EQ(labels(*plan_of({matmul(leaf({3, 4}), ones(Shape{4, 2}))})), "contiguous | matmul");
}

TEST(Simplify, a_generator_asked_for_is_written) {
  EXPECT_EQ(labels(*plan_of({ones(Shape{4})})), "full");
  EXPECT_EQ(plan_of({broadcast_to(ones(Shape{4}), Shape{3, 4})})->instructions.size(), 1u);
}

}  // namespace
}  // namespace tandem::passes
