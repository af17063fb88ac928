// A reader's own formula, checked: softplus(a) * b, where log(1 + exp(a)) is as a reader would write it.
#include <fmt/format.h>

#include "autograd/autograd.hpp"

int main() {
  using namespace gradus;
  Rng rng(1);
  const auto formula = [](const auto& x) { return log(1.0 + exp(x[0])) * x[1]; };
  const GradcheckReport report = gradcheck(formula, {randn({3, 4}, rng), randn({4}, rng)});
  fmt::print("{}", to_string(report));
  return report.passed ? 0 : 1;
}
