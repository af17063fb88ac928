// Subjects: functions of one element.
#include "autograd/ops.hpp"
#include "gradlab/op_subject.hpp"

namespace gradus::lab {
namespace {

Subject unary(const std::string& name, Tensor (*f)(const Tensor&), OpTraits traits = {}) {
  traits.stream = 1;
  return op_subject(
      name, {{rows(3), size(4)}}, [f](const Inputs& x) { return f(x[0]); }, traits);
}

}  // namespace

std::vector<Subject> function_subjects() {
  const OpTraits positive = {.low = 0.7, .high = 3}, kinked = {.smooth = false};
  return {
      unary("exp", exp),
      unary("log", log, positive),
      unary("sqrt", sqrt, positive),
      unary("rsqrt", rsqrt, positive),
      unary("tanh", tanh),
      unary("sigmoid", sigmoid),
      unary("relu", relu, kinked),
      unary("erf", erf),
      unary("gelu", gelu),
      unary("gelu_tanh", gelu_tanh),
      unary("silu", silu),
      unary("abs", abs, kinked),
      unary(
          "clamp", [](const Tensor& x) { return clamp(x, -0.9, 1.1); }, kinked),
      unary("sin", sin),
      unary("cos", cos),
  };
}

}  // namespace gradus::lab
