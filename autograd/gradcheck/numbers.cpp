// The gradient checkers' plain numbers: in and out of tensors, and as text for reports.
#include <algorithm>

#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {

Tensor cotangent(const Shape& shape, Rng& rng, DType dtype) {
  Tensor v = empty(shape, DType::f64);
  double* data = v.mutable_data<double>();
  for (int64_t i = 0, n = v.numel(); i < n; ++i) {
    data[i] = (0.5 + 1.5 * rng.uniform()) * (rng.chance(0.5) ? 1 : -1);
  }
  return v.to(dtype);
}

Numbers numbers(const Tensor& x) { return x.detach().to(DType::f64).to_vector<double>(); }

Numbers numbers_or_zeros(const Tensor& gradient, int64_t count) {
  return gradient.defined() ? numbers(gradient) : Numbers(static_cast<size_t>(count), 0);
}

void assign(Tensor x, const Numbers& values) {
  const NoGrad no_grad;
  x.copy_(tensor(values, x.shape()));
}

double largest(const Numbers& values) {
  double found = 0;
  for (const double value : values) found = std::max(found, std::isnan(value) ? INFINITY : std::abs(value));
  return found;
}

Shape position(const Shape& shape, int64_t flat) {
  Shape index = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return index;
}

std::string values_around(const Named& tensors, size_t at, const Shape& index) {
  constexpr int64_t few = 8;
  std::string text;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto& [label, x] = tensors[i];
    if (x.numel() == 0 || (i != at && x.numel() > few)) continue;
    const Numbers all = numbers(x);
    int64_t begin = 0, end = x.numel();
    std::string place;
    if (i == at && x.rank() > 0) {
      Shape row = index;
      const int64_t column = row[x.rank() - 1], width = x.shape()[x.rank() - 1];
      row[x.rank() - 1] = 0;
      int64_t flat = 0;
      for (int axis = 0; axis < x.rank(); ++axis) flat = flat * x.shape()[axis] + row[axis];
      const int64_t from = std::clamp<int64_t>(column - few / 2, 0, std::max<int64_t>(width - few, 0));
      begin = flat + from;
      end = flat + std::min(width, from + few);
      row[x.rank() - 1] = from;
      if (end - begin < x.numel()) place = fmt::format(" from {} on", row);
    }
    if (!text.empty()) text += "; ";
    text += fmt::format("{}{} =", label, place);
    for (int64_t k = begin; k < end; ++k) text += fmt::format(" {}", all[static_cast<size_t>(k)]);
  }
  return text;
}

}  // namespace gradus::gradchecking
