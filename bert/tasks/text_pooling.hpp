/// @file
/// From BERT's vectors of a text's tokens to the one vector that a classifier looks at. BERT's own way is the
/// pooler, tanh(W h[CLS] + b); these are the others, which published work puts on top of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bert/model/model.hpp"
#include "nn/pooling.hpp"

namespace gradus::bert {

struct TaskInput;

enum class TextPoolingKind {
  pooler,          ///< BERT's own (Devlin et al. 2018)
  cls,             ///< h[CLS] as it is
  mean,            ///< the mean over all tokens but padding
  max,             ///< the largest of each column over them
  attention,       ///< a sum that one learnt query weighs (nn::AttentionPooling; Yang et al. 2016)
  self_attention,  ///< a multi-head self-attention of its own over the tokens, then the learnt query
  layers  ///< a learnt mix of the embeddings and all layers (Peters et al. 2018, eq. 1), then the mean
};

/// The names, in the order above: pooler, cls, mean, max, attention, self-attention, layers.
const std::vector<std::string>& text_pooling_names();
/// @throws ValueError for another name.
TextPoolingKind text_pooling_by_name(const std::string& name);
std::string name_of(TextPoolingKind kind);

/// Every kind but the pooler, whose parameters belong to the body.
class TextPooling : public nn::Module {
 public:
  TextPooling(TextPoolingKind kind, const Config& config, Rng& rng);

  /// The body's vectors of the input's texts: [B, S] -> [B, H].
  Tensor operator()(const Bert& body, const TaskInput& input) const;

  const TextPoolingKind kind;
  const std::optional<nn::MultiHeadAttention> self_attention;  ///< with as many heads as the body
  const std::optional<nn::AttentionPooling> attention;
  const Tensor layer_weights;  ///< [L + 1], softmax makes shares of them; defined for `layers`
};

}  // namespace gradus::bert
