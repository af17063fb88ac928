/// @file
/// How the parameters of a fresh BERT begin. See InitOptions in bert/model/config.hpp.
#pragma once

#include "bert/model/config.hpp"
#include "nn/init.hpp"

namespace gradus::bert {

/// Normal, or truncated normal, with the config's std: for every weight matrix and table.
nn::Init weight_init(const Config& config);

/// nn::sinusoids times sqrt(2) * std, so that a row is as long as one drawn with that std: [rows, H].
nn::Init sinusoidal_init(double std);

}  // namespace gradus::bert
