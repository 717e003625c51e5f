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
  std::optional<interpreter::Program> keeping;  // where passes may leave values for later ones
};

void check_fit(const InterpretedKernel& kernel, const device::LaunchArguments& arguments) {
  const interpreter::Program& program = *kernel.program;
  TANDEM_CHECK(arguments.extents.size() ==
                       static_cast<size_t>(program.parallel_rank + program.reduced_rank) &&
                   arguments.buffers.size() == kernel.source.buffers.size() &&
                   arguments.params.size() == kernel.source.params.size(),
               "the launch does not fit the kernel");
}

}  // namespace

std::shared_ptr<device::Executable> compile_interpreted(const kernel::Kernel& kernel) {
  auto executable = std::make_shared<InterpretedKernel>();
  const interpreter::Isa isa = interpreter::chosen_isa();
  executable->source = kernel;
  if (isa != interpreter::Isa::scalar) {
    interpreter::plant_defects(executable->source);
    const auto lowered = [&](interpreter::CrossPass values) {
      interpreter::Program program =
          interpreter::lower(executable->source, interpreter::tile_table(isa), values);
      interpreter::plant_defects(program);
      return program;
    };
    executable->program = lowered(interpreter::CrossPass::recompute);
    if (executable->program->passes.size() > 1) {
      executable->keeping = lowered(interpreter::CrossPass::keep);
      const bool keeps_more = executable->keeping->kept.size() > executable->program->kept.size();
      if (!keeps_more) executable->keeping.reset();
    }
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
  check_fit(interpreted, arguments);
  if (interpreted.keeping) {
    const interpreter::Launch launch(*interpreted.keeping, arguments);
    if (interpreter::run_rows(launch, true)) return;
  }
  const interpreter::Launch launch(*interpreted.program, arguments);
  if (interpreted.program->by_rows) {
    interpreter::run_rows(launch, false);
  } else {
    interpreter::run_map(launch);
  }
}

}  // namespace tandem::backends::common
