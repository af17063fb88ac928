/// @file
/// Questions about texts, with the answers that stand in them, as SQuAD keeps them: JSON (Rajpurkar et al.
/// 2016; with questions that have no answer, Rajpurkar, Jia and Liang 2018).
///
///     data[0].paragraphs[0].context                         "Ada went to the café."
///     data[0].paragraphs[0].qas[0].id                       "1"
///     data[0].paragraphs[0].qas[0].question                 "Where did Ada go?"
///     data[0].paragraphs[0].qas[0].is_impossible            false
///     data[0].paragraphs[0].qas[0].answers[0].text          "the café"
///     data[0].paragraphs[0].qas[0].answers[0].answer_start  12
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gradus::bert {

/// An answer, and its first character (code point) in the context.
struct GoldAnswer {
  std::string text;
  int64_t begin = 0;
};

struct Question {
  std::string id, text;
  size_t context = 0;  ///< its number in Questions::contexts
  /// Any of these is right; none where the context does not say.
  std::vector<GoldAnswer> answers = {};
  /// What its other keys hold, as text, where that is text, a number, true or false.
  std::map<std::string, std::string> others = {};
};

struct Questions {
  std::filesystem::path file;
  bool has_answers = false;  ///< whether the file was asked what is right
  std::vector<std::string> contexts;
  std::vector<Question> questions;

  /// What each question has under a key of its own, such as "kind". @throws FormatError where one has none,
  /// with a list of the keys that there are.
  std::vector<std::string> column(const std::string& key) const;
};

/// Reads a file of SQuAD's shape, version 1 or 2. Keys beside those above are passed over, but for those of a
/// question, which are kept. A question without `is_impossible` has no answer where its list of answers is
/// empty. Without `with_answers` the file is to be predicted: neither `answers` nor `is_impossible` is needed
/// or looked at.
/// @throws IoError; FormatError that names the file and the key: a key that is missing or holds another kind
///         of value, a file without a question; FormatError that names the file, the line and the question:
///         an id that is there twice, a question or context of nothing but white space, an answer that is
///         not in the context where it is said to be, answers where is_impossible is true, none where it is
///         false.
Questions read_questions(const std::filesystem::path& file, bool with_answers);

}  // namespace gradus::bert
