// Kernels of a simulated GPU run on the tile interpreter, library calls on the implementations of
// the host.
#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/backends/common/libraries.h"
#include "tandem/backends/simulated/executable.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/kernel/ir.h"
#include "tandem/kernel/signatures.h"

namespace tandem::backends::simulated {
namespace {

// What a leaf costs on the model clock, in operations.
constexpr double kLeafFlops = 20;

double flops_of(kernel::Op op) {
  if (op == kernel::Op::call) return kLeafFlops;
  return kernel::computes(op) ? 1 : 0;
}

// Operations per point of the domain; what runs once per row is left out.
double flops_of(const kernel::Kernel& kernel) {
  double flops = 0;
  for (const kernel::Stage& stage : kernel.stages) {
    if (stage.extent != kernel::Extent::element) continue;
    for (kernel::NodeId id = stage.begin; id < stage.end; ++id)
      flops += flops_of(kernel.nodes[id].op);
    if (stage.kind != kernel::StageKind::map) flops += 1;
  }
  return flops;
}

class SimulatedCompiler final : public kernel::Compiler {
 public:
  std::shared_ptr<device::Executable> compile(const kernel::Kernel& kernel) override {
    Program program;
    program.run =
        [inner = common::compile_interpreted(kernel)](const device::LaunchArguments& arguments) {
          common::run_interpreted(*inner, arguments);
        };
    for (const kernel::BufferParam& buffer : kernel.buffers) program.dtypes.push_back(buffer.dtype);
    program.flops = [per_point = flops_of(kernel)](const device::LaunchArguments& arguments) {
      double points = 1;
      for (const int64_t extent : arguments.extents) points *= static_cast<double>(extent);
      return points * per_point;
    };
    program.kernel = std::make_shared<const kernel::Kernel>(kernel);
    return std::make_shared<SimulatedExecutable>(std::move(program));
  }

  std::shared_ptr<device::Executable> library(const kernel::LibraryCall& call) override {
    const common::Library& library = common::library_of(call, "the simulated GPU");
    Program program;
    program.run = [inner = library.compile(call), run = library.run](
                      const device::LaunchArguments& arguments) { run(*inner, arguments); };
    program.dtypes = call.operands;
    program.flops = library.operations;
    program.library = true;
    return std::make_shared<SimulatedExecutable>(std::move(program));
  }
};

}  // namespace

std::unique_ptr<kernel::Compiler> make_simulated_compiler() {
  return std::make_unique<SimulatedCompiler>();
}

}  // namespace tandem::backends::simulated
