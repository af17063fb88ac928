// Picking elements by index, and adding into them: each is the derivative of the other.
#include "autograd/kernels/reduce.hpp"
#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

/// @throws IndexError that names the first index outside [0, size).
void check_indices(std::string_view op, const Tensor& index, int64_t size, std::string_view what) {
  ops::check_dtype(op, "the index", index, DType::i64);
  const Tensor dense = index.contiguous();
  const int64_t* data = dense.data<int64_t>();
  for (int64_t i = 0, n = index.numel(); i < n; ++i) {
    if (data[i] < 0 || data[i] >= size) {
      fail<IndexError>("{}: index {} at position {} is outside [0, {}), the {}", op, data[i], i, size, what);
    }
  }
}

/// Calls body(offset in a tensor of shape `shape` and `strides`, flat position in index) for each element of
/// `index`: the element whose coordinate on `axis` is replaced by the index's value.
template <class Body>
void for_each_indexed(const Tensor& index, int64_t axis, const Strides& strides, Body body) {
  const Tensor dense = index.contiguous();
  const int64_t* data = dense.data<int64_t>();
  const Shape& shape = index.shape();
  for (int64_t i = 0, n = index.numel(); i < n; ++i) {
    int64_t rest = i, offset = 0;
    for (int d = shape.rank() - 1; d >= 0; --d) {
      const int64_t coordinate = rest % shape[d];
      rest /= shape[d];
      offset += (d == axis ? data[i] : coordinate) * strides[d];
    }
    body(offset, i);
  }
}

void check_gather_shapes(std::string_view op, const Tensor& x, int axis, const Tensor& index) {
  bool fits = x.rank() == index.rank();
  for (int d = 0; fits && d < x.rank(); ++d) fits = d == axis || index.shape()[d] <= x.shape()[d];
  if (!fits) {
    fail<ShapeError>("{}: an index of shape {} does not fit a tensor of shape {} along axis {}", op,
                     index.shape(), x.shape(), axis);
  }
}

}  // namespace

Tensor gather(const Tensor& x, int64_t axis, const Tensor& index) {
  const int a = normalize_axis(axis, x.shape(), "gather");
  check_gather_shapes("gather", x, a, index);
  check_indices("gather", index, x.shape()[a], "size of the axis");
  Tensor y = empty(index.shape(), x.dtype());
  dispatch_all(x.dtype(), [&]<class T> {
    const T* from = x.data<T>();
    T* to = y.mutable_data<T>();
    for_each_indexed(index, a, x.strides(), [&](int64_t offset, int64_t i) { to[i] = from[offset]; });
  });
  return record("gather", y, wrt(x, [a, index = saved(index), shape = x.shape()](const Tensor& dy) {
                  return scatter_add(zeros(shape, dy.dtype()), a, index, dy);
                }));
}

Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
  const int a = normalize_axis(axis, x.shape(), "scatter_add");
  ops::check_same_dtype("scatter_add", x, source);
  if (source.shape() != index.shape()) {
    fail<ShapeError>("scatter_add: index {} and source {} differ in shape", index.shape(), source.shape());
  }
  check_gather_shapes("scatter_add", x, a, index);
  check_indices("scatter_add", index, x.shape()[a], "size of the axis");
  Tensor y = x.detach().clone();
  dispatch_number(x.dtype(), "scatter_add", [&]<class T> {
    const Tensor dense = source.detach().contiguous();
    const T* from = dense.data<T>();
    T* to = y.mutable_data<T>();
    for_each_indexed(index, a, y.strides(), [&](int64_t offset, int64_t i) {
      to[offset] = kernels::wrapping<std::plus<>>(to[offset], from[i]);
    });
  });
  return record("scatter_add", y, wrt(x, [](const Tensor& dy) { return dy; }),
                wrt(source, [a, index = saved(index)](const Tensor& dy) { return gather(dy, a, index); }));
}

Tensor index_select(const Tensor& x, int64_t axis, const Tensor& index) {
  const int a = normalize_axis(axis, x.shape(), "index_select");
  if (index.rank() != 1)
    fail<ShapeError>("index_select: the index must have one axis, not shape {}", index.shape());
  check_indices("index_select", index, x.shape()[a], "size of the axis");
  Shape one = Shape::filled(x.rank(), 1), full = x.shape();
  one[a] = full[a] = index.numel();
  return gather(x, a, index.reshape(one).expand(full));
}

}  // namespace gradus
