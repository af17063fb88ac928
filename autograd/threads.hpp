/// @file
/// How many threads the kernels use.
#pragma once

namespace gradus {

/// At first OpenMP's own default: OMP_NUM_THREADS, or the number of cores. Results do not depend on it.
int num_threads();
void set_num_threads(int n);  ///< Less than 1 counts as 1.

}  // namespace gradus
