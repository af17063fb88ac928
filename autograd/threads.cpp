#include "autograd/threads.hpp"

#include <omp.h>

#include <algorithm>

namespace gradus {

int num_threads() { return omp_get_max_threads(); }
void set_num_threads(int n) { omp_set_num_threads(std::max(1, n)); }

}  // namespace gradus
