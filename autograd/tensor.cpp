#include "autograd/tensor.hpp"

#include <functional>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/kernels/elementwise.hpp"
#include "autograd/kernels/wrapping.hpp"
#include "autograd/ops/op_support.hpp"
#include "autograd/plural.hpp"
#include "autograd/tensor_impl.hpp"

namespace gradus {
namespace {

TensorImpl& deref(TensorImpl* impl) {
  if (impl == nullptr)
    fail<GraphError>("this tensor is not defined: it was made by Tensor() and never assigned");
  return *impl;
}

/// What is written in place goes past the tape: a source whose gradient is wanted would lose it in silence.
void check_source(std::string_view what, const Tensor& from) {
  if (grad_enabled() && from.needs_grad()) {
    fail<GraphError>(
        "{}: what is written in place is not recorded, so the gradient of the source would be lost; compute "
        "a new tensor, or write inside NoGrad or from detach()",
        what);
  }
}

/// `from` as it can be read while `to` is written: a copy if some of its memory is `to` seen in another way.
Tensor apart(const Tensor& from, const Tensor& to) {
  const bool same =
      from.offset() == to.offset() && from.shape() == to.shape() && from.strides() == to.strides();
  return from.shares_memory_with(to) && !same ? from.detach().clone() : from;
}

}  // namespace

Tensor make_tensor(StoragePtr storage, const Shape& shape, const Strides& strides, int64_t offset,
                   DType dtype) {
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = std::move(storage);
  impl->shape = shape;
  impl->strides = strides;
  impl->offset = offset;
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

// ---- What it is ----

DType Tensor::dtype() const { return deref(impl()).dtype; }
const Shape& Tensor::shape() const& { return deref(impl()).shape; }
Shape Tensor::shape() && { return deref(impl()).shape; }
const Strides& Tensor::strides() const& { return deref(impl()).strides; }
Strides Tensor::strides() && { return deref(impl()).strides; }
int64_t Tensor::offset() const { return deref(impl()).offset; }
int64_t Tensor::size(int64_t axis) const { return shape()[normalize_axis(axis, shape(), "size")]; }
int Tensor::rank() const { return shape().rank(); }
int64_t Tensor::numel() const { return shape().numel(); }
uint64_t Tensor::version() const { return deref(impl()).storage->version(); }

bool Tensor::is_contiguous() const {
  return kernels::View<const char>{nullptr, shape(), strides()}.is_contiguous();
}

bool Tensor::shares_memory_with(const Tensor& other) const {
  return deref(impl()).storage == deref(other.impl()).storage;
}

// ---- Reading values ----

const void* Tensor::raw_data(DType wanted) const {
  const TensorImpl& impl = deref(this->impl());
  if (impl.dtype != wanted)
    fail<DTypeError>("data: the tensor is {}, not {}", name(impl.dtype), name(wanted));
  return static_cast<const char*>(impl.storage->data()) + impl.offset * size_of(impl.dtype);
}

template <class T>
T* Tensor::mutable_data() {
  const void* data = raw_data(dtype_of<T>);
  impl_->storage->bump_version();
  return static_cast<T*>(const_cast<void*>(data));
}
template float* Tensor::mutable_data<float>();
template double* Tensor::mutable_data<double>();
template int64_t* Tensor::mutable_data<int64_t>();
template bool* Tensor::mutable_data<bool>();

double Tensor::item() const {
  if (numel() != 1) fail<ShapeError>("item: a tensor of shape {} has {} elements, not one", shape(), numel());
  return dispatch_all(dtype(), [&]<class T> { return static_cast<double>(*data<T>()); });
}

double Tensor::at(std::initializer_list<int64_t> index) const {
  const Shape position(index);
  if (position.rank() != rank()) {
    fail<IndexError>("at: {} {} for a tensor of shape {}", position.rank(),
                     plural(position.rank(), "index", "indices"), shape());
  }
  int64_t offset = 0;
  for (int i = 0; i < rank(); ++i) {
    const int64_t place = position[i] < 0 ? position[i] + shape()[i] : position[i];
    if (place < 0 || place >= shape()[i]) {
      fail<IndexError>("at: index {} is outside a tensor of shape {}", position, shape());
    }
    offset += place * strides()[i];
  }
  return dispatch_all(dtype(), [&]<class T> { return static_cast<double>(data<T>()[offset]); });
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  const Tensor dense = detach().contiguous();
  const T* data = dense.data<T>();
  return std::vector<T>(data, data + dense.numel());
}
template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<int64_t> Tensor::to_vector() const;
template std::vector<bool> Tensor::to_vector() const;

Tensor Tensor::as_view(const Shape& shape, const Strides& strides, int64_t offset) const {
  return make_tensor(deref(impl()).storage, shape, strides, offset, dtype());
}

// ---- Autograd ----

const NodePtr& Tensor::node() const { return deref(impl()).node; }
bool Tensor::needs_grad() const { return defined() && impl_->node != nullptr; }
bool Tensor::is_leaf() const { return !needs_grad() || impl_->node->is_leaf; }

Tensor Tensor::requires_grad(bool value) && { return requires_grad(value); }

Tensor& Tensor::requires_grad(bool value) & {
  if (!is_leaf())
    fail<GraphError>("requires_grad: the tensor is the output of {}; only a leaf can be marked", node()->op);
  if (!value) {
    deref(impl()).node = nullptr;
  } else if (!needs_grad()) {
    if (!is_float(dtype()))
      fail<DTypeError>("requires_grad: gradients exist for f32 and f64, not {}", name(dtype()));
    impl_->node = new_node("leaf");
    impl_->node->is_leaf = true;
    impl_->node->leaf = impl_;
  }
  return *this;
}

Tensor Tensor::grad() const { return deref(impl()).grad; }

void Tensor::set_grad(const Tensor& grad) {
  if (grad.defined() && grad.shape() != shape()) {
    fail<ShapeError>("set_grad: gradient {} for a tensor {}", grad.shape(), shape());
  }
  if (grad.defined() && grad.dtype() != dtype()) {
    fail<DTypeError>("set_grad: a gradient of {} for a tensor of {}", name(grad.dtype()), name(dtype()));
  }
  deref(impl()).grad = grad;
}

void Tensor::clear_grad() { deref(impl()).grad = Tensor(); }

void Tensor::zero_grad() {
  Tensor& grad = deref(impl()).grad;
  if (grad.defined()) {
    grad = grad.detach();
    grad.fill_(0);
  }
}

void Tensor::retain_grad() {
  if (!needs_grad()) fail<GraphError>("retain_grad: no gradient flows into this tensor");
  node()->leaf = impl_;
}

Tensor Tensor::detach() const { return as_view(shape(), strides(), offset()); }

void Tensor::register_hook(std::function<Tensor(const Tensor&)> hook) {
  if (!needs_grad()) fail<GraphError>("register_hook: no gradient flows into this tensor");
  node()->hooks.push_back(std::move(hook));
}

void Tensor::backward(bool retain_graph, bool create_graph) const {
  gradus::backward({*this}, {}, {.retain_graph = retain_graph, .create_graph = create_graph});
}

// ---- Changes in place ----

void Tensor::check_writable(std::string_view what) const {
  if (grad_enabled() && needs_grad()) {
    fail<GraphError>("{}: the graph depends on this tensor; change it inside NoGrad, or change a copy", what);
  }
  for (int i = 0; i < rank(); ++i) {
    if (strides()[i] == 0 && shape()[i] > 1 && numel() > 0) {
      fail<GraphError>(
          "{}: this tensor is an expanded view, where one element stands for many; clone it first", what);
    }
  }
}

void Tensor::fill_(double value) {
  check_writable("fill_");
  dispatch_all(dtype(), [&]<class T> {
    const T element = ops::element<T>("fill_", value);
    kernels::map<T>({mutable_data<T>(), shape(), strides()}, [element] { return element; });
  });
}

void Tensor::copy_(const Tensor& from) {
  check_writable("copy_");
  if (broadcast_shapes(shape(), from.shape(), "copy_") != shape()) {
    fail<ShapeError>("copy_: shape {} does not broadcast to {}", from.shape(), shape());
  }
  check_source("copy_", from);
  const Tensor source = apart(from, *this);
  dispatch_all(dtype(), [&]<class To> {
    dispatch_all(source.dtype(), [&]<class From> {
      kernels::map<To, From>(
          {mutable_data<To>(), shape(), strides()},
          {source.data<From>(), shape(), broadcast_strides(source.shape(), source.strides(), shape())},
          [](From x) { return ops::convert<To>("copy_", x); });
    });
  });
}

void Tensor::add_(const Tensor& other, double scale) {
  check_writable("add_");
  if (other.dtype() != dtype())
    fail<DTypeError>("add_: dtypes {} and {} differ", name(dtype()), name(other.dtype()));
  if (broadcast_shapes(shape(), other.shape(), "add_") != shape()) {
    fail<ShapeError>("add_: shape {} does not broadcast to {}", other.shape(), shape());
  }
  check_source("add_", other);
  const Tensor source = apart(other, *this);
  dispatch_number(dtype(), "add_", [&]<class T> {
    const T factor = ops::element<T>("add_", scale);
    const kernels::View<T> self{mutable_data<T>(), shape(), strides()};
    kernels::map<T, T, T>(
        self, self, {source.data<T>(), shape(), broadcast_strides(source.shape(), source.strides(), shape())},
        [factor](T x, T y) {
          return kernels::wrapping<std::plus<>>(x, kernels::wrapping<std::multiplies<>>(factor, y));
        });
  });
}

}  // namespace gradus
