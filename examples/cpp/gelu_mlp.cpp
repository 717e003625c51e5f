// Two layers with an exact GELU between them, the workload of the roofline of the GELU MLP:
// y = gelu(x W1) W2. What was fused can be read from the plan.
#include <cmath>
#include <cstdio>
#include <vector>

#include "tandem/tandem.h"

namespace mx = tandem;

namespace {

mx::array gelu(const mx::array& x) {
  const mx::array inner = mx::erf(mx::multiply(x, mx::Scalar(std::sqrt(0.5))));
  return mx::multiply(mx::multiply(x, mx::Scalar(0.5)), mx::add(inner, mx::Scalar(1.0)));
}

}  // namespace

int main() {
  constexpr int64_t kBatch = 16, kWidth = 256, kHidden = 1024;
  const mx::array x = mx::random::normal(mx::Shape{kBatch, kWidth});
  const mx::array w1 =
      mx::random::normal(mx::Shape{kWidth, kHidden}, mx::Dtype::float32, 0.0, 0.05);
  const mx::array w2 =
      mx::random::normal(mx::Shape{kHidden, kWidth}, mx::Dtype::float32, 0.0, 0.05);
  const mx::array y = mx::matmul(gelu(mx::matmul(x, w1)), w2);
  std::printf("%s", mx::inspect::plan_text({&y, 1}).c_str());

  // One element again in double precision.
  const std::vector<mx::array> operands{x, w1, w2, y};
  mx::eval(operands);
  const float *px = x.data<float>(), *p1 = w1.data<float>(), *p2 = w2.data<float>();
  double expected = 0;
  for (int64_t h = 0; h < kHidden; ++h) {
    double sum = 0;
    for (int64_t k = 0; k < kWidth; ++k) sum += double(px[k]) * p1[k * kHidden + h];
    expected += 0.5 * sum * (1 + std::erf(sum * std::sqrt(0.5))) * p2[h * kWidth];
  }
  const double error = std::abs(y.data<float>()[0] - expected);
  std::printf("y[0, 0] = %g, in double precision %g\n", double(y.data<float>()[0]), expected);
  return error < 1e-4 ? 0 : 1;
}
