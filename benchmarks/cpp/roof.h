// Limits of this machine, measured in the run whose results they are compared with.
#pragma once

namespace tandem::benchmarks {

// float32 multiply-adds of all threads, in GF/s.
double multiply_add_roof();

// Reading memory far larger than the caches with all threads, in GB/s.
double read_roof();

}  // namespace tandem::benchmarks
