/// @file
/// Chapter 19: the library's windows, means, tags and answers beside ours.
#pragma once

#include "bert/tasks/answering.hpp"
#include "measuring.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials::long_texts {

/// Texts of every length up to `longest`, rows of several lengths and every stride: whether all rows of all
/// ways to cut are the library's.
struct SameRows {
  int64_t texts = 0, same = 0;
};
inline SameRows same_rows(int64_t longest) {
  SameRows counts;
  Rng rng(2);
  const bert::Tokenizer words = tokenizer();
  for (int64_t length = 1; length <= longest; ++length) {
    const Ids text = idle_letter(length, rng);
    for (const int64_t row : {5, 6, 10, 18}) {
      for (const bert::Fit fit : {bert::Fit::head, bert::Fit::tail, bert::Fit::head_and_tail})
        ++counts.texts, counts.same += library_has(text, fit, row, 1, words);
      for (int64_t stride = 1; stride <= row - 2; ++stride)
        ++counts.texts, counts.same += library_has(text, bert::Fit::windows, row, stride, words);
    }
  }
  return counts;
}

/// The largest difference between our means over windows and what bert::classify gives.
inline double gap_of_means(const Classifier& model, const std::vector<Letter>& letters) {
  bert::LabelledTexts texts;
  for (const Letter& letter : letters) texts.rows.push_back({text_of(letter.text), "", "?"});
  const bert::FittedTexts fitted = bert::fit_texts(
      tokenizer(), texts, {.max_length = slots, .fit = bert::Fit::windows, .overlap = room / 2});
  return largest_gap(bert::classify(model, fitted, pad_id).to(DType::f64),
                     read_letters(model, letters, bert::Fit::windows));
}

/// The same for the logits of each word, said by the window in which it has most context: bert::tag.
inline double gap_of_tags(const Tagger& model, const std::vector<Letter>& letters) {
  double gap = 0;
  const int64_t stride = room / 2;
  for (const Letter& letter : letters) {
    bert::TaggedSentences sentences{.file = "letter", .sentences = std::vector<bert::TaggedSentence>(1)};
    for (const bert::TokenId id : letter.text)
      sentences.sentences[0].words.push_back(pieces[static_cast<size_t>(id)]);
    const bert::TagRows theirs = bert::tag_rows(
        tokenizer(), sentences, {.max_length = slots, .fit = bert::Fit::windows, .overlap = room - stride});
    const std::vector<Stretch> windows = windows_over(std::ssize(letter.text), room, stride);
    std::vector<bert::TextRow> rows;
    std::vector<int64_t> places;
    for (int64_t piece = 0; piece < std::ssize(letter.text); ++piece) {
      const Stretch& window = windows[speaker(windows, piece, piece)];
      rows.push_back(row_of(pieces_of(letter.text, window)));
      places.push_back(piece - window.begin);
    }
    gap = std::max(
        gap, largest_gap(bert::tag(model, theirs, pad_id).to(DType::f64), read_rows(model, rows, places)));
  }
  return gap;
}

/// Random scores for texts of random lengths: how often our best span, its score and that of "no answer" are
/// those of bert::best_spans.
inline int64_t same_answers(int64_t texts, uint64_t seed) {
  Rng rng(seed);
  int64_t same = 0;
  for (int64_t i = 0; i < texts; ++i) {
    const int64_t length = rng.between(1, 60), stride = rng.between(1, room), longest = rng.between(1, 10);
    const Ids text = idle_letter(length, rng);
    bert::Questions questions;
    questions.contexts = {text_of(text)};
    questions.questions.push_back({.id = "1", .text = "while it", .context = 0});
    const bert::QuestionRows rows = bert::question_rows(
        tokenizer(), questions, {.max_length = room + 2 + 3, .overlap = room - stride, .max_question = 2});
    const std::vector<Stretch> windows = windows_over(length, room, stride);
    std::vector<bert::SlotScores> slot_scores;
    std::vector<WindowScores> ours;
    for (const bert::TextRow& row : rows.rows) {
      bert::SlotScores scores(row.ids.size());
      for (auto& [begin, end] : scores) begin = rng.normal(), end = rng.normal();
      const auto first = static_cast<size_t>(row.first_length);  // after [CLS] question [SEP]
      WindowScores own{{}, scores[0][0] + scores[0][1]};
      for (size_t slot = first; slot + 1 < scores.size(); ++slot) own.of_pieces.push_back(scores[slot]);
      ours.push_back(std::move(own));
      slot_scores.push_back(std::move(scores));
    }
    if (ours.size() != windows.size()) continue;
    const Candidate best = candidates(windows, ours, longest, true).front();
    const bert::SpanAnswer theirs = bert::best_spans(questions, rows, slot_scores, longest).front();
    same += theirs.span == text_of(pieces_of(text, {best.first, best.last + 1})) &&
            theirs.score == best.score && theirs.null_difference == none_of_all(ours) - best.score;
  }
  return same;
}

}  // namespace gradus::tutorials::long_texts
