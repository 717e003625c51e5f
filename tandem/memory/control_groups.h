// The control groups of this process that account memory, of version 1 or 2.
#pragma once

#include <string>
#include <vector>

#include "tandem/memory/limit.h"

namespace tandem::memory {

struct ControlGroup {
  std::string folder;
  int version = 2;
};

// The own group and every group above it, the own first. A container may see its own group at the
// root of the mount, so folders among them need not be there.
std::vector<ControlGroup> memory_groups(const SystemPaths& paths);

// The limit of a group, and what it uses less idle pages of files; 0 for none, and for what is not
// there.
size_t limit_of(const ControlGroup& group);
size_t use_of(const ControlGroup& group);

}  // namespace tandem::memory
