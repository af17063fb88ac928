/// @file
/// Sentences of words as rows that fit into a model, and which piece speaks for which word.
///
/// Each word is cut into pieces by itself, and its first piece gets its tag (Devlin et al. 2018, section
/// 5.3); the others are neither learnt nor scored. That is Hugging Face's is_split_into_words, with -100 at
/// the pieces that are no first one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bert/tasks/tagged_sentences.hpp"
#include "bert/tasks/text_rows.hpp"

namespace gradus::bert {

/// A word whose tag is said in a row, at the slot of its first piece.
struct RowWord {
  int64_t sentence = 0, word = 0;  ///< their numbers, from 0
  int64_t slot = 0;                ///< in the row; [CLS] is at 0
  bool operator==(const RowWord&) const = default;
};

/// Sentences cut into rows. A word is in one row's list or in none, also where windows overlap: then it is in
/// that of the window with the most context on its shorter side, of equal ones the first (Devlin et al. 2018,
/// in the code for SQuAD). Row after row, the lists have the words in the order of the text.
struct TagRows {
  std::vector<TextRow> rows;
  std::vector<std::vector<RowWord>> words;  ///< of each row: at least one
  std::vector<int64_t> sentence_words;      ///< how many words each sentence has, left out or not

  int64_t cut = 0;            ///< sentences that lost words
  int64_t left_out = 0;       ///< those words
  int64_t without_piece = 0;  ///< words of which nothing is left, such as a control character
  int64_t shortened = 0;      ///< words that alone are too long for a row, and lost their last pieces

  int64_t said() const;  ///< words that are in a row's list
};

/// The rows of each sentence: one, with windows one or more, none where no word has a piece. Words stay
/// whole: what is kept of a long sentence are as many as fit, and `overlap` is the most pieces that a window
/// has in common with the one before it.
/// @throws ValueError for a max_length below 5 and an overlap that leaves a window nothing new.
TagRows tag_rows(const Tokenizer& tokenizer, const TaggedSentences& sentences, const FitOptions& options);

/// A sentence for each thing that was lost of the sentences of `name`: words left out, words without a piece,
/// words that were shortened.
std::vector<std::string> notes_of_words(const std::string& name, const TagRows& rows,
                                        const FitOptions& options);

}  // namespace gradus::bert
