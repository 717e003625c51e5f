#include "tandem/backends/common/interpreter/interpreter.h"
#include "tandem/backends/common/libraries.h"
#include "tandem/backends/cpu/cpu.h"
#include "tandem/backends/cpu/executable.h"

namespace tandem::backends::cpu {
namespace {

class CpuCompiler final : public kernel::Compiler {
 public:
  std::shared_ptr<device::Executable> compile(const kernel::Kernel& kernel) override {
    return std::make_shared<CpuExecutable>(
        [inner = common::compile_interpreted(kernel)](const device::LaunchArguments& arguments) {
          common::run_interpreted(*inner, arguments);
        });
  }

  std::shared_ptr<device::Executable> library(const kernel::LibraryCall& call) override {
    const common::Library& library = common::library_of(call, "the CPU");
    return std::make_shared<CpuExecutable>(
        [inner = library.compile(call),
         run = library.run](const device::LaunchArguments& arguments) { run(*inner, arguments); });
  }
};

}  // namespace

std::unique_ptr<kernel::Compiler> make_cpu_compiler() { return std::make_unique<CpuCompiler>(); }

}  // namespace tandem::backends::cpu
