/// @file
/// A page of every attention head for one sentence or pair, and a picture of one head.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bert/evaluation/guess.hpp"
#include "plot/picture.hpp"

namespace gradus::bert {

/// What the model would put at a token, shown beside the attention.
struct TokenGuesses {
  size_t token = 0;    ///< index into AttentionPage::tokens
  std::string answer;  ///< the right word, or empty when it is not known
  std::vector<Guess> guesses;
};

/// The attention weights of a model for one input of S tokens.
struct AttentionPage {
  std::string title = "Attention";
  std::string subtitle;             ///< such as the model's folder; may be empty
  std::vector<std::string> tokens;  ///< S pieces
  std::vector<int> segments;        ///< S numbers, 0 for sentence A and 1 for B; or empty
  int64_t layers = 0;
  int64_t heads = 0;
  /// [L, A, S, S] row-major: weights[((l·A + a)·S + q)·S + k] is how much query q looks at key k, as softmax
  /// gives it, without dropout. A causal or padding mask shows as zeros. A query that sees nothing is a row
  /// of zeros. Rows are shown with their sum, so that a reader sees that it is 1.
  std::vector<float> weights;
  std::vector<TokenGuesses> predictions;

  /// [S, S], the weights of one head; both count from 0. @throws IndexError for one that is not there.
  std::vector<float> head_weights(int64_t layer, int64_t head) const;
};

/// The page: a heat map of every head, one of them enlarged with its numbers. It is one file that needs no
/// network. `[PAD]` tokens at the end are left out. Weights are kept to 1/65534.
/// @throws ShapeError when a size does not fit the tokens, layers and heads, or S is 0; IndexError when a
///         prediction is outside the tokens; Error when a weight is below 0 or above 1 (by more than 0.001).
///         A NaN is drawn as such.
std::string render_attention_page(const AttentionPage& page);

/// The same without the frame, to be put into a page that has `attention_style()` and `attention_script()`.
std::string attention_fragment(const AttentionPage& page);
std::string_view attention_style();
std::string_view attention_script();

/// One head as a picture: `weights` is [S, S], a row for each query, as above. Of more than 64 tokens,
/// weights below 0.01 are left out.
/// @throws ShapeError, Error as render_attention_page.
plot::Picture attention_picture(const std::vector<std::string>& tokens, const std::vector<float>& weights,
                                const std::string& title);

/// The same as a complete .svg file.
std::string attention_svg(const std::vector<std::string>& tokens, const std::vector<float>& weights,
                          const std::string& title);

}  // namespace gradus::bert
