/// @file
/// The machine: what it is, the most that it can do, and what BLIS makes of it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/kernels/measure/bandwidth.hpp"
#include "autograd/kernels/measure/peak.hpp"

namespace gradus::app {

struct Machine {
  std::string processor;
  int cores = 0;         // threads that the processors run at once
  kernels::Peak of_one;  // of one thread
  double blis = 0;       // operations a second of products on one thread
  std::string blis_set;  // the kernels that BLIS uses, and why
  std::string blis_why;
  double share_of_blis() const { return blis / of_one.flops_a_second; }
};
Machine measure_machine();
std::string to_text(const Machine& machine);
void add_to_json(nlohmann::ordered_json& object, const Machine& machine);

/// What some threads can do together.
struct Limits {
  int threads = 1;
  kernels::Peak peak;
  kernels::Bandwidth memory;
  double share_of(double flops_a_second) const { return flops_a_second / peak.flops_a_second; }
};
Limits measure_limits();  ///< of the current number of threads
std::string to_text(const Limits& limits);
nlohmann::ordered_json to_json(const Limits& limits);

}  // namespace gradus::app
