#include "nn/gradcheck.hpp"

namespace gradus::nn {

GradcheckReport gradcheck(const Module& module, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  std::vector<Tensor> copies;
  std::vector<std::pair<std::string, Tensor>> checked;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || !is_float(inputs[i].dtype())) {
      copies.push_back(inputs[i]);
      continue;
    }
    copies.push_back(inputs[i].detach().to(DType::f64).clone().requires_grad());
    checked.emplace_back(fmt::format("input {}", i), copies.back());
  }
  for (auto& parameter : module.named_parameters()) checked.push_back(std::move(parameter));
  return gradus::gradcheck([&] { return fn(copies); }, checked, options);
}

}  // namespace gradus::nn
