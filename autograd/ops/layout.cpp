// Views and copies: the same elements in another order, shape or dtype.
#include "autograd/kernels/elementwise.hpp"
#include "autograd/ops/op_support.hpp"
#include "autograd/plural.hpp"

namespace gradus {
namespace {

/// The strides that show the memory of (shape, strides) as `to`, if there are any. A dimension of `to` must
/// lie inside a run of old dimensions that can be walked as one.
std::optional<Strides> strides_for_reshape(const Shape& shape, const Strides& strides, const Shape& to) {
  if (shape.numel() == 0) return contiguous_strides(to);
  Strides result = Shape::filled(to.rank(), 1);
  int next = to.rank() - 1;  // the dimension of `to` that is filled next, from the back
  int64_t run = 1;           // elements in the current run of old dimensions that hang together
  int64_t step = 1;          // the stride of the innermost dimension of that run
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (run == 1) step = strides[i];
    run *= shape[i];
    const bool hangs_on = i > 0 && (shape[i - 1] == 1 || strides[i - 1] == run * step || run == 1);
    if (hangs_on) continue;
    int64_t covered = 1;
    for (; next >= 0 && (covered < run || to[next] == 1); --next) {
      result[next] = step * covered;
      covered *= to[next];
    }
    if (covered != run) return std::nullopt;
    run = 1;
  }
  for (; next >= 0; --next) result[next] = 1;  // what is left has size 1
  return result;
}

Tensor dense_copy(const Tensor& x) {
  Tensor y = empty(x.shape(), x.dtype());
  dispatch_all(x.dtype(), [&]<class T> {
    kernels::map<T, T>(ops::output_view<T>(y), x.view<T>(), [](T v) { return v; });
  });
  return y;
}

}  // namespace

Tensor Tensor::reshape(Shape to) const {
  int64_t known = 1;
  int unknown = -1;
  for (int i = 0; i < to.rank(); ++i) {
    if (to[i] == -1 && unknown < 0) {
      unknown = i;
    } else if (to[i] < 0) {
      fail<ShapeError>("reshape: shape {} has more than one unknown or a negative size", to);
    } else if (__builtin_mul_overflow(known, to[i], &known)) {
      fail<ShapeError>("reshape: shape {} has more elements than can be counted", to);
    }
  }
  if (unknown >= 0) {
    if (known == 0 || numel() % known != 0) fail<ShapeError>("reshape: {} does not fit into {}", shape(), to);
    to[unknown] = numel() / known;
  }
  if (to.numel() != numel()) {
    fail<ShapeError>("reshape: {} has {} {} and {} has {}", shape(), numel(), plural(numel(), "element"), to,
                     to.numel());
  }
  const std::optional<Strides> strides = strides_for_reshape(shape(), this->strides(), to);
  const Tensor y =
      strides ? as_view(to, *strides, offset()) : dense_copy(*this).as_view(to, contiguous_strides(to), 0);
  return record_view("reshape", y,
                     wrt(*this, [shape = shape()](const Tensor& dy) { return dy.reshape(shape); }));
}

Tensor Tensor::transpose(int64_t a, int64_t b) const {
  Axes order;
  for (int i = 0; i < rank(); ++i) order.push_back(i);
  std::swap(order[normalize_axis(a, shape(), "transpose")], order[normalize_axis(b, shape(), "transpose")]);
  return permute(order);
}

Tensor Tensor::permute(const Axes& order) const {
  if (order.rank() != rank())
    fail<ShapeError>("permute: {} {} for a tensor of shape {}", order.rank(),
                     plural(order.rank(), "axis", "axes"), shape());
  Shape new_shape = shape(), new_strides = strides();
  Axes inverse = Shape::filled(rank(), -1);
  for (int i = 0; i < rank(); ++i) {
    const int from = normalize_axis(order[i], shape(), "permute");
    if (inverse[from] >= 0) fail<IndexError>("permute: axis {} is named twice in {}", order[i], order);
    inverse[from] = i;
    new_shape[i] = shape()[from];
    new_strides[i] = strides()[from];
  }
  return record_view("permute", as_view(new_shape, new_strides, offset()),
                     wrt(*this, [inverse](const Tensor& dy) { return dy.permute(inverse); }));
}

