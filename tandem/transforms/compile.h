// compile: a function that is called once for each signature of its arguments (shapes and dtypes)
// and from then on is one node of the graph a call.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "tandem/graph/array.h"

namespace tandem {

using Function = std::function<std::vector<array>(const std::vector<array>&)>;

// The function, recorded when it is first called with arguments of new shapes or dtypes or under
// another default device. Arrays that it takes from elsewhere are captured: the compiled function
// keeps them and goes on using the same ones. Random numbers drawn without a key repeat from call
// to call unless the function is given a key. Any thread may call it. Raises what the function
// raises; asking for the value of something that depends on the arguments, inside of it, is an
// ArgumentError.
Function compile(Function function);

// Compiled functions, those made before included, call their function every time; or not.
void disable_compile();
void enable_compile();
bool compile_enabled();

}  // namespace tandem
