/// @file
/// Fills the [MASK]s of a text: what pretraining taught, in a form that one can read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bert/model/heads.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

struct Candidate {
  TokenId id = 0;
  std::string piece;
  double probability = 0;
};

/// The piece that stood in a gap, and how the model rates it.
struct Answer {
  Candidate candidate;
  int64_t rank = 0;  ///< 1 for the most probable piece of all
};

/// One [MASK] of a text.
struct MaskFilling {
  int64_t position = 0;               ///< its place among the pieces, [CLS] counted
  std::vector<Candidate> candidates;  ///< the most probable pieces, the best first
  std::optional<Answer> answer;       ///< where it was told
};

struct FilledText {
  Encoding encoding;
  std::vector<MaskFilling> masks;
  std::string text;                  ///< as it was written, with the best guess in each gap
  std::string pair;                  ///< the second text likewise
  std::string marked, marked_pair;   ///< the same with [ ] around each guess
  std::vector<std::string> unknown;  ///< the words, as written, that became [UNK], each once
};

/// The `k` most probable pieces for every [MASK] in `text` (or in `text` and `pair`), each mask on its own,
/// as Hugging Face's fill-mask pipeline does. Special pieces are never guessed. A guess that continues a word
/// (`##ing`) is joined to what stands before its gap. `answers` are the pieces that stood in the gaps,
/// in their order, as far as they are known. With `targets` only these pieces are rated: each has the
/// probability that it has among all pieces.
///
/// @throws FormatError if there is no [MASK], IndexError if the text has more pieces than the model has
/// positions, or if an answer is no piece that can be guessed, ValueError for a k below 1, and Error for a
/// model that gives NaN.
FilledText fill_mask(const BertForPreTraining& model, const Tokenizer& tokenizer, const std::string& text,
                     int64_t k, const std::string& pair = {}, const std::vector<TokenId>& answers = {},
                     const std::vector<TokenId>& targets = {});

/// The pieces that `words` are, each once: a piece as the vocabulary writes it, or a word that is cut into no
/// more than one.
/// @throws ValueError for a word that is several pieces (the probability of its first would not be the
/// word's;
///         Hugging Face takes that one and warns), that is not in the vocabulary, or that is never guessed.
std::vector<TokenId> target_pieces(const std::vector<std::string>& words, const Tokenizer& tokenizer);

/// The k largest of `probabilities`, the largest first; of equals the one with the smaller id. Only `targets`
/// are looked at, where there are any. @throws ValueError for a k below 1, Error for a NaN.
std::vector<Candidate> best_candidates(const std::vector<double>& probabilities, int64_t k,
                                       const Tokenizer& tokenizer, const std::vector<TokenId>& targets = {});

}  // namespace gradus::bert
