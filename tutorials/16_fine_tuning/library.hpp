/// @file
/// Chapter 16: the heads made by hand beside those of the library, on the same rows and in double precision.
#pragma once

#include "bert/tasks/answering.hpp"
#include "bert/tasks/tagging.hpp"
#include "four_ways.hpp"

namespace gradus::tutorials::fine_tuning {

/// What a head gave, and how far the library's is from it.
struct Compared {
  std::string head;
  Shape shape;
  double gap;
};

inline double gap_of(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) fail<ShapeError>("by hand {}, by the library {}", a.shape(), b.shape());
  return max(where(equal(a, b), scalar(0, a.dtype()), abs(a - b))).item();  // two -inf are the same
}

template <class Task>
typename Task::Model drawn(const Task& task, uint64_t seed) {
  Rng rng(seed);
  typename Task::Model model = task.model(rng);
  model.to(DType::f64);
  return model;
}

template <class Make>
auto some_of(const Make& make, int64_t count, uint64_t seed) {
  return sets_of(seed, count, 0, make).training;
}
/// The library's questions, as it reads them from a file.
inline bert::Questions as_questions(const std::vector<Asked>& examples) {
  bert::Questions questions{.file = "market", .has_answers = true, .contexts = {}, .questions = {}};
  for (const Asked& one : examples) {
    questions.questions.push_back(
        {.id = std::to_string(questions.questions.size()),
         .text = one.question,
         .context = questions.contexts.size(),
         .answers = {{one.answer, static_cast<int64_t>(one.story.find(one.answer))}}});
    questions.contexts.push_back(one.story);
  }
  return questions;
}

inline std::vector<Compared> beside_the_library(uint64_t seed) {
  const NoGrad no_tape;
  std::vector<Compared> all;
  {
    const auto examples = some_of(given, 5, seed);
    const auto some = all_of(examples);
    const auto model = drawn(KindTask{}, seed);
    const Tensor ours = KindTask{}.scores(model, some);
    all.push_back({"a class for a text", ours.shape(), gap_of(ours, model(input_of(some)))});
  }
  {
    const auto examples = some_of(tagged, 5, seed);
    const auto some = all_of(examples);
    const auto model = drawn(TagTask{}, seed);
    const Tensor ours = TagTask{}.scores(model, some);
    bert::TaggedSentences sentences;
    for (const Tagged& one : examples) sentences.sentences.push_back({one.words});
    const bert::TagRows rows = bert::tag_rows(tokenizer(), sentences, {});
    std::vector<int64_t> places;
    for (const auto& words : rows.words)
      for (const bert::RowWord& word : words) places.push_back(word.sentence * ours.size(1) + word.slot);
    const Tensor at_words = index_select(ours.reshape({-1, ours.size(2)}), 0, tensor(places));  // [words, C]
    all.push_back(
        {"a tag for each word", ours.shape(), gap_of(at_words, model(input_of(some), tensor(places)))});
  }
  {
    const auto examples = some_of(asked, 5, seed);
    const auto some = all_of(examples);
    const auto model = drawn(AnswerTask{}, seed);
    const bert::TaskInput input = input_of(some);
    const Tensor ours = AnswerTask{}.scores(model, some), theirs = model(input);
    all.push_back({"start and end of an answer", ours.shape(),
                   gap_of(ours, masked_fill(theirs, logical_not(real_of(input)).unsqueeze(2),
                                            -std::numeric_limits<double>::infinity()))});
    std::vector<int64_t> first, last;
    for (const Asked& one : examples) first.push_back(one.span.first), last.push_back(one.span.last);
    all.push_back({"its loss",
                   {},
                   gap_of(AnswerTask{}.loss(model, some),
                          bert::answer_loss(theirs, input.attention_mask, tensor(first), tensor(last)))});
    const bert::Questions questions = as_questions(examples);
    const bert::QuestionRows rows = bert::question_rows(tokenizer(), questions, {});
    const Words answers = AnswerTask{}.said(model, some);
    double differing = 0;
    const auto theirs_said =
        bert::answer(model, questions, rows, tokenizer().special_ids().pad, AnswerTask::longest);
    for (size_t i = 0; i < answers.size(); ++i) differing += theirs_said[i].span != answers[i];
    all.push_back({"the best spans", {5}, differing});
  }
  {
    const auto examples = some_of(likeness, 5, seed);
    const auto some = all_of(examples);
    const auto model = drawn(LikenessTask{}, seed);
    const Tensor ours = LikenessTask{}.cosines(model, some);
    const Tensor theirs =
        bert::cosines(model(input_of(some, &Likeness::first)), model(input_of(some, &Likeness::second)));
    all.push_back({"the cosine of two texts", ours.shape(), gap_of(ours, theirs)});
  }
  {
    const auto examples = some_of(given, 5, seed);
    const bert::TaskInput input = input_of(all_of(examples));
    Rng rng(seed);
    const bert::Bert body(small_config(), rng);
    const nn::AttentionPooling pooling(small_config().hidden_size, rng);
    body.to(DType::f64);
    pooling.to(DType::f64);
    const Tensor x = vectors_of(body, input).last_hidden;
    const Tensor ours = attention_pooled(x, real_of(input), pooling.dense.weight, pooling.dense.bias,
                                         pooling.query.weight.select(0, 0))
                            .vector;
    all.push_back({"attention pooling", ours.shape(), gap_of(ours, pooling(x, real_of(input)))});
  }
  return all;
}

}  // namespace gradus::tutorials::fine_tuning
