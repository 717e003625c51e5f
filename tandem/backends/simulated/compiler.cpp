// Kernels of a simulated GPU run on the tile interpreter, library calls on the host's implementations.
#include "tandem/backends/common/gemm/gemm.h"
#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/backends/simulated/executable.h"
#include "tandem/backends/simulated/simulated.h"
#include "tandem/base/check.h"
#include "tandem/kernel/ir.h"

namespace tandem::backends::simulated {
namespace {

class SimulatedCompiler final : public kernel::Compiler {
 public:
  std::shared_ptr<device::Executable> compile(const kernel::Kernel& kernel) override {
    Program program;
    program.run = [inner = common::compile_interpreted(kernel)](
                      const device::LaunchArguments& arguments) {
      common::run_interpreted(*inner, arguments);
    };
    for (const kernel::BufferParam& buffer : kernel.buffers) program.dtypes.push_back(buffer.dtype);
    program.flops_per_point = static_cast<double>(kernel.nodes.size());
    program.kernel = std::make_shared<const kernel::Kernel>(kernel);
    return std::make_shared<SimulatedExecutable>(std::move(program));
  }

  std::shared_ptr<device::Executable> library(const kernel::LibraryCall& call) override {
    TANDEM_USER(call.name == "matmul" || call.name == "addmm", DeviceError, call.name,
                "a simulated GPU has no such library call: expected matmul or addmm");
    Program program;
    program.run = [inner = common::compile_gemm(call)](const device::LaunchArguments& arguments) {
      common::run_gemm(*inner, arguments);
    };
    program.dtypes = call.operands;
    program.flops_per_point = 2;  // per point of B.., M, N, K
    program.library = true;
    return std::make_shared<SimulatedExecutable>(std::move(program));
  }
};

}  // namespace

std::unique_ptr<kernel::Compiler> make_simulated_compiler() {
  return std::make_unique<SimulatedCompiler>();
}

}  // namespace tandem::backends::simulated
