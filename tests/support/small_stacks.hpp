// What the tests of stacks start from: small sizes, and weights large enough that every path matters.
#pragma once

#include "nn/transformer/transformer.hpp"

namespace gradus::test {

/// H 8, A 2, I 12, L 2.
inline nn::EncoderOptions small_stack() {
  return {.hidden = 8,
          .heads = 2,
          .intermediate = 12,
          .layers = 2,
          .hidden_dropout = 0.2,
          .attention_dropout = 0.3,
          .init = nn::init::normal(0.4)};
}

/// 7 ids that are read and 6 that are written, P 10, H 8, A 2, I 12, one layer and two.
inline nn::TransformerOptions small_transformer() {
  return {.source_vocab = 7,
          .target_vocab = 6,
          .max_length = 10,
          .hidden = 8,
          .heads = 2,
          .intermediate = 12,
          .encoder_layers = 1,
          .decoder_layers = 2,
          .dropout = 0.1};
}

}  // namespace gradus::test
