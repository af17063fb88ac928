#include "autograd/gradcheck/problem.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

#include "autograd/tensor_impl.hpp"

namespace gradus::gradchecking {
namespace {

/// Where each element of x is in the memory that it shares, in ascending order.
std::vector<int64_t> places(const Tensor& x) {
  std::vector<int64_t> all;
  for (int64_t i = 0; i < x.numel(); ++i) {
    const Shape index = position(x.shape(), i);
    int64_t place = x.offset();
    for (int axis = 0; axis < x.rank(); ++axis) place += index[axis] * x.strides()[axis];
    all.push_back(place);
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool have_common_elements(const Tensor& x, const Tensor& y) {
  std::vector<int64_t> common;
  const std::vector<int64_t> a = places(x), b = places(y);
  if (a.empty() || b.empty() || a.back() < b.front() || b.back() < a.front()) return false;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  return !common.empty();
}

}  // namespace

Tensor Problem::run() const {
  generator.rewind();
  return fn();
}

std::vector<Tensor> Problem::leaves() const {
  std::vector<Tensor> all;
  all.reserve(tensors.size());
  for (const auto& [label, x] : tensors) all.push_back(x);
  return all;
}

void refuse_bad_tensors(const Named& tensors) {
  if (tensors.empty()) fail<GraphError>("gradcheck: no tensor is f32 or f64, so there is nothing to check");
  for (const auto& [label, x] : tensors) {
    if (!x.needs_grad()) {
      fail<GraphError>("gradcheck: {} needs no gradient; call requires_grad() on it, or leave it out", label);
    }
    if (!x.is_leaf() || !x.is_contiguous()) {
      fail<GraphError>("gradcheck: {} must be a dense leaf; check a detached clone() of it", label);
    }
  }
  refuse_aliases(tensors);
}

void refuse_bad_options(const GradcheckOptions& options) {
  const auto refuse = [](const auto& what) { fail<Error>("gradcheck: {}", what); };
  if (!(options.step > 0) || !std::isfinite(options.step)) {
    refuse(fmt::format("step is {}; it must be a number above 0", options.step));
  }
  if (!(options.tolerance >= 0))
    refuse(fmt::format("tolerance is {}; it must be 0 or more", options.tolerance));
  if (!(options.f32_units >= 0))
    refuse(fmt::format("f32_units is {}; it must be 0 or more", options.f32_units));
  if (options.directions < 0 || options.sample < 0) {
    refuse(fmt::format("directions is {} and sample is {}; both must be 0 or more", options.directions,
                       options.sample));
  }
  if (!is_float(options.dtype))
    refuse(fmt::format("dtype is {}; it must be f64 or f32", name(options.dtype)));
  const bool is_ours = options.rules == GradcheckRules::gradus;
  if (options.second_order && (options.dtype == DType::f32 || !is_ours)) {
    refuse("second_order is by differences in f64; it goes with no other dtype or rules");
  }
  if ((options.directions > 0 || options.sample > 0) && (options.dtype == DType::f32 || !is_ours)) {
    refuse("f32 and the rules of others choose themselves what to check; directions and sample must be 0");
  }
}

void refuse_aliases(const Named& inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& [label, x] = inputs[i];
    for (int axis = 0; axis < x.rank() && x.numel() > 0; ++axis) {
      if (x.strides()[axis] == 0 && x.shape()[axis] > 1) {
        fail<GraphError>("gradcheck: {} is an expanded view, where one element stands for many; clone() it",
                         label);
      }
    }
    for (size_t k = 0; k < i; ++k) {
      const auto& [other, y] = inputs[k];
      if (!x.shares_memory_with(y) || !have_common_elements(x, y)) continue;
      fail<GraphError>("gradcheck: {} and {} share memory, so neither can change alone; clone() one of them",
                       other, label);
    }
  }
}

CheckedInputs::CheckedInputs(const std::vector<Tensor>& inputs) : all(inputs) {
  Named given;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || !is_float(inputs[i].dtype())) continue;
    given.emplace_back(fmt::format("input {}", i), inputs[i]);
    all[i] = inputs[i].detach().to(DType::f64).clone().requires_grad();
    named.emplace_back(given.back().first, all[i]);
  }
  refuse_aliases(given);
}

KeptValues::KeptValues(Named tensors) : tensors_(std::move(tensors)) {
  for (const auto& [label, x] : tensors_) kept_.push_back(numbers(x));
}

KeptValues::~KeptValues() {
  for (size_t i = 0; i < kept_.size(); ++i) assign(tensors_[i].second, kept_[i]);
}

ConvertedLeaves::ConvertedLeaves(const Named& tensors, DType dtype)
    : ConvertedLeaves(tensors, [dtype](const Tensor& x) { return x.to(dtype); }) {}

ConvertedLeaves::ConvertedLeaves(const Named& tensors, const std::function<Tensor(const Tensor&)>& convert) {
  for (const auto& [label, x] : tensors) {
    Tensor converted = convert(x.detach());
    if (converted.shares_memory_with(x)) continue;  // nothing to convert
    converted = converted.contiguous();
    before_.emplace_back(x, std::make_shared<TensorImpl>(*x.impl()));
    TensorImpl& impl = *x.impl();
    impl.storage = converted.impl()->storage;
    impl.strides = converted.strides();
    impl.offset = converted.offset();
    impl.dtype = converted.dtype();
    impl.grad = Tensor();
  }
}

ConvertedLeaves::~ConvertedLeaves() {
  for (const auto& [x, impl] : before_) *x.impl() = *impl;
}

}  // namespace gradus::gradchecking
