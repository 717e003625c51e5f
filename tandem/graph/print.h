// How arrays are printed.
#pragma once

namespace tandem {

struct PrintOptions {
  int precision = -1;  // decimals of floating numbers; negative: six digits, as few as suffice
};

// Of the process: what to_string(array) keeps to.
PrintOptions get_printoptions();
void set_printoptions(PrintOptions options);

}  // namespace tandem
