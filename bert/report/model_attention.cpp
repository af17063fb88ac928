#include "bert/report/model_attention.hpp"

#include <algorithm>

namespace gradus::bert {

AttentionPage model_attention(const Bert& model, const Encoding& encoding) {
  const auto size = static_cast<int64_t>(encoding.size()), most = model.config.max_position_embeddings;
  if (size > most) {
    fail<IndexError>(
        "the text has {} pieces with [CLS] and [SEP], and the model takes {} at most; shorten it", size,
        most);
  }
  const auto row = [size](const std::vector<TokenId>& values) {
    return tensor(std::vector<int64_t>(values.begin(), values.end()), Shape{1, size});  // [1, S]
  };
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  const BertOutput out = model(row(encoding.ids), row(encoding.token_type_ids), {}, {.attentions = true});
  AttentionPage page;
  page.tokens = encoding.pieces;
  const std::vector<TokenId>& segments = encoding.token_type_ids;
  if (std::count(segments.begin(), segments.end(), 1) > 0)
    page.segments.assign(segments.begin(), segments.end());
  page.layers = static_cast<int64_t>(out.attentions.size());
  page.heads = model.config.num_attention_heads;
  page.weights.reserve(static_cast<size_t>(page.layers * page.heads * size * size));
  for (const Tensor& layer : out.attentions) {  // [1, A, S, S]
    const std::vector<float> weights = layer.to_vector<float>();
    page.weights.insert(page.weights.end(), weights.begin(), weights.end());
  }
  return page;
}

}  // namespace gradus::bert
