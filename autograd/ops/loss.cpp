// Cross-entropy.
#include "autograd/kernels/layers/cross_entropy.hpp"

#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

[[noreturn]] void fail_target(int64_t target, int64_t position, int64_t classes) {
  fail<IndexError>("cross_entropy: target {} at position {} is outside [0, {}), the number of classes",
                   target, position, classes);
}

void check_arguments(const Tensor& logits, const Tensor& targets, const CrossEntropyOptions& options) {
  ops::check_float("cross_entropy", logits);
  ops::check_dtype("cross_entropy", "the targets", targets, DType::i64);
  if (logits.rank() == 0) {
    fail<ShapeError>("cross_entropy: the logits are a scalar; they need an axis of classes");
  }
  Shape lead = logits.shape();
  lead.erase(lead.rank() - 1);
  if (targets.shape() != lead) {
    fail<ShapeError>("cross_entropy: logits {} need targets {}, not {}", logits.shape(), lead,
                     targets.shape());
  }
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1)) {
    fail<ValueError>("cross_entropy: label_smoothing {} is outside [0, 1]", options.label_smoothing);
  }
  if (!options.weight.defined()) return;
  // (Without weights the kernel finds them.)
  const Tensor wanted = targets.contiguous();
  for (int64_t i = 0; i < wanted.numel(); ++i) {
    const int64_t target = wanted.data<int64_t>()[i];
    if (target != options.ignore_index && (target < 0 || target >= logits.size(-1)))
      fail_target(target, i, logits.size(-1));
  }
  ops::check_dtype("cross_entropy", "the weight", options.weight, logits.dtype());
  if (options.weight.shape() != Shape{logits.size(-1)}) {
    fail<ShapeError>("cross_entropy: logits {} need a weight [{}], not {}", logits.shape(), logits.size(-1),
                     options.weight.shape());
  }
}

double one_over(double total) { return total != 0 ? 1 / total : 0; }

int64_t count_targets(const Tensor& dense_targets, int64_t ignore_index) {
  const int64_t* data = dense_targets.data<int64_t>();
  int64_t count = 0;
  for (int64_t i = 0, n = dense_targets.numel(); i < n; ++i) count += data[i] != ignore_index;
  return count;
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& targets, CrossEntropyOptions options) {
  check_arguments(logits, targets, options);
  // Weights of classes are for small heads: they need no kernel of their own.
  if (composed_ops() || options.weight.defined()) return composed::cross_entropy(logits, targets, options);
  const Tensor dense = logits.detach().contiguous(), wanted = targets.contiguous();
  const int64_t classes = logits.size(-1), rows = targets.numel();
  Tensor losses = empty({rows}, logits.dtype()), shift = empty({rows}, logits.dtype()),
         inverse = empty({rows}, logits.dtype());
  dispatch_float(logits.dtype(), "cross_entropy", [&]<class T> {
    const int64_t bad = kernels::cross_entropy<T>(
        dense.data<T>(), wanted.data<int64_t>(), options.ignore_index, options.label_smoothing,
        losses.mutable_data<T>(), shift.mutable_data<T>(), inverse.mutable_data<T>(), rows, classes);
    if (bad >= 0) fail_target(wanted.data<int64_t>()[bad], bad, classes);
  });
  const bool each = options.reduction == LossReduction::none;
  const double share = options.reduction == LossReduction::mean
                           ? one_over(static_cast<double>(count_targets(wanted, options.ignore_index)))
                           : 1;
  Tensor loss;
  {
    const NoGrad no_grad;
    loss = each ? losses.reshape(targets.shape()) : sum(losses) * share;
  }
  // docs/derivations/cross_entropy.md
  const auto backward = [x = saved(dense), wanted = saved(wanted), shift, inverse, each, share, options, rows,
                         classes](const Tensor& dy, const Tensor&) {
    const Tensor per_row = each ? dy.contiguous() : full({rows}, dy.item() * share, dy.dtype());
    const Tensor &input = x, &classes_wanted = wanted;
    Tensor dx = ops::over_saved(input);
    dispatch_float(dy.dtype(), "cross_entropy", [&]<class T> {
      kernels::cross_entropy_backward<T>(input.data<T>(), classes_wanted.data<int64_t>(), shift.data<T>(),
                                         inverse.data<T>(), per_row.data<T>(), options.ignore_index,
                                         options.label_smoothing, dx.mutable_data<T>(), rows, classes);
    });
    return std::vector<Tensor>{dx};
  };
  return record_fused("cross_entropy", loss, {logits}, backward,
                      [targets = saved(targets), options](const std::vector<Tensor>& in) {
                        return composed::cross_entropy(in[0], targets, options);
                      });
}

Tensor composed::cross_entropy(const Tensor& logits, const Tensor& targets, CrossEntropyOptions options) {
  check_arguments(logits, targets, options);
  const double e = options.label_smoothing;
  const Tensor ignored =
      equal(targets, tensor<int64_t>({options.ignore_index}, Shape{}));  // exact, which a double is not
  Tensor log_p = composed::log_softmax(logits);                          // [..., C]
  double total = static_cast<double>(count_targets(targets.contiguous(), options.ignore_index));
  const Tensor classes = masked_fill(targets, ignored, 0);
  if (options.weight.defined()) {
    const Tensor weight = options.weight.detach();
    log_p = log_p * weight;
    const Tensor of_targets = index_select(weight, 0, classes.reshape({classes.numel()}));
    total = sum(masked_fill(of_targets.reshape(targets.shape()), ignored, 0)).item();
  }
  const Tensor picked = gather(log_p, -1, classes.unsqueeze(-1)).squeeze(-1);
  // Without smoothing the mean is left out: 0 times the -inf of an impossible class would be NaN.
  Tensor loss = e == 0 ? -picked : -((1 - e) * picked + e * mean(log_p, Axes{-1}));
  loss = masked_fill(loss, ignored, 0);
  if (options.reduction == LossReduction::none) return loss;
  return sum(loss) * (options.reduction == LossReduction::mean ? one_over(total) : 1);
}

}  // namespace gradus
