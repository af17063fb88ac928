#include "app/bench/timing.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace gradus::app {

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double seconds_a_call(const std::function<void()>& work, double seconds) {
  int64_t calls = 1;
  const auto run = [&] {
    for (int64_t i = 0; i < calls; ++i) work();
  };
  work();
  double taken = seconds_of(run);
  while (taken < 1e-3) {
    calls *= 2;
    taken = seconds_of(run);
  }
  std::vector<double> runs = {taken};
  for (double sum = taken; sum < seconds || runs.size() < 3; sum += taken) {
    taken = seconds_of(run);
    runs.push_back(taken);
  }
  return median(runs) / static_cast<double>(calls);
}

}  // namespace gradus::app
