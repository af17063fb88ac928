/// @file
/// What a caller of a BERT model may ask of one forward pass.
#pragma once

namespace gradus::bert {

struct ForwardOptions {
  bool hidden_states = false;  ///< return the output of the embeddings and of every layer
  bool attentions = false;     ///< return every layer's attention probabilities (slower: they are stored)
  /// Use the composed twin of every fused op: the same numbers from readable primitives, for teaching and
  /// testing.
  bool composed = false;
};

}  // namespace gradus::bert
