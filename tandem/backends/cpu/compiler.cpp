#include "tandem/backends/common/gemm/gemm.h"
#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/backends/cpu/cpu.h"
#include "tandem/backends/cpu/executable.h"
#include "tandem/base/check.h"

namespace tandem::backends::cpu {
namespace {

// An entry of the list of libraries: the calls it knows by name.
struct Library {
  std::string_view call;
  std::shared_ptr<device::Executable> (*compile)(const kernel::LibraryCall& call);
  void (*run)(const device::Executable& executable, const device::LaunchArguments& arguments);
};

constexpr Library kLibraries[] = {
    {"matmul", common::compile_gemm, common::run_gemm},
    {"addmm", common::compile_gemm, common::run_gemm},
};

class CpuCompiler final : public kernel::Compiler {
 public:
  std::shared_ptr<device::Executable> compile(const kernel::Kernel& kernel) override {
    return std::make_shared<CpuExecutable>(
        [inner = common::compile_interpreted(kernel)](const device::LaunchArguments& arguments) {
          common::run_interpreted(*inner, arguments);
        });
  }

  std::shared_ptr<device::Executable> library(const kernel::LibraryCall& call) override {
    for (const Library& library : kLibraries) {
      if (library.call != call.name) continue;
      return std::make_shared<CpuExecutable>(
          [inner = library.compile(call), run = library.run](
              const device::LaunchArguments& arguments) { run(*inner, arguments); });
    }
    raise<DeviceError>(call.name, "the CPU has no such library call: expected matmul or addmm");
  }
};

}  // namespace

std::unique_ptr<kernel::Compiler> make_cpu_compiler() { return std::make_unique<CpuCompiler>(); }

}  // namespace tandem::backends::cpu
