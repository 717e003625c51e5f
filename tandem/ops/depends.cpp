#include "tandem/ops/depends.h"

#include "tandem/ops/build.h"

namespace tandem {

std::vector<array> depends(std::span<const array> inputs, std::span<const array> dependencies) {
  std::vector<array> results;
  for (const array& input : inputs) {
    std::vector<array> operands{input};
    operands.insert(operands.end(), dependencies.begin(), dependencies.end());
    // On the stream of what it passes on: it is no work of its own.
    const Stream stream{static_cast<int>(input.node()->stream()), {}};
    results.push_back(ops::make({.op = graph::Structured::depends,
                                 .dtype = input.dtype(),
                                 .shape = input.shape(),
                                 .inputs = operands},
                                stream));
  }
  return results;
}

}  // namespace tandem
