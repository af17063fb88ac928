/// @file
/// Gradient checking of a whole module: every input and every named parameter.
///
///     const GradcheckReport report = nn::gradcheck(nn::Linear(3, 2, rng), {x});
#pragma once

#include "autograd/gradcheck.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

/// Checks `fn`, which runs `module` on `inputs`, with respect to every float input ("input 0", ...) and every
/// parameter that requires a gradient (by its name). Meanwhile the parameters are f64 (f32 where
/// options.dtype says so); then they are as they were. See gradus::gradcheck.
GradcheckReport gradcheck(const Module& module, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

namespace detail {

/// module(x[0]), module(x[0], x[1]), ...: the first number of tensors from `Count` up that it can be called
/// with and that is the number of `x`.
template <size_t Count = 1, class M>
Tensor call(const M& module, const std::vector<Tensor>& x) {
  if constexpr (Count > 4) {
    fail<GraphError>("gradcheck: this module cannot be called with {} tensors; give the call as a function",
                     x.size());
  } else {
    const auto run = [&]<size_t... I>(std::index_sequence<I...>)->Tensor {
      if constexpr (std::is_invocable_r_v<Tensor, const M&, decltype(x[I])...>) {
        if (x.size() == Count) return module(x[I]...);
      }
      return call<Count + 1>(module, x);
    };
    return run(std::make_index_sequence<Count>());
  }
}

}  // namespace detail

/// The same for a module that is called with 1 to 4 tensors, as most layers are.
/// @throws GraphError if it is not called with as many as there are `inputs`.
template <class M>
requires std::is_base_of_v<Module, M> GradcheckReport gradcheck(const M& module,
                                                                const std::vector<Tensor>& inputs,
                                                                const GradcheckOptions& options = {}) {
  const auto fn = [&](const std::vector<Tensor>& x) { return detail::call(module, x); };
  return gradcheck(static_cast<const Module&>(module), fn, inputs, options);
}

}  // namespace gradus::nn
