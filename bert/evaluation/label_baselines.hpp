/// @file
/// What no model is needed for: the guesses beside which a fine-tuned one is shown. BagOfWords is the
/// strongest of them.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

/// The label that stands most often in `labels`; of equally frequent ones the first in the alphabet.
/// @throws ValueError without labels.
std::string most_frequent(std::span<const std::string> labels);

/// The share of answers that are right, from 0 to 1. @throws ShapeError where the lists differ in length.
double share_right(std::span<const std::string> said, std::span<const std::string> truth);

/// Tags each word with the tag that it had most often, in whatever sentence. A word never seen gets the most
/// frequent tag of the words that begin as it does, with a capital or without.
class FrequentTags {
 public:
  /// @throws ValueError without sentences; ShapeError where a sentence has not a tag for each word.
  FrequentTags(std::span<const std::vector<std::string>> words,
               std::span<const std::vector<std::string>> tags);
  std::vector<std::string> tag(std::span<const std::string> words) const;

 private:
  std::map<std::string, std::string, std::less<>> tag_of_;
  std::string capital_, small_;
};

/// Answers with the word that stands last in the text, of those that answered a question with the same first
/// word in training: the last place for "where", the last person for "who".
class LastAnswer {
 public:
  /// @throws ShapeError unless there is an answer for each question; an empty one is none.
  LastAnswer(std::span<const std::string> questions, std::span<const std::string> answers);
  /// Empty where no such word stands in the text.
  std::string answer(std::string_view question, std::string_view context) const;

 private:
  std::map<std::string, std::vector<std::string>> answers_;  // by the question's first word, sorted
};

/// How many words two texts share, of all different words of both (Jaccard 1912): 0 to 1; 1 for two empty
/// texts.
double word_overlap(std::string_view first, std::string_view second);

/// Chooses of two nouns the one that was chosen more often, of all times that it could be, counted by its
/// last word and smoothed by one of two; of equal ones the first.
class NounPreference {
 public:
  /// Row i has two candidates and whether the first was right. @throws ShapeError where the sizes differ.
  NounPreference(std::span<const std::string> first, std::span<const std::string> second,
                 const std::vector<bool>& first_is_right);
  bool prefers_first(std::string_view first, std::string_view second) const;

 private:
  struct Count {
    int64_t chosen = 0, all = 0;
  };
  double preference(std::string_view candidate) const;
  std::map<std::string, Count, std::less<>> counts_;
};

}  // namespace gradus::bert
