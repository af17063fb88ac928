/// @file
/// Fills the [MASK]s of a text: what pretraining taught, in a form that one can read.
#pragma once

#include <string>
#include <vector>

#include "bert/heads.hpp"
#include "bert/wordpiece.hpp"

namespace gradus::bert {

struct Candidate {
  TokenId id = 0;
  std::string piece;
  double probability = 0;
};

/// One [MASK] of a text.
struct MaskFilling {
  int64_t position = 0;               ///< its place among the pieces, [CLS] counted
  std::vector<Candidate> candidates;  ///< the most probable pieces, the best first
};

struct FilledText {
  Encoding encoding;
  std::vector<MaskFilling> masks;
  std::string text;  ///< the text with the best guess in each place
};

/// The `k` most probable pieces for every [MASK] in `text` (or in `text` and `pair`), each mask on its own,
/// as Hugging Face's fill-mask pipeline does. Special pieces are never guessed. Throws FormatError if there
/// is no [MASK], IndexError if the text has more pieces than the model has positions, and Error for a k below
/// 1 and for a model that gives NaN.
FilledText fill_mask(const BertForPreTraining& model, const Tokenizer& tokenizer, const std::string& text,
                     int64_t k, const std::string& pair = {});

/// The k largest of `probabilities`, the largest first; of equals the one with the smaller id. Throws Error
/// for a k below 1 and for a NaN.
std::vector<Candidate> best_candidates(const std::vector<double>& probabilities, int64_t k,
                                       const Tokenizer& tokenizer);

}  // namespace gradus::bert
