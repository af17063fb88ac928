// Making tensors: zeros, ones, full, arange, eye, randn, rand, tensor, scalar.
#include <algorithm>
#include <type_traits>

#include "autograd/plural.hpp"
#include "autograd/tensor.hpp"
#include "autograd/tensor_impl.hpp"

namespace gradus {
namespace {

std::string memory_size(double bytes) {
  if (bytes < 1e6) return fmt::format("{} bytes", bytes);
  return bytes < 1e9 ? fmt::format("{:.3g} MB", bytes / 1e6) : fmt::format("{:.3g} GB", bytes / 1e9);
}

}  // namespace

Tensor empty(const Shape& shape, DType dtype) {
  for (const int64_t size : shape) {
    if (size < 0) fail<ShapeError>("a tensor cannot have shape {}: a size is negative", shape);
  }
  int64_t bytes = 0;
  const bool countable = !__builtin_mul_overflow(shape.numel(), size_of(dtype), &bytes);
  StoragePtr storage;
  try {
    if (countable) storage = std::make_shared<Storage>(bytes);
  } catch (const std::bad_alloc&) {
    storage = nullptr;
  }
  if (!storage) {
    fail<Error>("a tensor of {} and shape {} needs {}, more memory than there is", name(dtype), shape,
                memory_size(static_cast<double>(shape.numel()) * static_cast<double>(size_of(dtype))));
  }
  return make_tensor(std::move(storage), shape, contiguous_strides(shape), 0, dtype);
}

Tensor full(const Shape& shape, double value, DType dtype) {
  Tensor x = empty(shape, dtype);
  x.fill_(value);
  return x;
}

Tensor zeros(const Shape& shape, DType dtype) { return full(shape, 0, dtype); }
Tensor ones(const Shape& shape, DType dtype) { return full(shape, 1, dtype); }
Tensor scalar(double value, DType dtype) { return full({}, value, dtype); }

Tensor arange(int64_t n, DType dtype) {
  Tensor x = empty({n}, dtype);
  dispatch_number(dtype, "arange", [&]<class T> {
    T* data = x.mutable_data<T>();
    for (int64_t i = 0; i < n; ++i) data[i] = static_cast<T>(i);
  });
  return x;
}

Tensor eye(int64_t n, DType dtype) {
  Tensor x = zeros({n, n}, dtype);
  dispatch_number(dtype, "eye", [&]<class T> {
    T* data = x.mutable_data<T>();
    for (int64_t i = 0; i < n; ++i) data[i * (n + 1)] = 1;
  });
  return x;
}

namespace {

template <class Draw>
Tensor random_tensor(const Shape& shape, DType dtype, Draw draw) {
  Tensor x = empty(shape, dtype);
  dispatch_float(dtype, "random tensor", [&]<class T> {
    T* data = x.mutable_data<T>();
    for (int64_t i = 0, n = x.numel(); i < n; ++i) data[i] = static_cast<T>(draw());
  });
  return x;
}

}  // namespace

Tensor randn(const Shape& shape, Rng& rng, DType dtype) {
  return random_tensor(shape, dtype, [&] { return rng.normal(); });
}

Tensor rand(const Shape& shape, Rng& rng, double low, double high, DType dtype) {
  return random_tensor(shape, dtype, [&] { return low + (high - low) * rng.uniform(); });
}

template <class T>
Tensor tensor(const std::vector<T>& values, std::optional<Shape> shape) {
  const int64_t n = static_cast<int64_t>(values.size());
  const Shape wanted = shape.value_or(Shape{n});
  if (wanted.numel() != n)
    fail<ShapeError>("tensor: {} {} not fill shape {}", n, plural(n, "value does", "values do"), wanted);
  using Element = std::conditional_t<std::is_same_v<T, int>, int64_t, T>;
  Tensor x = empty(wanted, dtype_of<Element>);
  std::copy(values.begin(), values.end(), x.mutable_data<Element>());
  return x;
}
template Tensor tensor(const std::vector<float>&, std::optional<Shape>);
template Tensor tensor(const std::vector<double>&, std::optional<Shape>);
template Tensor tensor(const std::vector<int64_t>&, std::optional<Shape>);
template Tensor tensor(const std::vector<int>&, std::optional<Shape>);
template Tensor tensor(const std::vector<bool>&, std::optional<Shape>);

}  // namespace gradus
