// Subjects: functions of one element.
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"

namespace gradus::lab {
namespace {

Subject unary(const std::string& name, Tensor (*f)(const Tensor&), bool smooth = true, double low = -2,
              double high = 2) {
  const auto fn = [f](const Inputs& x) { return f(x[0]); };
  return {name, "op", [=](uint64_t seed) { return Sample{fn, {spread({3, 4}, seed, low, high)}}; }, smooth};
}

}  // namespace

std::vector<Subject> function_subjects() {
  return {
      unary("exp", exp),
      unary("log", log, true, 0.7, 3),
      unary("sqrt", sqrt, true, 0.7, 3),
      unary("rsqrt", rsqrt, true, 0.7, 3),
      unary("tanh", tanh),
      unary("sigmoid", sigmoid),
      unary("relu", relu, false),
      unary("erf", erf),
      unary("gelu", gelu),
      unary("gelu_tanh", gelu_tanh),
      unary("silu", silu),
      unary("abs", abs, false),
      unary(
          "clamp", [](const Tensor& x) { return clamp(x, -0.9, 1.1); }, false),
      unary("sin", sin),
      unary("cos", cos),
  };
}

}  // namespace gradus::lab
