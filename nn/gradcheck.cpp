#include "nn/gradcheck.hpp"

#include <optional>

#include "autograd/gradcheck/problem.hpp"

namespace gradus::nn {

GradcheckReport gradcheck(const Module& module, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  const gradchecking::Named parameters = module.named_parameters();
  const gradchecking::ConvertedLeaves in_f64(parameters, DType::f64);
  gradchecking::CheckedInputs checked(inputs);
  gradchecking::Named frozen;
  for (const auto& parameter : parameters) {
    (parameter.second.needs_grad() ? checked.named : frozen).push_back(parameter);
  }
  std::optional<gradchecking::ConvertedLeaves> frozen_alike;  // a check in f32 converts what it checks
  const auto run = [&] {
    frozen_alike.emplace(frozen, checked.named.front().second.dtype());
    return fn(checked.all);
  };
  return gradus::gradcheck(run, checked.named, options);
}

}  // namespace gradus::nn
