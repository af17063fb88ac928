#include "gradlab/subject.hpp"

#include "autograd/gradcheck/problem.hpp"

namespace gradus::lab {

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = [] {
    std::vector<Subject> list;
    for (const auto& part : {arithmetic_subjects(), function_subjects(), layout_subjects(), fused_subjects(),
                             layer_subjects()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }();
  return all;
}

const Subject* find_subject(const std::string& name) {
  for (const Subject& subject : subjects()) {
    if (subject.name == name) return &subject;
  }
  return nullptr;
}

const std::vector<WithoutGradient>& ops_without_gradient() {
  static const std::vector<WithoutGradient> all = {
      {"equal", "gives truth values"},       {"not_equal", "gives truth values"},
      {"less", "gives truth values"},        {"less_equal", "gives truth values"},
      {"greater", "gives truth values"},     {"greater_equal", "gives truth values"},
      {"logical_and", "gives truth values"}, {"logical_not", "gives truth values"},
      {"is_finite", "gives truth values"},   {"argmax", "gives an index"},
  };
  return all;
}

GradcheckReport check(const Sample& sample, const GradcheckOptions& options) {
  if (sample.module) return nn::gradcheck(*sample.module, sample.fn, sample.inputs, options);
  return gradcheck(sample.fn, sample.inputs, options);
}

Sweep sweep(const Sample& sample, const GradcheckOptions& options) {
  if (!sample.module) return gradcheck_sweep(sample.fn, sample.inputs, options);
  const gradchecking::Named parameters = sample.module->named_parameters();
  const gradchecking::ConvertedLeaves in_f64(parameters, DType::f64);
  gradchecking::CheckedInputs checked(sample.inputs);
  checked.named.insert(checked.named.end(), parameters.begin(), parameters.end());
  return gradcheck_sweep([&] { return sample.fn(checked.all); }, checked.named, options);
}

Tensor spread(const Shape& shape, uint64_t seed, double low, double high) {
  Rng rng(seed);
  const int64_t n = shape.numel();
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) {
    const double share = (static_cast<double>(i) + 0.25 + 0.5 * rng.uniform()) / static_cast<double>(n);
    values.push_back(low + (high - low) * share);
  }
  rng.shuffle(values);
  return tensor(values, shape);
}

}  // namespace gradus::lab
