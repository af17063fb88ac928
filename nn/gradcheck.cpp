#include "nn/gradcheck.hpp"

#include "autograd/gradcheck/problem.hpp"

namespace gradus::nn {

GradcheckReport gradcheck(const Module& module, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  const gradchecking::Named parameters = module.named_parameters();
  const gradchecking::ConvertedLeaves in_f64(parameters, DType::f64);
  gradchecking::CheckedInputs checked(inputs);
  checked.named.insert(checked.named.end(), parameters.begin(), parameters.end());
  return gradus::gradcheck([&] { return fn(checked.all); }, checked.named, options);
}

}  // namespace gradus::nn
