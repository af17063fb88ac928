/// @file
/// The GEMM floor over all of BLIS's kernel sets that this processor runs.
///
/// What a step's products cost with the kernels that happen to be chosen hides a bad choice. So each kind of
/// product is timed under each set, every set in a process of its own, and counts with the fastest.
#pragma once

#include <string>
#include <vector>

#include "autograd/kernels/measure/gemm_floor.hpp"
#include "autograd/kernels/measure/product_time.hpp"
#include "autograd/kernels/measure/profile.hpp"

namespace gradus::app {

/// The products of a step with the kernels that it uses itself.
class OwnFloor {
 public:
  explicit OwnFloor(const std::vector<profile::Product>& products)
      : choices_(kernels::gemm_floor(products, 1)) {
    round();  // warms the buffers up
  }
  double flops() const { return choices_.flops; }
  /// Makes all of them once, as often as the step does, back to back on warm buffers; the seconds.
  double round();

 private:
  kernels::GemmFloor choices_;  // for each kind the faster of our tiles and BLIS's own threads
  kernels::ProductTimer timer_;
};

/// A step's products under one kernel set.
struct SetFloor {
  std::string name;
  double seconds = 0;   // of all of them; of a kind that was given up early, what the first try said
  int64_t fastest = 0;  // kinds of product of which it is the fastest
};

struct FloorOverSets {
  std::vector<SetFloor> sets;  // that which this process uses comes first; none where BLIS's are not known
  double gain = 1;  // what the products take with the fastest set for each kind / with the first set
};

/// Times every kind of product under every set, with the current number of threads, for each the faster of
/// our tiles and BLIS's own threads: the least of the calls of about `seconds`, of three at the least. A set
/// that cannot be timed is named on standard error and left out.
FloorOverSets floor_over_sets(const std::vector<profile::Product>& products, double seconds);

/// What a process of another kernel set does for the function above: `list` says the products, the time at
/// which each is given up, the seconds and the threads; the result are the times, as JSON. @throws WrongCall
/// for another list.
std::string floor_of_list(const std::string& list);

}  // namespace gradus::app
