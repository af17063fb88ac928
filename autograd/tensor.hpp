/// @file
/// Tensor: an n-dimensional array that remembers how it was computed.
///
///     Tensor x = tensor({1.0, 2.0, 3.0}).requires_grad();
///     Tensor loss = sum(x * x);
///     loss.backward();
///     fmt::print("{}\n", x.grad());   // [2. 4. 6.]
///
/// A Tensor is a handle: copies share memory, as in PyTorch. A view (transpose, slice, expand, ...) is
/// another way to walk over the same memory and copies nothing. The operations are in autograd/ops.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autograd/dtype.hpp"
#include "autograd/kernels/view.hpp"
#include "autograd/random.hpp"
#include "autograd/shape.hpp"
#include "autograd/storage.hpp"

namespace gradus {

struct Node;
struct TensorImpl;
using NodePtr = std::shared_ptr<Node>;

class Tensor {
 public:
  Tensor() = default;  ///< No tensor at all; `defined()` is false.

  // What it is.
  bool defined() const { return impl_ != nullptr; }
  DType dtype() const;
  const Shape& shape() const&;
  Shape shape() &&;  ///< By value: a reference to the shape of (a * b) would outlive that tensor.
  const Strides& strides() const&;
  Strides strides() &&;
  int64_t size(int64_t axis) const;  ///< The size of one dimension; -1 is the last.
  int rank() const;
  int64_t numel() const;
  bool is_contiguous() const;                          ///< Dense and row-major.
  bool shares_memory_with(const Tensor& other) const;  ///< True for a tensor and its views.

  // Reading values. `data` throws DTypeError if T is not the dtype; elements lie `strides()` apart.
  template <class T>
  const T* data() const {
    return static_cast<const T*>(raw_data(dtype_of<T>));
  }
  template <class T>
  T* mutable_data();  ///< For writing; counts as a change in place.
  template <class T>
  kernels::View<const T> view() const {
    return {data<T>(), shape(), strides()};
  }
  double item() const;  ///< The only element. @throws ShapeError if there are more.
  double at(std::initializer_list<int64_t> index) const;  ///< One element; -1 is the last. @throws IndexError
  template <class T>
  std::vector<T> to_vector() const;  ///< All elements in row-major order.

  // Views: no copy, and differentiable. Axes count from the front (0, 1, ...) or the back (-1, -2, ...). All
  // of them
  // @throws IndexError for an axis or index that is not there, and ShapeError for a shape that cannot be.
  Tensor reshape(Shape shape) const;  ///< One size may be -1. Copies only where no strides can express it.
  Tensor transpose(int64_t a, int64_t b) const;  ///< Swaps two axes.
  Tensor permute(const Axes& order) const;       ///< Result axis i is this tensor's axis order[i].
  /// The indices [begin, end) of an axis. Negative ones count from the back. @throws IndexError if there are
  /// no such indices, ValueError if the step is below 1.
  Tensor slice(int64_t axis, int64_t begin, int64_t end, int64_t step = 1) const;
  Tensor select(int64_t axis, int64_t index) const;  ///< One index of an axis, which goes away.
  Tensor expand(const Shape& shape) const;           ///< Repeats axes of size 1 (stride 0); -1 keeps a size.
  Tensor squeeze() const;                            ///< Removes every axis of size 1.
  Tensor squeeze(int64_t axis) const;                ///< Removes an axis of size 1.
  Tensor unsqueeze(int64_t axis) const;              ///< Adds an axis of size 1.

  // Copies.
  Tensor contiguous() const;  ///< This tensor if it is contiguous, else a dense copy.
  Tensor clone() const;       ///< A dense copy; differentiable.
  Tensor to(
      DType dtype) const;  ///< Differentiable between floats; to i64 truncates. @throws DTypeError beyond it.

