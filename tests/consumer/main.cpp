#include <fmt/core.h>

#include "autograd/error.hpp"
#include "autograd/random.hpp"

int main() {
  gradus::Rng rng(42), same(42);
  for (int i = 0; i < 100; ++i) {
    if (rng.bits64() != same.bits64()) gradus::fail<gradus::Error>("two streams of one seed differ at {}", i);
  }
  fmt::print("{:.3f}\n", rng.uniform());
}
