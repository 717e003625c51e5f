// The unified-memory example in C++: arrays have no location, an operation has a device, and the
// runtime adds every dependency and every copy. The same program in Python:
// examples/compatibility/unified_memory.py.
#include <chrono>
#include <cstdio>
#include <utility>

#include "tandem/tandem.h"

namespace mx = tandem;

namespace {

const mx::Device kCpu{mx::DeviceType::cpu, 0};
const mx::Device kGpu{mx::DeviceType::gpu, 0};

// A matrix product on one device while 500 small operations run on the other.
std::pair<mx::array, mx::array> fun(const mx::array& a, mx::array b, mx::Device d1, mx::Device d2) {
  const mx::array x = mx::matmul(a, b, d1);
  for (int i = 0; i < 500; ++i) b = mx::exp(b, d2);
  return {x, b};
}

double milliseconds(const mx::array& a, const mx::array& b, mx::Device d1, mx::Device d2) {
  const auto start = std::chrono::steady_clock::now();
  const auto [x, y] = fun(a, b, d1, d2);
  mx::eval({x, y});
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  return time.count();
}

}  // namespace

int main() {
  const mx::array a = mx::random::uniform(mx::Scalar(0.0), mx::Scalar(1.0), mx::Shape{4096, 512});
  const mx::array b = mx::random::uniform(mx::Scalar(0.0), mx::Scalar(1.0), mx::Shape{512, 4});

  // `d` reads `c`, so the GPU stream waits for the CPU stream; nobody has to say so.
  const mx::array c = mx::add(b, b, kCpu);
  const mx::array d = mx::add(b, c, kGpu);
  const mx::array expected = mx::multiply(b, mx::Scalar(3.0));
  if (!mx::all(mx::less(mx::abs(mx::subtract(d, expected)), mx::Scalar(1e-5))).item<bool>()) {
    std::puts("d is not 3 b");
    return 1;
  }

  milliseconds(a, b, kGpu, kCpu);  // the first run plans and compiles
  std::printf("both on the CPU: %.2f ms\n", milliseconds(a, b, kCpu, kCpu));
  std::printf("product on the GPU, 500 exp on the CPU: %.2f ms\n", milliseconds(a, b, kGpu, kCpu));
}