  // Autograd.
  bool needs_grad() const;                     ///< Does a gradient flow into or through this tensor?
  Tensor& requires_grad(bool value = true) &;  ///< Marks a leaf whose gradient is wanted (f32 or f64 only).
  Tensor requires_grad(bool value = true) &&;
  bool is_leaf() const;               ///< Not made by a recorded op.
  Tensor grad() const;                ///< What backward has accumulated; not defined() if nothing yet.
  void set_grad(const Tensor& grad);  ///< @throws ShapeError or DTypeError if it differs from the tensor.
  void clear_grad();                  ///< Forgets the gradient.
  void zero_grad();                   ///< Fills the gradient with zeros, in place.
  void retain_grad();                 ///< Keeps the gradient of a tensor that is not a leaf, too.
  Tensor detach() const;              ///< The same memory, cut off from the graph.
  /// Calls `hook` with this tensor's whole gradient during backward; what it returns (if defined) replaces
  /// it, and must have its shape and dtype. The hook lives as long as the graph: one that captures this very
  /// tensor keeps both alive for ever.
  void register_hook(std::function<Tensor(const Tensor& gradient)> hook);
  /// Runs reverse mode from this scalar; gradients are added to the leaves' `grad()`. See
  /// autograd/engine.hpp.
  void backward(bool retain_graph = false, bool create_graph = false) const;

  // Changes in place. Outside NoGrad they throw GraphError on a tensor that the graph depends on, and for a
  // source whose gradient is wanted, for what they do is not recorded. A source may overlap.
  void fill_(double value);
  void copy_(const Tensor& from);                    ///< Same shape or broadcast; converts the dtype as to().
  void add_(const Tensor& other, double scale = 1);  ///< this += scale * other.
  uint64_t version() const;

  // For ops and the engine.
  explicit Tensor(std::shared_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}
  TensorImpl* impl() const { return impl_.get(); }
  const std::shared_ptr<TensorImpl>& handle() const { return impl_; }
  const NodePtr& node() const;
  /// The same storage seen with another shape, strides and offset; not recorded.
  Tensor as_view(const Shape& shape, const Strides& strides, int64_t offset) const;
  int64_t offset() const;

 private:
  const void* raw_data(DType wanted) const;
  void check_writable(std::string_view what) const;
  std::shared_ptr<TensorImpl> impl_;
};

// Making tensors. Shapes with a negative size, or of more elements than can be counted, throw ShapeError.
Tensor empty(const Shape& shape, DType dtype = DType::f32);  ///< Uninitialised.
Tensor zeros(const Shape& shape, DType dtype = DType::f32);
Tensor ones(const Shape& shape, DType dtype = DType::f32);
Tensor full(const Shape& shape, double value, DType dtype = DType::f32);
Tensor arange(int64_t n, DType dtype = DType::i64);                    ///< 0, 1, ..., n - 1.
Tensor eye(int64_t n, DType dtype = DType::f32);                       ///< The identity matrix [n, n].
Tensor randn(const Shape& shape, Rng& rng, DType dtype = DType::f32);  ///< Standard normal.
Tensor rand(const Shape& shape, Rng& rng, double low = 0, double high = 1,
            DType dtype = DType::f32);  ///< Uniform.
/// From values in row-major order: `tensor<float>({1, 2, 3, 4}, {2, 2})`. The default shape is [size]. The
/// dtype is that of T: float f32, double f64, int and int64_t i64, bool bool.
template <class T>
Tensor tensor(const std::vector<T>& values, std::optional<Shape> shape = {});
template <class T>
Tensor tensor(std::initializer_list<T> values, std::optional<Shape> shape = {}) {
  return tensor(std::vector<T>(values), shape);
}
Tensor scalar(double value, DType dtype = DType::f32);  ///< A tensor of shape [].

/// As NumPy prints it; the middle of a large tensor is left out. `fmt::print("{}", x)` works too.
std::string to_string(const Tensor& x);

}  // namespace gradus

template <>
struct fmt::formatter<gradus::Tensor> : fmt::formatter<std::string> {
  auto format(const gradus::Tensor& x, fmt::format_context& context) const {
    return fmt::formatter<std::string>::format(gradus::to_string(x), context);
  }
};
