/// @file
/// What BERT gives back: the vectors of a text, one for each of its tokens or one for the whole.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bert/model/model.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// What becomes of the vectors h [S, H] of a text's tokens, [CLS] and [SEP] among them.
enum class Pooling {
  none,    ///< all of them: [S, H]
  cls,     ///< that of the first token, [CLS]: [H]
  pooled,  ///< tanh(W h[CLS] + b) of the last layer, as next sentence prediction sees it: [H]
  mean,    ///< their mean, which sentence-transformers takes: [H]
  max      ///< the largest of each column: [H]
};

struct FeatureOptions {
  /// Where the vectors come from: 0 is the output of the embeddings, 1 ... L that of a layer; -1 is the last
  /// layer, -2 the one before it. Several are added up.
  std::vector<int64_t> layers = {-1};
  bool mean_of_layers = false;  ///< divides what was added up by the number of layers
  Pooling pooling = Pooling::mean;
  bool normalize = false;  ///< divides each vector by its length (Euclidean, at least 1e-12)
  /// The most pieces of a text, [CLS] and [SEP] counted; what comes after them is cut off. 0: as many as the
  /// model has positions.
  int64_t max_length = 0;
  int64_t batch_tokens = 2048;  ///< how many slots a batch may have, beyond its first text
};

/// What one text gives.
struct TextFeatures {
  std::vector<std::string> pieces;  ///< S of them, [CLS] and [SEP] among them
  Tensor vectors;                   ///< [S, H] for Pooling::none, else [H]; f32
  bool is_cut = false;              ///< the text has more pieces than were looked at
};

/// The vectors of each text, in the order of `texts`. Texts of similar length go through the model together,
/// so that little is padded, and padding changes nothing but how numbers round. The model's mode is put back.
/// `on_batch` is told after each batch how many texts are done.
/// @throws IndexError for a layer that the model does not have; ValueError for no layer at all, for a pooled
///         vector of a model without pooler or of another layer than the last, and for a max_length that is
///         below 3 or more than the model has positions; FormatError for a text that is not UTF-8; Error that
///         quotes the first text whose vectors are not finite.
std::vector<TextFeatures> features(const Bert& model, const Tokenizer& tokenizer,
                                   const std::vector<std::string>& texts, const FeatureOptions& options = {},
                                   const std::function<void(size_t done)>& on_batch = {});

/// The sum or the mean of some of the L + 1 `states` of a forward pass, all of one shape.
/// @throws IndexError for a layer out of range, ValueError for no layer.
Tensor mix_layers(const std::vector<Tensor>& states, const std::vector<int64_t>& layers, bool mean = false);

/// One vector a text: x [B, S, H] -> [B, H], by Pooling::cls, mean or max. `real` is bool [B, S], false for
/// padding, whose vectors do not matter. @throws ValueError for another pooling.
Tensor pool(const Tensor& x, const Tensor& real, Pooling pooling);

/// x / max(|x|, 1e-12) along the last axis.
Tensor normalized(const Tensor& x);

}  // namespace gradus::bert
