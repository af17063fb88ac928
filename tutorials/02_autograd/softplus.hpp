/// @file
/// An op of the reader's own, put on Gradus's tape.
#pragma once

#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"

namespace gradus::tutorials {

/// softplus(x) = log(1 + exp(x)), element by element (Dugas et al. 2000). Its derivative is sigmoid(x).
/// As it is written here, exp overflows for large x (in f64 above 709).
inline Tensor softplus(const Tensor& x) {
  Tensor y;
  {
    const NoGrad no_grad;  // the steps inside are our own business: only the op as a whole is recorded
    y = log(1.0 + exp(x));
  }
  return record("softplus", y, wrt(x, [x = saved(x)](const Tensor& dy) { return dy * sigmoid(x); }));
}

/// The same function without an op of its own: three ops of the library, whose derivatives are theirs.
inline Tensor softplus_composed(const Tensor& x) { return log(1.0 + exp(x)); }

}  // namespace gradus::tutorials
