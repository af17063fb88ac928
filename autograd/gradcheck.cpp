#include "autograd/gradcheck.hpp"

#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus {

using namespace gradchecking;

GradcheckReport gradcheck(const std::function<Tensor()>& fn, const Named& tensors,
                          const GradcheckOptions& options) {
  refuse_bad_options(options);
  for (const auto& [label, x] : tensors) {
    if (x.dtype() != DType::f64) {
      fail<DTypeError>("gradcheck: {} is {}; differences need f64, so convert it with to(DType::f64)", label,
                       name(x.dtype()));
    }
  }
  refuse_bad_tensors(tensors);
  const GradMode mode(true);
  const ReplayedGenerator generator;
  const Problem problem{fn, tensors, generator};
  GradcheckReport report;
  if (options.rules != GradcheckRules::gradus) {
    report = check_by_rules(problem, options);
  } else if (options.dtype == DType::f32) {
    report = check_f32_against_f64(problem, options);
  } else {
    report = check_by_differences(problem, options);
  }
  report.seed = options.seed;
  return report;
}

GradcheckReport gradcheck(const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  refuse_bad_options(options);
  const CheckedInputs checked(inputs);
  return gradcheck([&] { return fn(checked.all); }, checked.named, options);
}

}  // namespace gradus
