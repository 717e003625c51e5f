// Rates of kernels beside the rate of a plain copy on the same device, in the same run.
#include <algorithm>

#include "cuda_cases.h"
#include "cuda_sections.h"
#include "tandem/kernel/builder.h"

namespace tandem::tools {

using kernel::Access;
using kernel::Kernel;
using kernel::NodeId;
using kernel::Op;
using kernel::Reduction;

namespace {

constexpr int kRounds = 7;
constexpr int kLaunches = 4;  // between two events

// The best of several rounds, in microseconds of one run.
template <class Run>
double best_time(const CudaDevice& device, Run run) {
  run();
  device.synchronize();
  double best = 1e30;
  for (int round = 0; round < kRounds; ++round) {
    const double spent = device.milliseconds([&] {
      for (int i = 0; i < kLaunches; ++i) run();
    });
    best = std::min(best, spent * 1000 / kLaunches);
  }
  return best;
}

class Bench {
 public:
  explicit Bench(const HarnessContext& context) : context_(context) {
    for (void*& room : rooms_) {
      room = context_.device.allocate(kRoom);
      context_.device.zero(room, kRoom);
    }
  }
  ~Bench() {
    for (void* room : rooms_) context_.device.release(room);
  }

  void copy() {
    const double time =
        best_time(context_.device, [&] { context_.device.copy(rooms_[1], rooms_[0], kRoom); });
    rates.push_back({"copy of 1 GiB", time, 2.0 * kRoom});
  }

  // Every buffer contiguous, or the inputs with their axes turned round. Negative bytes: what is
  // stored is one value per row.
  void run(const std::string& name, const Kernel& kernel, std::vector<int64_t> extents,
           double bytes, bool turned = false, bool may_keep = true) {
    std::vector<std::vector<int64_t>> strides;
    std::vector<device::BufferArgument> buffers;
    for (size_t b = 0; b < kernel.buffers.size(); ++b) {
      const bool per_row = kernel.buffers[b].written && bytes < 0;
      const size_t axes = per_row ? kernel.parallel_rank : extents.size();
      const bool across = turned && !kernel.buffers[b].written;
      std::vector<int64_t> each(extents.size(), 0);
      int64_t step = 1;
      for (size_t i = 0; i < axes; ++i) {
        const size_t axis = across ? i : axes - 1 - i;
        each[axis] = step;
        step *= extents[axis];
      }
      strides.push_back(each);
    }
    for (size_t b = 0; b < kernel.buffers.size(); ++b) {
      device::BufferArgument buffer;
      buffer.data = rooms_[b];
      buffer.strides = strides[b].data();
      buffer.written = kernel.buffers[b].written;
      buffers.push_back(buffer);
    }
    const device::LaunchArguments arguments{extents, buffers, {}};
    auto options =
        backends::cuda::choose_options(kernel, arguments, context_.device.multiprocessors());
    if (!may_keep) {
      options.keep = false;
      options.warps = 8;
    }
    const CudaKernel compiled(context_.compiler, context_.device, kernel, options);
    CudaKernel::Launch launch(compiled, arguments);
    const double time = best_time(context_.device, [&] { launch.run(); });
    std::string how(name_of(options.schedule));
    if (options.keep) how += ", keep";
    if (options.warps != 8) how += ", " + std::to_string(options.warps) + " warps";
    rates.push_back({name + " (" + how + ")", time, std::abs(bytes)});
  }

  std::vector<Rate> rates;

 private:
  static constexpr size_t kRoom = size_t{1} << 30;

  const HarnessContext& context_;
  void* rooms_[3] = {};
};

// x, y -> twelve additions and multiplications.
Kernel twelve_operations() {
  kernel::Builder b(1);
  const NodeId y = b.load(b.input(Dtype::float32, Access::contiguous));
  NodeId x = y;
  for (int i = 0; i < 12; ++i) x = b.binary(i % 2 == 0 ? Op::mul : Op::add, x, y);
  b.store(b.output(Dtype::float32, Access::contiguous), x);
  return b.finish();
}

Kernel transpose_kernel() {
  kernel::Builder b(2);
  const NodeId x = b.load(b.input(Dtype::float32));
  b.store(b.output(Dtype::float32, Access::contiguous), x);
  return b.finish();
}

}  // namespace

std::vector<Rate> measure_rates(const HarnessContext& context) {
  Bench bench(context);
  const double all = 1 << 30;
  const int64_t n = 1 << 28;
  bench.copy();
  bench.run("12 operations on 2^28", twelve_operations(), {n}, 2 * all);
  bench.run("exp of 2^28", chain_kernel(1), {n}, 2 * all);
  bench.run("add of 2^27 bfloat16",
            row_kernel(op_table::RowId::add, Dtype::bfloat16, Access::contiguous), {n / 2},
            3 * all / 4);
  bench.run("500 exp on 2^21", chain_kernel(500), {1 << 21}, 1 << 24);
  bench.run("strided copy of 16384 x 16384", transpose_kernel(), {16384, 16384}, 2 * all, true);
  const Kernel sum = reduction_kernel(Dtype::float32, Reduction::sum, false);
  struct Shape {
    const char* name;
    int64_t rows, elements;
    bool turned;
  };
  for (const Shape& shape :
       {Shape{"sum of 2^28", 1, n, false}, Shape{"sum of 16 x 2^24", 16, 1 << 24, false},
        Shape{"sum of 1024 x 262144", 1024, 262144, false},
        Shape{"sum of 65536 x 4096", 65536, 4096, false},
        Shape{"sum of 2^20 x 256", 1 << 20, 256, false},
        Shape{"sum of columns of 16384 x 16384", 16384, 16384, true},
        Shape{"sum of 1024 columns of 262144", 1024, 262144, true}}) {
    bench.run(shape.name, sum, {shape.rows, shape.elements}, -all, shape.turned);
  }
  bench.run("argmax of 65536 x 4096", reduction_kernel(Dtype::float32, Reduction::argmax, false),
            {65536, 4096}, -all);
  for (const auto& [rows, elements] :
       {std::pair<int64_t, int64_t>{1 << 19, 512}, {65536, 4096}, {8192, 32768}}) {
    for (const bool keep : {false, true}) {
      bench.run("softmax of " + std::to_string(rows) + " x " + std::to_string(elements),
                softmax_kernel(Dtype::float32, Access::contiguous), {rows, elements}, 2 * all,
                false, keep);
    }
  }
  return std::move(bench.rates);
}

}  // namespace tandem::tools
