/// @file
/// Chapter 19: a tiny BERT that finds what is quoted in a letter, from "quote" to "unquote", or says that
/// nothing is.
#pragma once

#include "bert/tasks/answering.hpp"
#include "learning.hpp"

namespace gradus::tutorials::long_texts {

using Answerer = bert::BertForQuestionAnswering;

inline Answerer small_answerer(uint64_t seed) {
  Rng rng(seed);
  return Answerer(small_config(), {.task = bert::Task::question_answering}, rng);
}

/// A letter, and which of its pieces are the answer: first ... last, both -1 where nothing is quoted.
struct Quoted {
  Ids text;
  int64_t first = -1, last = -1;
};

/// `answer` pieces from `first` on are quoted; the first and the last of them say so.
inline Quoted quoted(Ids letter, int64_t first, int64_t answer) {
  const int64_t last = first + answer - 1;
  letter[static_cast<size_t>(first)] = quote_id;
  letter[static_cast<size_t>(last)] = unquote_id;
  return {std::move(letter), first, last};
}

/// A window of a letter to learn from. Its answer is [CLS], slot 0, unless the window has all that is quoted.
struct AnswerLesson {
  bert::TextRow row;
  int64_t first_slot = 0, last_slot = 0;
};
inline AnswerLesson answer_lesson(Rng& rng) {
  const int64_t answer = rng.between(2, room), length = room + answer;
  Ids letter = idle_letter(length, rng);
  const int64_t first = rng.between(0, length - answer), begin = rng.between(0, length - room);
  if (rng.chance(0.2)) return {row_of(pieces_of(letter, {begin, begin + room}))};
  const Quoted one = quoted(std::move(letter), first, answer);
  const Stretch window{begin, begin + room};
  AnswerLesson lesson{row_of(pieces_of(one.text, window))};
  if (context_of(window, one.first, one.last) < 0) return lesson;
  lesson.first_slot = 1 + one.first - begin;  // [CLS] stands before the first piece
  lesson.last_slot = 1 + one.last - begin;
  return lesson;
}

/// As train() does, with the mean of two cross entropies: of the first slot and of the last.
inline void train_answers(const Answerer& model, uint64_t seed, int64_t steps) {
  Rng rng(seed);
  descend(model, steps, [&] {
    std::vector<bert::TextRow> rows;
    std::vector<int64_t> first, last;
    for (int i = 0; i < 64; ++i) {
      AnswerLesson lesson = answer_lesson(rng);
      rows.push_back(std::move(lesson.row));
      first.push_back(lesson.first_slot);
      last.push_back(lesson.last_slot);
    }
    const bert::TaskInput input = input_of(rows);
    return bert::answer_loss(model(input), input.attention_mask, tensor(first), tensor(last));
  });
}

/// What the network says of each window of a letter.
inline std::vector<WindowScores> read_windows(const Answerer& model, const Ids& text,
                                              const std::vector<Stretch>& windows) {
  std::vector<bert::TextRow> rows;
  for (const Stretch& window : windows) rows.push_back(row_of(pieces_of(text, window)));
  const NoGrad no_tape;
  const Tensor said = model(input_of(rows)).to(DType::f64);  // [W, S, 2]
  std::vector<WindowScores> scores;
  for (size_t w = 0; w < windows.size(); ++w) {
    const std::vector<double> of_row = said.select(0, static_cast<int64_t>(w)).to_vector<double>();
    WindowScores one{{}, of_row[0] + of_row[1]};
    for (int64_t slot = 1; slot <= windows[w].length(); ++slot)
      one.of_pieces.push_back(
          {of_row[static_cast<size_t>(2 * slot)], of_row[static_cast<size_t>(2 * slot + 1)]});
    scores.push_back(std::move(one));
  }
  return scores;
}

/// The share of letters whose answer is said exactly, or rightly said to be none.
inline double share_answered(const Answerer& model, const std::vector<Quoted>& letters, int64_t stride) {
  int64_t right = 0;
  for (const Quoted& letter : letters) {
    const std::vector<Stretch> windows = windows_over(std::ssize(letter.text), room, stride);
    const std::vector<WindowScores> scores = read_windows(model, letter.text, windows);
    const Candidate best = candidates(windows, scores, room, true).front();
    const bool says_none = none_of_all(scores) > best.score;
    right +=
        letter.first < 0 ? says_none : !says_none && best.first == letter.first && best.last == letter.last;
  }
  return static_cast<double>(right) / static_cast<double>(letters.size());
}

/// Long letters with `answer` pieces quoted, at every place, or at every so many of them.
inline std::vector<Quoted> long_quoted(int64_t answer, int64_t every, Rng& rng) {
  std::vector<Quoted> letters;
  for (int64_t first = 0; first + answer <= long_length; first += every)
    letters.push_back(quoted(idle_letter(long_length, rng), first, answer));
  return letters;
}

/// Long letters in which nothing is quoted: idle ones, and ones that begin a quote and never end it.
inline std::vector<Quoted> long_unquoted(int64_t count, Rng& rng) {
  std::vector<Quoted> letters;
  for (int64_t i = 0; i < count; ++i) {
    Ids text = idle_letter(long_length, rng);
    if (i % 2 == 1) text[static_cast<size_t>(any_place(text, rng))] = quote_id;
    letters.push_back({std::move(text)});
  }
  return letters;
}

}  // namespace gradus::tutorials::long_texts
