/// @file
/// The exercises of chapter 9. You write exercise.cpp; `./learn 9 check` says how it goes.
#pragma once

#include "bert/model/config.hpp"

namespace gradus::tutorials {

/// Exercise 1. The greatest width I' at which a gated feed-forward network has at most as many parameters as
/// a plain one of width `intermediate`, all biases counted. (The rule "two thirds" counts no biases.)
int64_t widest_gated(int64_t hidden, int64_t intermediate);

/// Exercise 2. The largest |GELU by tanh - GELU by erf| over all x, to 1e-7. gelu and gelu_tanh are in
/// autograd/ops.hpp; use f64. `arange(n, DType::f64)` is 0 ... n - 1, `max(abs(t)).item()` the largest
/// number.
double largest_gelu_gap();

/// Exercise 3. The number of parameters of a BERT with pooler: three tables and their LayerNorm, the layers,
/// and the pooler, a matrix [H, H] with a bias. The sizes are config.hidden_size, intermediate_size,
/// num_hidden_layers, num_attention_heads, vocab_size, max_position_embeddings and type_vocab_size.
int64_t bert_parameters(const bert::Config& config);

}  // namespace gradus::tutorials
