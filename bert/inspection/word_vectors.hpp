/// @file
/// The vectors of words, layer by layer, with what a probe is to read off them.
#pragma once

#include <functional>
#include <vector>

#include "bert/inspection/probe.hpp"
#include "bert/model/model.hpp"
#include "bert/tasks/tagged_sentences.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// What is to be read off a word's vector.
enum class WordLabel {
  tag,      ///< its tag in the file
  position  ///< which word of its sentence it is, from 1
};

/// The vectors of each word's first piece after the embeddings and after each layer, L + 1 sets of the same
/// words, labels and texts. Sentences that are longer than the model takes lose their last words. In eval
/// mode; `check_stop` is called between batches.
/// @throws FormatError for WordLabel::tag and a sentence without tags.
std::vector<LabelledVectors> word_vectors(const Bert& model, const Tokenizer& tokenizer,
                                          const TaggedSentences& sentences, WordLabel label,
                                          const std::function<void()>& check_stop = {});

}  // namespace gradus::bert
