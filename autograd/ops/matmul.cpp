// Matrix products. Every operand is handed to the kernel with its own strides, so a transposed or sliced one
// costs no copy.
#include "autograd/kernels/layers/bias.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

using kernels::Matrix;

/// The last two dimensions of x as a matrix.
template <class T>
Matrix<const T> as_matrix(const Tensor& x) {
  const int r = x.rank();
  return {x.data<T>(), x.shape()[r - 2], x.shape()[r - 1], x.strides()[r - 2], x.strides()[r - 1]};
}

Shape without_last_two(const Shape& shape) {
  Shape batch = shape;
  batch.erase(batch.rank() - 1);
  batch.erase(batch.rank() - 1);
  return batch;
}

/// a [..., M, K] times b [..., K, N], both of rank 2 or more.
Tensor product(const Tensor& a, const Tensor& b) {
  const Shape a_batch = without_last_two(a.shape()), b_batch = without_last_two(b.shape());
  const Shape batch = broadcast_shapes(a_batch, b_batch, "matmul");
  Shape shape = batch;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  Tensor y = empty(shape, a.dtype());
  const Strides y_batch = without_last_two(y.strides());
  const auto strides = [&](const Tensor& x, const Shape& own) {
    return broadcast_strides(own, without_last_two(x.strides()), batch);
  };
  dispatch_float(a.dtype(), "matmul", [&]<class T> {
    const int r = y.rank();
    const Matrix<T> c{y.mutable_data<T>(), y.shape()[r - 2], y.shape()[r - 1], y.strides()[r - 2],
                      y.strides()[r - 1]};
    kernels::gemm_batched<T>(batch, 1, as_matrix<T>(a), strides(a, a_batch), as_matrix<T>(b),
                             strides(b, b_batch), 0, c, y_batch);
  });
  return y;
}

/// x [..., N] as [rows, N]: a view unless x has strides that no matrix has.
Tensor as_rows(const Tensor& x) {
  Shape lead = x.shape();
  lead.erase(lead.rank() - 1);
  return x.reshape({lead.numel(), x.size(-1)});
}

/// y = x W^T + bias for x [..., in]. All leading dimensions become the rows of one product.
Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const NoGrad no_grad;
  const int64_t out = weight.size(0);
  Shape shape = x.shape();
  shape[x.rank() - 1] = out;
  const Tensor rows = as_rows(x);  // [..., in] -> [rows, in]
  Tensor y = empty(shape, x.dtype());
  dispatch_float(x.dtype(), "linear", [&]<class T> {
    const Matrix<T> c{y.mutable_data<T>(), rows.size(0), out, out, 1};
    const Matrix<const T> a = as_matrix<T>(rows), b = as_matrix<T>(weight).transposed();
    if (bias.defined())
      kernels::gemm_with_bias<T>(a, b, bias.contiguous().data<T>(), c);
    else
      kernels::gemm<T>(1, a, b, 0, c);
  });
  return y;
}

/// The sum of dy over all but its last dimension: the gradient of a bias.
Tensor bias_gradient(const Tensor& dy) {
  const Tensor rows = as_rows(dy);
  if (grad_enabled()) return sum(rows, Axes{0});
  const Tensor dense = rows.contiguous();
  Tensor db = empty({dy.size(-1)}, dy.dtype());
  dispatch_float(dy.dtype(), "linear", [&]<class T> {
    kernels::column_sum<T>(dense.data<T>(), db.mutable_data<T>(), dense.size(0), dense.size(1));
  });
  return db;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  ops::check_same_dtype("matmul", a, b);
  ops::check_float("matmul", a);
  if (a.rank() == 0 || b.rank() == 0)
    fail<ShapeError>("matmul: a {} and b {}: a scalar is no matrix", a.shape(), b.shape());
  const int64_t inner = b.size(b.rank() == 1 ? 0 : -2);
  if (a.size(-1) != inner) {
    fail<ShapeError>("matmul: a {} and b {}: inner dimensions {} and {} differ", a.shape(), b.shape(),
                     a.size(-1), inner);
  }
  // A vector is a row on the left and a column on the right; the axis that it gains is dropped at the end.
  if (a.rank() == 1) return matmul(a.unsqueeze(0), b).squeeze(b.rank() == 1 ? 0 : -2);
  if (b.rank() == 1) return matmul(a, b.unsqueeze(1)).squeeze(-1);
  return record("matmul", product(a, b),
                wrt(a, [b = saved(b)](const Tensor& dy) { return matmul(dy, b.get().transpose(-2, -1)); }),
                wrt(b, [a = saved(a)](const Tensor& dy) { return matmul(a.get().transpose(-2, -1), dy); }));
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  ops::check_same_dtype("linear", x, weight);
  if (weight.rank() != 2) fail<ShapeError>("linear: the weight must be [out, in], not {}", weight.shape());
  if (x.rank() == 0 || x.size(-1) != weight.size(1)) {
    fail<ShapeError>("linear: x {} and weight {}: the last dimension of x must be {}", x.shape(),
                     weight.shape(), weight.size(1));
  }
  if (bias.defined()) {
    ops::check_same_dtype("linear", x, bias);
    if (bias.shape() != Shape{weight.size(0)}) {
      fail<ShapeError>("linear: bias {} for a weight {}: it must be [{}]", bias.shape(), weight.shape(),
                       weight.size(0));
    }
  }
  // The weight first: with it done, dx may lie where x lay.
  return record(
      "linear", linear_forward(x, weight, bias),
      wrt(weight,
          [x = saved(x)](const Tensor& dy) {
            // dW = dY^T X: [out, rows] times [rows, in].
            return matmul(as_rows(dy).transpose(0, 1), as_rows(x));
          }),
      wrt(bias, [](const Tensor& dy) { return bias_gradient(dy); }),
      wrt(x, [w = saved(weight)](const Tensor& dy) { return linear(dy, w.get().transpose(0, 1)); }));
}

}  // namespace gradus
