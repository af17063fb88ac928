#include "bert/evaluation/features.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "nn/pooling.hpp"

namespace gradus::bert {
namespace {

/// 0 ... L for a number that may count from the end.
int64_t layer_index(int64_t layer, int64_t layers) {
  const int64_t index = layer < 0 ? layers + 1 + layer : layer;
  if (index < 0 || index > layers) {
    fail<IndexError>("layer {}: the model has 0 (its embeddings) to {}, or {} to -1 from the end", layer,
                     layers, -layers - 1);
  }
  return index;
}

bool takes_last_layer_alone(const FeatureOptions& options, int64_t layers) {
  return options.layers.size() == 1 && layer_index(options.layers[0], layers) == layers;
}

void check(const Bert& model, const FeatureOptions& options) {
  const int64_t positions = model.config.max_position_embeddings, layers = model.config.num_hidden_layers;
  if (options.layers.empty()) fail<ValueError>("features: name at least one layer");
  for (const int64_t layer : options.layers) layer_index(layer, layers);
  if (options.pooling == Pooling::pooled && !takes_last_layer_alone(options, layers)) {
    fail<ValueError>("features: the pooled vector is made of the last layer, and of no other");
  }
  if (options.pooling == Pooling::pooled && !model.pooler) {
    fail<ValueError>("features: the model has no pooler, so there is no pooled vector; take that of [CLS]");
  }
  if (options.max_length != 0 && (options.max_length < 3 || options.max_length > positions)) {
    fail<ValueError>("features: max_length {} is not from 3 to {}, the model's positions", options.max_length,
                     positions);
  }
}

/// A text as the model sees it.
struct Row {
  Encoding encoding;
  bool is_cut = false;
};

Row row_of(const std::string& text, const Tokenizer& tokenizer, size_t most) {
  Row row{tokenizer.encode(text), false};
  row.is_cut = row.encoding.size() > most;
  if (row.is_cut) row.encoding = tokenizer.encode(text, {.max_length = most});
  return row;
}

/// Token ids and which of them are no padding, both [B, S].
struct Batch {
  Tensor ids, real;
};

Batch batch_of(const std::vector<const Row*>& rows, TokenId pad) {
  size_t longest = 0;
  for (const Row* row : rows) longest = std::max(longest, row->encoding.size());
  const Shape shape{static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)};
  Tensor ids = full(shape, pad, DType::i64), real = zeros(shape, DType::boolean);
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::vector<TokenId>& of_row = rows[i]->encoding.ids;
    std::copy(of_row.begin(), of_row.end(), ids.mutable_data<int64_t>() + i * longest);
    std::fill_n(real.mutable_data<bool>() + i * longest, of_row.size(), true);
  }
  return {ids, real};
}

/// [B, S, H], or [B, H] where there is one vector a text.
Tensor vectors_of(const Bert& model, const Batch& batch, const FeatureOptions& options) {
  const bool is_last = takes_last_layer_alone(options, model.config.num_hidden_layers);
  const BertOutput out = model(batch.ids, {}, batch.real, {.hidden_states = !is_last});
  if (options.pooling == Pooling::pooled) return out.pooled;
  const Tensor tokens =
      is_last ? out.last_hidden : mix_layers(out.hidden_states, options.layers, options.mean_of_layers);
  return options.pooling == Pooling::none ? tokens : pool(tokens, batch.real, options.pooling);
}

void check_finite(const TextFeatures& text) {
  const float* values = text.vectors.data<float>();
  if (std::all_of(values, values + text.vectors.numel(), [](float x) { return std::isfinite(x); })) return;
  constexpr size_t shown = 8;
  const auto end = text.pieces.begin() + static_cast<std::ptrdiff_t>(std::min(shown, text.pieces.size()));
  fail<Error>(
      "the model's vectors of the text that begins {} are not finite: take an earlier checkpoint, or run it "
      "under DetectAnomaly to find the part",
      fmt::join(text.pieces.begin(), end, " "));
}

}  // namespace

Tensor mix_layers(const std::vector<Tensor>& states, const std::vector<int64_t>& layers, bool mean) {
  if (layers.empty()) fail<ValueError>("features: name at least one layer");
  Tensor sum;
  for (const int64_t layer : layers) {
    const Tensor& state =
        states[static_cast<size_t>(layer_index(layer, static_cast<int64_t>(states.size()) - 1))];
    sum = sum.defined() ? sum + state : state;
  }
  return mean && layers.size() > 1 ? sum / static_cast<double>(layers.size()) : sum;
}

Tensor pool(const Tensor& x, const Tensor& real, Pooling pooling) {
  switch (pooling) {
    case Pooling::cls:
      return x.select(1, 0);
    case Pooling::mean:
      return nn::mean_pool(x, real);
    case Pooling::max:
      return max(masked_fill(x, logical_not(real).unsqueeze(-1), -std::numeric_limits<double>::infinity()),
                 Axes{1});
    default:
      fail<ValueError>("pool: only [CLS], the mean and the largest are made of the vectors alone");
  }
}

Tensor normalized(const Tensor& x) { return x / maximum(sqrt(sum(x * x, Axes{-1}, /*keep=*/true)), 1e-12); }

std::vector<TextFeatures> features(const Bert& model, const Tokenizer& tokenizer,
                                   const std::vector<std::string>& texts, const FeatureOptions& options,
                                   const std::function<void(size_t done)>& on_batch) {
  check(model, options);
  const int64_t most = options.max_length > 0 ? options.max_length : model.config.max_position_embeddings;
  std::vector<Row> rows;
  for (const std::string& text : texts) rows.push_back(row_of(text, tokenizer, static_cast<size_t>(most)));
  std::vector<size_t> order(rows.size());  // the longest first: what does not fit into memory fails at once
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return rows[a].encoding.size() > rows[b].encoding.size(); });

  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  std::vector<TextFeatures> found(texts.size());
  for (size_t done = 0; done < order.size();) {
    const size_t longest = rows[order[done]].encoding.size();
    const size_t fit = std::max<size_t>(1, static_cast<size_t>(options.batch_tokens) / longest);
    const size_t end = std::min(order.size(), done + fit);
    std::vector<const Row*> together;
    for (size_t i = done; i < end; ++i) together.push_back(&rows[order[i]]);
    Tensor vectors = vectors_of(model, batch_of(together, tokenizer.special_ids().pad), options);
    if (options.normalize) vectors = normalized(vectors);
    for (size_t i = done; i < end; ++i) {
      const Row& row = rows[order[i]];
      Tensor own = vectors.select(0, static_cast<int64_t>(i - done));
      if (options.pooling == Pooling::none) {
        own = own.slice(0, 0, static_cast<int64_t>(row.encoding.size()));
      }
      found[order[i]] = {row.encoding.pieces, own.clone(), row.is_cut};
    }
    done = end;
    if (on_batch) on_batch(done);
  }
  for (const TextFeatures& text : found) check_finite(text);
  return found;
}

}  // namespace gradus::bert