Tensor Tensor::slice(int64_t axis, int64_t begin, int64_t end, int64_t step) const {
  const int a = normalize_axis(axis, shape(), "slice");
  const int64_t size = shape()[a], from = begin < 0 ? begin + size : begin, to = end < 0 ? end + size : end;
  if (from < 0 || to > size || from > to) {
    fail<IndexError>("slice: [{}, {}) is outside axis {} of {}", begin, end, axis, shape());
  }
  begin = from, end = to;
  if (step < 1) fail<ValueError>("slice: the step must be 1 or more, not {}", step);
  Shape new_shape = shape(), new_strides = strides();
  new_shape[a] = begin == end ? 0 : (end - begin - 1) / step + 1;
  // The step matters from the second index on, and the place where nothing begins not at all: a product with
  // either could overflow.
  if (new_shape[a] > 1) new_strides[a] *= step;
  const int64_t start = new_shape.numel() == 0 ? offset() : offset() + begin * strides()[a];
  return record_view("slice", as_view(new_shape, new_strides, start),
                     wrt(*this, [a, begin, step, shape = shape()](const Tensor& dy) {
                       if (step == 1) return pad(dy, a, begin, shape[a] - begin - dy.size(a));
                       if (dy.numel() == 0) return zeros(shape, dy.dtype());  // its axis may be long
                       std::vector<int64_t> indices;
                       for (int64_t i = 0; i < dy.size(a); ++i) indices.push_back(begin + i * step);
                       const Tensor index = tensor(indices);
                       Shape full = Shape::filled(dy.rank(), 1);
                       full[a] = dy.size(a);
                       return scatter_add(zeros(shape, dy.dtype()), a, index.reshape(full).expand(dy.shape()),
                                          dy);
                     }));
}

Tensor Tensor::select(int64_t axis, int64_t index) const {
  const int a = normalize_axis(axis, shape(), "select");
  const int64_t i = index < 0 ? index + shape()[a] : index;
  if (i < 0 || i >= shape()[a])
    fail<IndexError>("select: index {} is outside axis {} of {}", index, axis, shape());
  return slice(a, i, i + 1).squeeze(a);
}

Tensor Tensor::expand(const Shape& sizes) const {
  Shape to = sizes;
  const int lead = to.rank() - rank();
  for (int i = 0; i < to.rank() && lead >= 0; ++i) {
    if (to[i] == -1 && i >= lead) to[i] = shape()[i - lead];
    if (to[i] < 0) {
      fail<ShapeError>(
          "expand: size {} in {} for a tensor of shape {}: sizes are 0 or more, or -1 where an axis keeps "
          "its "
          "own",
          to[i], sizes, shape());
    }
  }
  if (lead < 0 || broadcast_shapes(shape(), to, "expand") != to) {
    fail<ShapeError>("expand: shape {} does not broadcast to {}", shape(), sizes);
  }
  (void)to.numel();  // a view needs no memory for its elements, but they must be countable
  return record_view("expand", as_view(to, broadcast_strides(shape(), strides(), to), offset()),
                     wrt(*this, [](const Tensor& dy) { return dy; }));  // the engine sums what was repeated
}

Tensor Tensor::squeeze() const {
  Shape left;
  for (const int64_t size : shape()) {
    if (size != 1) left.push_back(size);
  }
  return reshape(left);
}

Tensor Tensor::squeeze(int64_t axis) const {
  const int a = normalize_axis(axis, shape(), "squeeze");
  if (shape()[a] != 1)
    fail<ShapeError>("squeeze: axis {} of {} has size {}, not 1", axis, shape(), shape()[a]);
  Shape new_shape = shape(), new_strides = strides();
  new_shape.erase(a);
  new_strides.erase(a);
  return record_view("squeeze", as_view(new_shape, new_strides, offset()),
                     wrt(*this, [a](const Tensor& dy) { return dy.unsqueeze(a); }));
}

Tensor Tensor::unsqueeze(int64_t axis) const {
  Shape new_shape = shape(), new_strides = strides();
  new_shape.push_back(1);
  const int a = normalize_axis(axis, new_shape, "unsqueeze");
  new_shape = shape();
  new_shape.insert(a, 1);
  new_strides.insert(a, 1);
  return record_view("unsqueeze", as_view(new_shape, new_strides, offset()),
                     wrt(*this, [a](const Tensor& dy) { return dy.squeeze(a); }));
}

Tensor Tensor::clone() const {
  return record("clone", dense_copy(*this), wrt(*this, [](const Tensor& dy) { return dy; }));
}

Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::to(DType dtype) const {
  if (dtype == this->dtype()) return *this;
  Tensor y = empty(shape(), dtype);
  dispatch_all(dtype, [&]<class To> {
    dispatch_all(this->dtype(), [&]<class From> {
      kernels::map<To, From>(ops::output_view<To>(y), view<From>(),
                             [](From v) { return ops::convert<To>("to", v); });
    });
  });
  if (!is_float(dtype)) return y;
  return record("to", y, wrt(*this, [from = this->dtype()](const Tensor& dy) { return dy.to(from); }));
}

