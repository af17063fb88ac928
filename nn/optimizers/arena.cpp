#include "nn/optimizers/arena.hpp"

#include "autograd/storage.hpp"
#include "autograd/tensor_impl.hpp"

namespace gradus::nn {

bool decays_by_name(const std::string& name) {
  return !name.ends_with("bias") && name.find("LayerNorm") == std::string::npos &&
         name.find("norm") == std::string::npos;
}

Parameters::Parameters(const std::vector<Tensor>& tensors) {
  for (const Tensor& x : tensors) {
    const size_t place = named_.size();
    if (!x.defined()) fail<Error>("parameters: tensor {} of the list is undefined", place);
    if (!x.is_leaf()) {
      fail<Error>("parameters: tensor {} of the list, {}, was computed; an optimiser changes leaves only",
                  place, x.shape());
    }
    for (const auto& [name, other] : named_) {
      if (other.handle() == x.handle())
        fail<Error>("parameters: tensors {} and {} of the list are one", name, place);
    }
    named_.emplace_back(std::to_string(place), x);
  }
}

ParameterArena::ParameterArena(const Parameters& parameters, const DecayRule& decays) {
  if (!decays) fail<Error>("arena: the rule that says what decays is empty; decays_by_name is the usual one");
  std::vector<Entry> others;
  for (const auto& [name, parameter] : parameters.named()) {
    if (parameter.needs_grad()) {
      (decays(name) ? entries_ : others).push_back({name, parameter, 0});
    } else {
      outside_.emplace_back(name, parameter);
    }
  }
  int64_t size = 0;
  const auto place = [&](std::vector<Entry>& entries) {
    for (Entry& entry : entries) {
      entry.offset = size;
      size += entry.parameter.numel();
    }
  };
  place(entries_);
  decaying_ = size;
  place(others);
  entries_.insert(entries_.end(), others.begin(), others.end());
  if (entries_.empty()) fail<Error>("arena: there is no parameter that requires a gradient");

  const DType dtype = entries_.front().parameter.dtype();
  for (const Entry& entry : entries_) {
    if (entry.parameter.dtype() != dtype) {
      fail<DTypeError>("arena: {} is {} and {} is {}; convert the module with to()", entries_.front().name,
                       name(dtype), entry.name, name(entry.parameter.dtype()));
    }
  }
  values_ = zeros({size}, dtype);
  gradients_ = zeros({size}, dtype);
  for (const Entry& entry : entries_) {
    part(values_, entry).copy_(entry.parameter.detach());
    TensorImpl& impl = *entry.parameter.impl();
    impl.storage = values_.impl()->storage;
    impl.strides = contiguous_strides(impl.shape);
    impl.offset = entry.offset;
  }
  gather();
  // Where the parameters lay is free now, and little else is of their sizes.
  release_cached_memory();
}

Tensor ParameterArena::part(const Tensor& flat, const Entry& entry) const {
  const Shape& shape = entry.parameter.shape();
  return flat.as_view(shape, contiguous_strides(shape), entry.offset);
}

void ParameterArena::gather() const {
  for (const auto& [name, parameter] : outside_) {
    if (parameter.needs_grad()) {
      fail<GraphError>(
          "arena: {} was frozen when the optimizer was made and requires a gradient now; make another "
          "optimizer",
          name);
    }
  }
  for (const Entry& entry : entries_) {
    Tensor parameter = entry.parameter;
    if (!parameter.shares_memory_with(values_) || parameter.offset() != entry.offset) {
      fail<GraphError>(
          "arena: {} was moved to other memory; convert the module or make another optimizer for it before "
          "this one",
          entry.name);
    }
    const Tensor gradient = parameter.grad();
    Tensor own = part(gradients_, entry);
    if (gradient.defined() && gradient.shares_memory_with(gradients_) && gradient.offset() == entry.offset) {
      continue;
    }
    if (gradient.defined()) {
      own.copy_(gradient.detach());
    } else {
      own.fill_(0);
    }
    parameter.set_grad(own);
  }
}

void ParameterArena::zero_grad() const {
  Tensor(gradients_).fill_(0);
  gather();
}

}  // namespace gradus::nn
