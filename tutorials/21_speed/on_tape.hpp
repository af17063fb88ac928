/// @file
/// Chapter 21: the loops of fusing.hpp and losing.hpp as ops on the tape, so that their gradients can be
/// checked. T is float or double and the dtype of what they are given.
#pragma once

#include "autograd/node.hpp"
#include "fusing.hpp"
#include "losing.hpp"

namespace gradus::tutorials::speed {

/// GELU(x + bias) in three passes: x [rows, cols], bias [cols].
template <class T>
Tensor gelu_in_three_op(const Tensor& x, const Tensor& bias) {
  const int64_t rows = x.size(0), cols = x.size(1);
  const auto fresh = [=] { return empty({rows, cols}, dtype_of<T>); };
  Tensor z = fresh(), phi = fresh(), y = fresh();
  bias_gelu_in_three(x.data<T>(), bias.data<T>(), z.mutable_data<T>(), phi.mutable_data<T>(),
                     y.mutable_data<T>(), rows, cols);
  const auto backward = [=](const Tensor& dy) {
    Tensor dphi = fresh(), dx = fresh(), dbias = empty({cols}, dtype_of<T>);
    bias_gelu_backward_in_three(dy.contiguous().data<T>(), z.data<T>(), phi.data<T>(), dphi.mutable_data<T>(),
                                dx.mutable_data<T>(), dbias.mutable_data<T>(), rows, cols);
    return std::pair{dx, dbias};
  };
  return record("gelu_in_three", y, wrt(x, [=](const Tensor& dy) { return backward(dy).first; }),
                wrt(bias, [=](const Tensor& dy) { return backward(dy).second; }));
}

/// The same in one pass.
template <class T>
Tensor gelu_in_one_op(const Tensor& x, const Tensor& bias) {
  const int64_t rows = x.size(0), cols = x.size(1);
  Tensor y = empty(x.shape(), dtype_of<T>), slope = empty(x.shape(), dtype_of<T>);
  bias_gelu_in_one(x.data<T>(), bias.data<T>(), y.mutable_data<T>(), slope.mutable_data<T>(), rows, cols);
  const auto backward = [=](const Tensor& dy) {
    Tensor dx = empty({rows, cols}, dtype_of<T>), dbias = empty({cols}, dtype_of<T>);
    bias_gelu_backward_in_one(dy.contiguous().data<T>(), slope.data<T>(), dx.mutable_data<T>(),
                              dbias.mutable_data<T>(), rows, cols);
    return std::pair{dx, dbias};
  };
  return record("gelu_in_one", y, wrt(x, [=](const Tensor& dy) { return backward(dy).first; }),
                wrt(bias, [=](const Tensor& dy) { return backward(dy).second; }));
}

/// What each row of scores [rows, classes] costs, [rows], in three passes.
template <class T>
Tensor loss_in_three_op(const Tensor& scores, const std::vector<int64_t>& labels) {
  const int64_t rows = scores.size(0), classes = scores.size(1);
  const auto fresh = [=] { return empty({rows, classes}, dtype_of<T>); };
  Tensor less = fresh(), e = fresh(), logs = fresh(), loss = empty({rows}, dtype_of<T>);
  loss_in_three(scores.data<T>(), labels.data(), less.mutable_data<T>(), e.mutable_data<T>(),
                logs.mutable_data<T>(), loss.mutable_data<T>(), rows, classes);
  return record("loss_in_three", loss, wrt(scores, [=](const Tensor& dloss) {
                  Tensor dlogs = fresh(), p = fresh(), dscores = fresh();
                  loss_backward_in_three(logs.data<T>(), labels.data(), dloss.contiguous().data<T>(),
                                         dlogs.mutable_data<T>(), p.mutable_data<T>(),
                                         dscores.mutable_data<T>(), rows, classes);
                  return dscores;
                }));
}

/// The same in one pass.
template <class T>
Tensor loss_in_one_op(const Tensor& scores, const std::vector<int64_t>& labels) {
  const int64_t rows = scores.size(0), classes = scores.size(1);
  Tensor loss = empty({rows}, dtype_of<T>), shifts = empty({rows}, dtype_of<T>),
         sums = empty({rows}, dtype_of<T>);
  loss_in_one(scores.data<T>(), labels.data(), loss.mutable_data<T>(), shifts.mutable_data<T>(),
              sums.mutable_data<T>(), rows, classes);
  return record("loss_in_one", loss, wrt(scores, [=, scores = saved(scores)](const Tensor& dloss) {
                  Tensor dscores = empty({rows, classes}, dtype_of<T>);
                  loss_backward_in_one(scores.get().data<T>(), labels.data(), shifts.data<T>(),
                                       sums.data<T>(), dloss.contiguous().data<T>(),
                                       dscores.mutable_data<T>(), rows, classes);
                  return dscores;
                }));
}

}  // namespace gradus::tutorials::speed