Tensor concat(const std::vector<Tensor>& parts, int64_t axis) {
  if (parts.empty()) fail<ShapeError>("concat: there is nothing to join");
  const int a = normalize_axis(axis, parts[0].shape(), "concat");
  Shape shape = parts[0].shape();
  shape[a] = 0;
  for (const Tensor& part : parts) {
    ops::check_same_dtype("concat", parts[0], part);
    Shape expected = shape;
    if (part.rank() == shape.rank()) expected[a] = part.shape()[a];
    if (part.shape() != expected) {
      fail<ShapeError>("concat: shapes {} and {} differ outside axis {}", parts[0].shape(), part.shape(),
                       axis);
    }
    if (__builtin_add_overflow(shape[a], part.shape()[a], &shape[a])) {
      fail<ShapeError>("concat: axis {} of all {} parts together has more indices than can be counted", axis,
                       parts.size());
    }
  }
  Tensor y = empty(shape, parts[0].dtype());
  std::vector<Derivative> derivatives;
  int64_t at = 0;
  for (const Tensor& part : parts) {
    const int64_t size = part.shape()[a];
    {
      const NoGrad no_grad;
      y.slice(a, at, at + size).copy_(part);
    }
    derivatives.push_back(wrt(part, [a, at, size](const Tensor& dy) { return dy.slice(a, at, at + size); }));
    at += size;
  }
  std::erase_if(derivatives, [](const Derivative& d) { return !d.function; });
  return detail::record_all("concat", y, std::move(derivatives));
}

Tensor stack(const std::vector<Tensor>& parts, int64_t axis) {
  if (parts.empty()) fail<ShapeError>("stack: there is nothing to join");
  std::vector<Tensor> raised;
  raised.reserve(parts.size());
  for (const Tensor& part : parts) {
    ops::check_same_dtype("stack", parts[0], part);
    if (part.shape() != parts[0].shape()) {
      fail<ShapeError>("stack: shapes {} and {} differ", parts[0].shape(), part.shape());
    }
    raised.push_back(part.unsqueeze(axis));
  }
  return concat(raised, axis);
}

std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis) {
  const int64_t size = x.shape()[normalize_axis(axis, x.shape(), "split")];
  int64_t rest = size;  // what the parts so far leave: it cannot overflow, as a sum of theirs could
  bool fits = true;
  for (const int64_t part : sizes) {
    if (part < 0) fail<ShapeError>("split: a part of size {}", part);
    fits = fits && part <= rest;
    if (fits) rest -= part;
  }
  if (!fits || rest != 0) {
    fail<ShapeError>("split: sizes [{}] do not add up to axis {} of {}", fmt::join(sizes, ", "), axis,
                     x.shape());
  }
  std::vector<Tensor> parts;
  int64_t at = 0;
  for (const int64_t part : sizes) {
    parts.push_back(x.slice(axis, at, at + part));
    at += part;
  }
  return parts;
}

Tensor pad(const Tensor& x, int64_t axis, int64_t before, int64_t after, double value) {
  const int a = normalize_axis(axis, x.shape(), "pad");
  if (before < 0 || after < 0) fail<ShapeError>("pad: cannot add {} and {} elements", before, after);
  const int64_t size = x.shape()[a];
  Shape shape = x.shape();
  if (__builtin_add_overflow(shape[a], before, &shape[a]) ||
      __builtin_add_overflow(shape[a], after, &shape[a])) {
    fail<ShapeError>("pad: {} and {} elements around axis {} of {} are more than can be counted", before,
                     after, axis, x.shape());
  }
  Tensor y = full(shape, value, x.dtype());
  {
    const NoGrad no_grad;
    y.slice(a, before, before + size).copy_(x);
  }
  return record("pad", y,
                wrt(x, [a, before, size](const Tensor& dy) { return dy.slice(a, before, before + size); }));
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  if (shape.rank() > x.rank() || broadcast_shapes(shape, x.shape(), "sum_to") != x.shape()) {
    fail<ShapeError>("sum_to: {} is not a broadcast of {}", x.shape(), shape);
  }
  const int lead = x.rank() - shape.rank();
  Axes repeated;
  for (int i = 0; i < x.rank(); ++i) {
    if (i < lead || (shape[i - lead] == 1 && x.shape()[i] != 1)) repeated.push_back(i);
  }
  return sum(x, repeated, true).reshape(shape);
}

}  // namespace gradus
