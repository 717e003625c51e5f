#include "tandem/backends/common/interpreter/interpreter.h"

#include <optional>

#include "tandem/backends/common/interpreter/defects.h"
#include "tandem/backends/common/interpreter/drivers.h"
#include "tandem/backends/common/interpreter/program.h"
#include "tandem/base/check.h"
#include "tandem/kernel/reference/reference.h"

namespace tandem::backends::common {
namespace {

struct InterpretedKernel final : device::Executable {
  kernel::Kernel source;
  std::optional<interpreter::Program> program;  // none: the scalar reference
};

}  // namespace

std::shared_ptr<device::Executable> compile_interpreted(const kernel::Kernel& kernel) {
  auto executable = std::make_shared<InterpretedKernel>();
  const interpreter::Isa isa = interpreter::chosen_isa();
  executable->source = kernel;
  if (isa != interpreter::Isa::scalar) {
    interpreter::plant_defects(executable->source);
    executable->program = interpreter::lower(executable->source, interpreter::tile_table(isa));
    interpreter::plant_defects(*executable->program);
  }
  return executable;
}

void run_interpreted(const device::Executable& executable,
                     const device::LaunchArguments& arguments) {
  const auto& interpreted = static_cast<const InterpretedKernel&>(executable);
  if (!interpreted.program) {
    kernel::run_reference(interpreted.source, arguments);
    return;
  }
  const interpreter::Program& program = *interpreted.program;
  TANDEM_CHECK(arguments.extents.size() ==
                       static_cast<size_t>(program.parallel_rank + program.reduced_rank) &&
                   arguments.buffers.size() == interpreted.source.buffers.size() &&
                   arguments.params.size() == interpreted.source.params.size(),
               "the launch does not fit the kernel");
  const interpreter::Launch launch(program, arguments);
  if (program.by_rows) {
    interpreter::run_rows(launch);
  } else {
    interpreter::run_map(launch);
  }
}

}  // namespace tandem::backends::common
