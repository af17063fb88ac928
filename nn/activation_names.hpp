/// @file
/// The names that config.json has for activations.
#pragma once

#include <optional>
#include <string_view>

#include "autograd/ops.hpp"

namespace gradus::nn {

/// The activation of a name of Hugging Face's ACT2FN: "gelu" and "gelu_python" are the erf form; "gelu_new",
/// "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate" and "gelu_fast" the tanh form; "relu"; "silu" and
/// "swish". Nothing for any other name.
std::optional<Activation> find_activation(std::string_view name);

}  // namespace gradus::nn
