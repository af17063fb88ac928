/// @file
/// What a caller of a BERT model may ask of one forward pass.
#pragma once

namespace gradus::bert {

struct ForwardOptions {
  bool hidden_states = false;  ///< return the output of the embeddings and of every layer
  bool attentions = false;     ///< return every layer's attention probabilities (slower: they are stored)
};

}  // namespace gradus::bert
