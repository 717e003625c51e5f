// Devices and streams in C++: several queues of work on one device, edges between them, waiting for
// exactly what is asked for.
#include <cstdio>

#include "tandem/tandem.h"

namespace mx = tandem;

int main() {
  const mx::Device cpu{mx::DeviceType::cpu, 0}, gpu{mx::DeviceType::gpu, 0};
  std::printf("%s, %s; %d GPU(s)\n", mx::to_string(cpu).c_str(), mx::to_string(gpu).c_str(),
              mx::device_count(mx::DeviceType::gpu));

  const mx::Stream first = mx::new_stream(cpu), second = mx::new_stream(gpu);
  const mx::array ones = mx::ones(mx::Shape{1000});
  mx::array a = ones, b = ones;
  for (int i = 0; i < 10; ++i) {
    a = mx::add(a, ones, first);        // runs on the CPU ...
    b = mx::multiply(b, ones, second);  // ... while the GPU does this
  }
  const mx::array both = mx::add(a, b, second);  // waits for both, on the device
  mx::async_eval(both);                          // returns at once
  mx::synchronize(second);
  const float found = mx::max(both).item<float>();
  std::printf("largest element: %g\n", found);
  return found == 12.0f ? 0 : 1;
}
