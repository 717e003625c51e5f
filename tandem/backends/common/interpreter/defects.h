// The defects of kernel/defects.h that the interpreter takes up while it compiles, for the fuzzer's
// check of itself. Without a planted one nothing changes.
#pragma once

#include "tandem/backends/common/interpreter/program.h"
#include "tandem/kernel/ir.h"

namespace tandem::backends::common::interpreter {

// Wrong operations, as a change of the kernel.
void plant_defects(kernel::Kernel& kernel);
// Wrong walks.
void plant_defects(Program& program);

}  // namespace tandem::backends::common::interpreter
