// The measured bandwidth of memory against the clock, against a copy and against itself.
#include "autograd/kernels/measure/bandwidth.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "autograd/threads.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;

namespace {

double seconds_of(auto&& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct Threads {
  int before = num_threads();
  explicit Threads(int n) { set_num_threads(n); }
  ~Threads() { set_num_threads(before); }
};

}  // namespace

TEST_CASE("bandwidth: what a clock allows, over arrays that no cache holds, in about the time asked for") {
  const Threads one(1);
  Bandwidth memory;
  const double taken = seconds_of([&] { memory = measure_bandwidth(0.05); });
  CHECK(taken >= 0.05);
  CHECK(memory.bytes >= int64_t{96} << 20);
  CHECK(memory.bytes <= int64_t{768} << 20);
  // All three passes, at the least, were made within that time; and no core takes 64 bytes a cycle from
  // memory at 7 GHz.
  CHECK(memory.bytes_a_second >= static_cast<double>(memory.bytes) / taken);
  CHECK(memory.bytes_a_second < 64 * 7e9);
}

TEST_CASE("bandwidth: that of a copy, up to the cost of a third array") {
  const Threads one(1);
  const Bandwidth memory = measure_bandwidth(0);
  std::vector<char> from(static_cast<size_t>(memory.bytes / 3), 1), to(from.size());
  double fastest = 1e9;
  for (int i = 0; i < 4; ++i)
    fastest = std::min(fastest, seconds_of([&] { std::memcpy(to.data(), from.data(), from.size()); }));
  CHECK(to.back() == 1);
  const double copied = 2 * static_cast<double>(from.size()) / fastest;
  CHECK(memory.bytes_a_second > 0.15 * copied);
  CHECK(memory.bytes_a_second < 7 * copied);
}

TEST_CASE("bandwidth: that of more threads is not far below that of fewer") {
  double one = 0, two = 0;
  for (int i = 0; i < 3; ++i) {
    const Threads alone(1);
    one = std::max(one, measure_bandwidth(0).bytes_a_second);
    set_num_threads(2);
    two = std::max(two, measure_bandwidth(0).bytes_a_second);
  }
  CHECK(two > 0.5 * one);
}
